// Settings that do not fit together, and numbers that AWS may give in its answers.
#include "account.hpp"
#include "host.hpp"
#include "role.hpp"

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

TEST_CASE("numbers that no account has are read as the largest") {
    const auto read = [](const std::string& quota) {
        return ses::read_account(R"({"SendingEnabled":true,"SendQuota":)" + quota + "}");
    };
    const ses::account huge =
        read(R"({"Max24HourSend":1e300,"MaxSendRate":1e19,"SentLast24Hours":1e16})");
    CHECK(huge.per_day == 1e15);
    CHECK(huge.per_second == 1e15);
    CHECK(huge.sent == 1e15);
    CHECK(ses::describe(huge, "eu-west-1").text.find("1000000000000000") != std::string::npos);
    const ses::account low =
        read(R"({"Max24HourSend":-1e300,"MaxSendRate":-1e300,"SentLast24Hours":-5})");
    CHECK(low.per_day == -1);  // unlimited
    CHECK(low.per_second == 0);
    CHECK(low.sent == 0);
}

TEST_CASE("keys of a role are kept for a minute at least and for a day at most") {
    constexpr int64_t minute = 60 * 1000, now = 1'796'112'000'000;
    CHECK(ses::keep_for({{}, now + 60 * minute}, now) == 55 * minute);
    CHECK(ses::keep_for({{}, now - minute}, now) == minute);
    CHECK(ses::keep_for({{}, now + 9'000 * 24 * 60 * minute}, now) == 24 * 60 * minute);
    const auto read = ses::read_role_keys(
        R"({"AccessKeyId":"K","SecretAccessKey":"s","Expiration":"9999-12-31T23:59:59Z"})");
    REQUIRE(read);
    CHECK(ses::keep_for(*read, now) == 24 * 60 * minute);
}
