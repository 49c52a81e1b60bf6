// The OAuth profiles of a manifest.
#include "plugin/registry.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::plugin;

TEST_CASE("a manifest's OAuth profiles are read by name") {
    const auto facts = parse_manifest(R"({"id": "m", "oauth": {
        "microsoft": {"client_credentials_scope": "https://communication.azure.com/.default"},
        "yandex": {"token_url": "https://oauth.example.com/token", "scope": "mail:smtp",
                   "device_url": "https://oauth.example.com/device", "tenant": "common",
                   "authorize_url": "https://oauth.example.com/authorize",
                   "scope_on_refresh": true, "no_device_flow": "it is switched off",
                   "authorize_parameters": {"force_confirm": "yes"}, "of_a_newer_sdk": 1}}})",
                                      "m", "1");
    INFO((facts ? "" : facts.error().detail));
    REQUIRE(facts.ok());
    REQUIRE(facts->oauth.size() == 2);
    CHECK(facts->oauth.at("microsoft").client_credentials_scope ==
          "https://communication.azure.com/.default");
    CHECK(facts->oauth.at("microsoft").token_url.empty());
    const oauth_profile& yandex = facts->oauth.at("yandex");
    CHECK(yandex.token_url == "https://oauth.example.com/token");
    CHECK(yandex.authorize_url == "https://oauth.example.com/authorize");
    CHECK(yandex.device_url == "https://oauth.example.com/device");
    CHECK(yandex.scope == "mail:smtp");
    CHECK(yandex.tenant == "common");
    CHECK(yandex.scope_on_refresh);
    CHECK(yandex.no_device_flow == "it is switched off");
    CHECK(yandex.authorize_parameters ==
          std::vector<std::pair<std::string, std::string>>{{"force_confirm", "yes"}});
}

TEST_CASE("a profile that is wrong refuses the manifest by its place") {
    const std::pair<const char*, const char*> rows[] = {
        {R"({"id": "m", "oauth": {"x": 1}})", "/oauth/x must be an object"},
        {R"({"id": "m", "oauth": {"x": {"scope": 1}}})", "/oauth/x/scope must be a string"},
        {R"({"id": "m", "oauth": {"x": {"token_url": "http://a"}}})", "https://"},
        {R"({"id": "m", "oauth": {"x": {"authorize_parameters": {"a": 1}}}})",
         "/oauth/x/authorize_parameters must hold strings"},
    };
    for (const auto& [text, names] : rows) {
        CAPTURE(text);
        const auto facts = parse_manifest(text, "m", "1");
        REQUIRE_FALSE(facts.ok());
        CHECK(facts.error().detail.find(names) != std::string::npos);
    }
}
