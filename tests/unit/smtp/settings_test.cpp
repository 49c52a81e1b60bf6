// Settings: presets, what follows from what, and every combination that is refused in words.
#include "settings.hpp"

#include <nlohmann/json.hpp>

#include "host.hpp"

using namespace smtp_test;

namespace {

// The first error's pointer; empty: the settings are taken.
std::string error_at(const std::string& json) {
    running run({}, json);
    for (const check::diagnostic& one : run.host->diagnostics()) {
        if (one.severity == GATEPOST_ERROR) return one.pointer;
    }
    CHECK(run.status == GATEPOST_OK);
    return "";
}

check::connect_seen where(const std::string& json) {
    running run({}, json);
    REQUIRE(run.status == GATEPOST_OK);
    run.send();
    REQUIRE_FALSE(run.connected.empty());
    return run.connected[0];
}

}  // namespace

TEST_CASE("port and security follow from each other") {
    CHECK(where(R"({"host":"h"})").port == 587);
    CHECK(where(R"({"host":"h","security":"tls"})").port == 465);
    CHECK(where(R"({"host":"h","security":"tls"})").tls == GATEPOST_TLS_ON);
    CHECK(where(R"({"host":"h","port":465})").tls == GATEPOST_TLS_ON);
    CHECK(where(R"({"host":"h","security":"none"})").port == 25);
    CHECK(where(R"({"host":"h","security":"opportunistic"})").port == 25);
    CHECK(where(R"({"host":"h","protocol":"lmtp"})").port == 24);
    CHECK(where(R"({"host":"h","security":"starttls","port":2525})").port == 2525);
}

TEST_CASE("a preset fills in what is not given, and gives way to what is") {
    CHECK(where(R"({"preset":"gmail"})").host == "smtp.gmail.com");
    CHECK(where(R"({"preset":"gmail"})").port == 465);
    CHECK(where(R"({"preset":"gmail","port":587})").tls == GATEPOST_TLS_OFF);
    CHECK(where(R"({"preset":"gmail","security":"starttls"})").port == 587);
    CHECK(where(R"({"preset":"office365"})").port == 587);
    CHECK(where(R"({"preset":"mailgun","host":"smtp.eu.mailgun.org"})").host ==
          "smtp.eu.mailgun.org");
    CHECK(error_at(R"({"preset":"ses"})") == "/host");
    CHECK(error_at(R"({"preset":"custom"})") == "/host");
}

TEST_CASE("what does not fit together is said at the setting it stands in") {
    CHECK(error_at("{}") == "/host");
    CHECK(error_at(R"({"host":"h","port":465,"security":"starttls"})") == "/port");
    CHECK(error_at(R"({"host":"h","port":587,"security":"tls"})") == "/port");
    CHECK(error_at(R"({"host":"h","port":25,"security":"tls"})") == "/port");
    CHECK(error_at(R"({"host":"h","password":"p"})") == "/username");
    CHECK(error_at(R"({"host":"h","username":"u","password":"p"})").empty());
    CHECK(error_at(R"({"host":"h","username":"u","token":"t"})").empty());
    CHECK(error_at(R"({"host":"h","username":"u","token":"t","auth_method":"plain"})") ==
          "/password");
    CHECK(error_at(R"({"host":"h","security":"none","username":"u","password":"p"})") ==
          "/allow_plaintext_auth");
    CHECK(error_at(R"({"host":"h","security":"opportunistic","username":"u","password":"p"})") ==
          "/security");
    CHECK(error_at(R"({"host":"unix:/x"})") == "/host");
    CHECK(error_at(R"({"host":"unix:/x","protocol":"lmtp","security":"tls"})") == "/security");
    CHECK(error_at(R"({"host":"a\nb"})") == "/host");
    CHECK(error_at(R"({"host":"h","ehlo_name":"a b"})") == "/ehlo_name");
    for (const char* host : {"smtp://localhost", "localhost:2526", "h/", "[::1]:25", "::1:x"})
        CHECK(error_at(R"({"host":")" + std::string(host) + R"("})") == "/host");
    for (const char* host :
         {"::1", "[2001:db8::1]", "fe80::1%eth0", "192.0.2.1", "mx.example.org."})
        CHECK(error_at(R"({"host":")" + std::string(host) + R"("})").empty());
    CHECK(error_at(R"({"host":"h","username":"u","password":"p\r\nq"})") == "/password");
    CHECK(error_at(R"({"host":"h","certificate_file":"/c"})") == "/key_file");
}

