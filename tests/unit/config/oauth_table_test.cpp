// [oauth] of a connection that is right: what comes out, what is shown, and who judges the rest.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "support.hpp"

using namespace gatepost;
using config_test::folder;

namespace {

const char* const table = R"(provider = "outbox"
[settings]
path = "/var/mail/outbox"
[oauth]
profile = "microsoft"
client_id = "66666666"
client_secret = { env = "GATEPOST_TEST_SECRET" }
refresh_token = "hunter2"
service_account = { file = "key.json" }
scope = "mail"
tenant = "example.org"
token_url = "https://login.example.com/token"
ca_file = "/etc/ssl/ca.pem"
proxy = "http://user:hunter2@proxy:3128"
)";

config::schema_lookup judged_by(
    std::function<std::vector<field_error>(const config::oauth_table&)> check) {
    return [check = std::move(check)](const std::string& provider) {
        auto out = config_test::lookup(provider);
        if (out) out->check_oauth = check;
        return out;
    };
}

}  // namespace

TEST_CASE("an [oauth] table is read with its secrets, which are never shown") {
    ::setenv("GATEPOST_TEST_SECRET", "from the environment", 1);
    const folder in;
    in.write("connections.d/mail.toml", table);
    in.write("secrets/key.json", "{\"a\": 1}\n");
    const auto loaded = config::load(in.path, config_test::lookup);
    INFO((loaded ? "" : config_test::told(loaded.error(), in.path)));
    REQUIRE(loaded.ok());
    const auto& oauth = loaded->connections.at("mail").oauth;
    REQUIRE(oauth.has_value());
    CHECK(oauth->profile == "microsoft");
    CHECK(oauth->grant == "refresh_token");
    CHECK(oauth->client_secret.reveal() == "from the environment");
    CHECK(oauth->refresh_token.reveal() == "hunter2");
    CHECK(oauth->service_account.reveal() == "{\"a\": 1}");
    CHECK_FALSE(oauth->allow_http);
    const auto shown = nlohmann::json::parse(oauth->shown_json);
    CHECK(shown.at("client_id") == "66666666");
    CHECK(shown.at("client_secret") == nlohmann::json{{"set", true}});
    CHECK(shown.at("refresh_token") == nlohmann::json{{"set", true}});
    CHECK(shown.at("proxy") == nlohmann::json{{"set", true}});
    CHECK(oauth->shown_json.find("hunter2") == std::string::npos);
    CHECK(oauth->shown_json.find("environment") == std::string::npos);
}

TEST_CASE("a connection without the table has none, and a changed secret makes it another") {
    const folder in;
    in.write("connections.d/plain.toml", "provider = \"outbox\"\n[settings]\npath = \"/a\"\n");
    in.write("connections.d/mail.toml",
             "provider = \"outbox\"\n[settings]\npath = \"/a\"\n[oauth]\nclient_secret = \"a\"\n");
    const auto before = config::load(in.path, config_test::lookup);
    in.write("connections.d/mail.toml",
             "provider = \"outbox\"\n[settings]\npath = \"/a\"\n[oauth]\nclient_secret = \"b\"\n");
    const auto after = config::load(in.path, config_test::lookup);
    REQUIRE(before.ok());
    REQUIRE(after.ok());
    CHECK_FALSE(before->connections.at("plain").oauth.has_value());
    CHECK(before->connections.at("plain") == after->connections.at("plain"));
    CHECK_FALSE(before->connections.at("mail") == after->connections.at("mail"));
}

TEST_CASE("what is missing for a grant is told at its key, by who knows the profiles") {
    const folder in;
    in.write("connections.d/mail.toml",
             "provider = \"outbox\"\n[settings]\npath = \"/a\"\n[oauth]\ntenant = \"common\"\n");
    const auto loaded =
        config::load(in.path, judged_by([](const config::oauth_table& given) {
                         CHECK(given.tenant == "common");
                         return std::vector<field_error>{
                             {"/client_id", "is required: the application's id at the provider"},
                             {"/tenant", "is not used: no address has {tenant}"}};
                     }));
    REQUIRE_FALSE(loaded.ok());
    CHECK(config_test::told(loaded.error(), in.path) ==
          "DIR/connections.d/mail.toml:4:2: oauth.client_id: is required: the application's id at "
          "the provider\n"
          "DIR/connections.d/mail.toml:5:1: oauth.tenant: is not used: no address has {tenant}\n");
}
