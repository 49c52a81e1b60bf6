// Settings that do not fit together, and the host that a region has.
#include "host.hpp"

using namespace ses_test;

TEST_CASE("settings that do not fit are refused at their field") {
    const auto pointer = [](const json& settings) {
        running with(settings);
        CHECK(with.status != GATEPOST_OK);
        return with.host->diagnostics().empty() ? std::string()
                                                : with.host->diagnostics().front().pointer;
    };
    json settings = usual_settings();
    SECTION("no keys") {
        settings.erase("access_key_id");
        CHECK(pointer(settings) == "/access_key_id");
    }
    SECTION("http without leave") {
        settings["endpoint"] = "http://127.0.0.1:1";
        CHECK(pointer(settings) == "/endpoint");
    }
    SECTION("a region without SES, unless an endpoint is set") {
        for (const char* region : {"eu-wets-1", "mars-north-1", "cn-north-1", "eusc-de-east-2"}) {
            settings["region"] = region;
            settings.erase("endpoint");
            CHECK(pointer(settings) == "/region");
            settings["endpoint"] = "https://email.example.org";
            CHECK(running(settings).status == GATEPOST_OK);
        }
    }
    SECTION("a container without its path") {
        settings["credentials"] = "container";
        CHECK(pointer(settings) == "/container_path");
    }
    SECTION("a key with a line end") {
        settings["secret_access_key"] = "abc\n";
        CHECK(pointer(settings) == "/secret_access_key");
    }
}

TEST_CASE("every region of the manifest has its host, which the gateway lets ses.so out to") {
    const json manifest =
        json::parse(std::string_view(plugin().manifest.data, plugin().manifest.size));
    std::size_t regions = 0;
    for (const std::string at : manifest["destinations"]) {
        if (!at.starts_with("email.")) continue;
        ++regions;
        json settings = usual_settings();
        settings["region"] = at.substr(6, at.find('.', 6) - 6);
        running with(settings);
        REQUIRE(with.status == GATEPOST_OK);
        with.send();
        CHECK(with.seen.at(0).url ==
              "https://" + at.substr(0, at.find(':')) + "/v2/email/outbound-emails");
    }
    CHECK(regions == 30);
}