TEST_CASE("a login without a secret of its own is left to the host's token") {
    CHECK(error_at(R"({"host":"h","username":"u"})").empty());
    CHECK(error_at(R"({"host":"h","username":"u","auth_method":"xoauth2"})").empty());
    CHECK(error_at(R"({"host":"h","username":"u","password":"p","auth_method":"oauthbearer"})")
              .empty());
    CHECK(error_at(R"({"host":"h","username":"u","auth_method":"plain"})") == "/password");
    CHECK(error_at(R"({"host":"h","auth_method":"xoauth2"})").empty());  // no login at all
    CHECK(error_at(R"({"host":"h","security":"none","username":"u"})") == "/allow_plaintext_auth");
}

TEST_CASE("every preset of the manifest is one of the plugin's, and its host a destination") {
    const auto text = plugin().manifest;
    const auto manifest = nlohmann::json::parse(std::string(text.data, text.size));
    const auto& choices = manifest["settings"]["properties"]["preset"]["enum"];
    CHECK(choices.size() == manifest["presets"].size());
    for (const auto& one : manifest["presets"]) {
        const auto id = one["id"].get<std::string>();
        const smtp::preset* found = smtp::find_preset(id);
        REQUIRE(found != nullptr);
        CHECK_FALSE(one["setup"].empty());
        if (found->host.empty()) continue;
        CHECK(one["settings"]["preset"].get<std::string>() == id);
        bool named = false;
        for (const auto& place : manifest["destinations"]) {
            const auto wanted = std::string(found->host) + ":" + std::to_string(found->port);
            named = named || place.get<std::string>() == wanted;
        }
        CHECK(named);
    }
    for (const char* secret : {"password", "token", "proxy"})
        CHECK(manifest["settings"]["properties"][secret]["writeOnly"].get<bool>());
}

TEST_CASE("a preset sets habits too, and settings win") {
    const auto read = [](const std::string& json) {
        check::fake_host host;
        const auto given = check::settings_from_json(json);
        REQUIRE(given);
        check::view_memory memory{check::view_shape{}};
        gatepost::sdk::diagnostics said(host.table(), 0);
        return smtp::read_options(gatepost::sdk::settings(*view_of(*given, memory)), "m", said);
    };
    const auto ses = read(R"({"preset":"ses","host":"h"})");
    CHECK(ses.idle.count() == 8);
    CHECK(ses.max_mails == 50);
    CHECK(ses.max_recipients == 50);
    CHECK(read(R"({"preset":"ses","host":"h","idle_seconds":3})").idle.count() == 3);
    CHECK(read(R"({"preset":"gmail","max_recipients":7})").max_recipients == 7);
    CHECK(read(R"({"host":"h"})").idle.count() == 30);
    CHECK(read(R"({"host":"h"})").max_mails == 100);
    CHECK(read(R"({"host":"h"})").max_recipients == 0);
}

TEST_CASE("the name for EHLO is ours, or the login's domain, or a literal") {
    const auto hello = [](const std::string& json, std::string_view machine) {
        check::fake_host host;
        const auto given = check::settings_from_json(json);
        REQUIRE(given);
        check::view_memory memory{check::view_shape{}};
        gatepost::sdk::diagnostics said(host.table(), 0);
        return smtp::read_options(gatepost::sdk::settings(*view_of(*given, memory)), machine, said)
            .hello_name;
    };
    CHECK(hello(R"({"host":"h"})", "gate.example.com") == "gate.example.com");
    CHECK(hello(R"({"host":"h"})", "gate") == "[127.0.0.1]");
    CHECK(hello(R"({"host":"h","username":"u@example.org","password":"p"})", "gate") ==
          "example.org");
    CHECK(hello(R"({"host":"h","ehlo_name":"a.example"})", "gate.example.com") == "a.example");
}
