// Every preset against the providers' facts, typed here once more from the facts sheet
// (providers/smtp.md of 2026-11-22, sections 1 and 5; ses, azure, sendgrid and mailgun for
// recipients). What is looked at is what a person gets who chooses the preset: the settings and
// limits of the manifest, and what the plugin does with them.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "host.hpp"

using namespace smtp_test;

namespace {

struct facts {
    const char* id;
    const char* host;
    uint32_t port;
    bool tls;                // from the first byte; else STARTTLS
    uint32_t recipients;     // a message
    uint32_t per_minute;     // mails; 0: the provider names none
    uint32_t per_day;        // the same
    uint32_t concurrency;    // sessions: Exchange's own limit, else ours
    std::vector<int> ports;  // all that lead to it
};

const std::vector<facts> sheet = {
    {"gmail", "smtp.gmail.com", 465, true, 100, 0, 500, 3, {465, 587}},
    {"google-relay", "smtp-relay.gmail.com", 465, true, 100, 0, 10000, 5, {25, 465, 587}},
    // "Lower than Exchange" is all that is known of the rate.
    {"outlook", "smtp-mail.outlook.com", 587, false, 500, 30, 300, 3, {587}},
    // No 465: three connections that submit, 30 messages a minute, 10,000 recipients a day.
    {"office365", "smtp.office365.com", 587, false, 500, 30, 10000, 3, {25, 587}},
    {"azure", "smtp.azurecomm.net", 587, false, 50, 0, 0, 5, {587}},
    {"sendgrid", "smtp.sendgrid.net", 465, true, 1000, 0, 0, 10, {25, 465, 587, 2525}},
    {"mailgun", "smtp.mailgun.org", 465, true, 1000, 0, 0, 10, {25, 465, 587, 2525}},
    // Its host is a setting, because it names the region.
    {"ses", "email-smtp.us-east-1.amazonaws.com", 465, true, 50, 0, 0, 5, {}},
    {"custom", "mail.example.com", 587, false, 0, 0, 0, 5, {}},
};

nlohmann::json manifest() {
    const auto text = plugin().manifest;
    return nlohmann::json::parse(std::string(text.data, text.size));
}

const nlohmann::json& preset_of(const nlohmann::json& from, const std::string& id) {
    for (const auto& one : from["presets"]) {
        if (one["id"] == id) return one;
    }
    FAIL("no preset " << id);
    return from;
}

// As the preset has them, and a login where one is due.
std::string settings_of(const nlohmann::json& preset, const std::string& id) {
    auto settings = preset["settings"];
    if (id == "custom") settings["host"] = "mail.example.com";
    if (!settings.contains("username")) settings["username"] = "noreply@example.com";
    settings[settings.value("auth_method", "auto") == "xoauth2" ? "token" : "password"] = "secret";
    return settings.dump();
}

plan provider() {
    plan how;
    how.offers = {"STARTTLS", "PIPELINING", "8BITMIME", "AUTH PLAIN LOGIN XOAUTH2"};
    return how;
}

}  // namespace

TEST_CASE("each preset leads to its provider's host and port, encrypted as it wants it") {
    const auto all = manifest();
    CHECK(all["presets"].size() == sheet.size());
    for (const facts& wanted : sheet) {
        INFO(wanted.id);
        running run(provider(), settings_of(preset_of(all, wanted.id), wanted.id));
        REQUIRE(run.status == GATEPOST_OK);
        CHECK(run.send().verdict == GATEPOST_ACCEPTED);
        REQUIRE(run.connected.size() == 1);
        CHECK(run.connected[0].host == wanted.host);
        CHECK(run.connected[0].port == wanted.port);
        CHECK(run.connected[0].tls == (wanted.tls ? GATEPOST_TLS_ON : GATEPOST_TLS_OFF));
        CHECK(run.saw->count("STARTTLS") == (wanted.tls ? 0 : 1));
        CHECK(run.log->streams.back().verify == 1);
        CHECK(run.saw->count("AUTH") == 1);
    }
}

TEST_CASE("each preset keeps its provider's limits") {
    const auto all = manifest();
    for (const facts& wanted : sheet) {
        INFO(wanted.id);
        const nlohmann::json limits = preset_of(all, wanted.id)["limits"];
        CHECK(limits.value("concurrency", 0U) == wanted.concurrency);
        CHECK(limits.value("per_minute", 0U) == wanted.per_minute);
        CHECK(limits.value("per_day", 0U) == wanted.per_day);
    }
}

TEST_CASE("each preset says no more recipients in a transaction than its provider takes") {
    const auto all = manifest();
    for (const facts& wanted : sheet) {
        INFO(wanted.id);
        const std::string settings = settings_of(preset_of(all, wanted.id), wanted.id);
        const int most = wanted.recipients == 0 ? 2000 : static_cast<int>(wanted.recipients);
        running whole(provider(), settings);
        CHECK(whole.send(mail_to(most)).verdict == GATEPOST_ACCEPTED);
        CHECK(whole.saw->count("RCPT") == most);
        CHECK(whole.saw->messages.size() == 1);
        if (wanted.recipients == 0) continue;
        running over(provider(), settings);
        CHECK(over.send(mail_to(most + 1)).verdict == GATEPOST_ACCEPTED);
        CHECK(over.saw->count("RCPT") == most + 1);
        CHECK(over.saw->messages.size() == 2);
    }
}

TEST_CASE("the ports that a provider has may be connected to, and no others of its host") {
    const auto all = manifest();
    for (const facts& wanted : sheet) {
        std::vector<std::string> allowed, ports;
        for (const auto& place : all["destinations"]) {
            const auto text = place.get<std::string>();
            if (text.starts_with(std::string(wanted.host) + ":")) allowed.push_back(text);
        }
        for (const int port : wanted.ports)
            ports.push_back(std::string(wanted.host) + ":" + std::to_string(port));
        std::sort(allowed.begin(), allowed.end());
        std::sort(ports.begin(), ports.end());
        INFO(wanted.id);
        CHECK(allowed == ports);
    }
}

TEST_CASE("SES ends a session that is idle for ten seconds: its preset does so before") {
    running run(provider(), settings_of(preset_of(manifest(), "ses"), "ses"));
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    CHECK(preset_of(manifest(), "ses")["settings"]["idle_seconds"].get<int>() < 10);
}

TEST_CASE("SendGrid's user is the word apikey") {
    running run(provider(), settings_of(preset_of(manifest(), "sendgrid"), "sendgrid"));
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    CHECK(run.saw->count("AUTH PLAIN AGFwaWtleQBzZWNyZXQ=") == 1);  // NUL apikey NUL secret
}
