// The plugin's table on the SDK's fake host, with a script in SendGrid's place.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>

#include <gatepost/abi.h>

#include "check/fake_host.hpp"
#include "support/catch.hpp"

namespace sendgrid_test {

namespace check = gatepost::check;
using json = nlohmann::json;

inline const gatepost_plugin& plugin() {
    gatepost_host_info info{};
    info.size = sizeof info;
    info.abi_major = GATEPOST_ABI_MAJOR;
    return *gatepost_plugin_v1(&info);
}

inline json capture(const std::string& name) {
    std::ifstream in(std::string(SENDGRID_CAPTURES) + "/sendgrid-" + name + ".json");
    return json::parse(in);
}

inline const std::string usual = R"({"api_key":"SG.fake-key-for-tests"})";

// What a mail of nothing but the necessary looks like.
inline check::message plain_mail() {
    check::message mail = check::simple_message();
    mail.from = {"donotreply@example.com", ""};
    return mail;
}

struct running {
    explicit running(check::http_script script, const std::string& settings = usual) {
        check::host_options how;
        how.http = [this, script](const check::http_seen& one) {
            seen.push_back(one);
            return script(one);
        };
        host = std::make_unique<check::fake_host>(std::move(how));
        const auto given = check::settings_from_json(settings, {"api_key"});
        REQUIRE(given);
        status = host->create(plugin(), *given);
    }

    check::outcome call(const check::call_options& what) {
        const gatepost_call number = host->start(what);
        REQUIRE(host->run());
        for (const check::violation& one : host->violations())
            FAIL(one.rule << ": " << one.text);
        REQUIRE(host->at(number).completions == 1);
        record = host->at(number);
        return record.outcome;
    }
    check::outcome send(const check::message& mail = plain_mail()) { return call({.mail = mail}); }
    check::outcome test() { return call({.kind = GATEPOST_TEST, .mail = plain_mail()}); }
    check::outcome test_without_mail() {
        check::call_options what;
        what.kind = GATEPOST_TEST;
        what.without_message = true;
        return call(what);
    }
    std::string stages() const {
        static const char* const names[] = {"?", "started", "passed", "failed", "skipped"};
        std::string out;
        for (const check::stage& one : record.stages) {
            if (one.state != GATEPOST_STARTED) out += one.id + " " + names[one.state] + ", ";
        }
        return out;
    }

    std::vector<check::http_seen> seen;
    std::unique_ptr<check::fake_host> host;
    check::call_record record;
    gatepost_status status = GATEPOST_FAILED;
};

inline check::http_script always(check::http_answer given) {
    return [given](const check::http_seen&) { return given; };
}

inline std::string header(const check::http_seen& of, const std::string& name) {
    for (const auto& [one, value] : of.headers) {
        if (one == name) return value;
    }
    return "";
}

// The pointers that gatepost.check/1 objects to.
inline std::vector<std::string> objections(const check::message& mail,
                                           const std::string& settings = usual) {
    check::fake_host host;
    const auto given = check::settings_from_json(settings, {"api_key"});
    REQUIRE(given);
    REQUIRE(host.check(plugin(), *given, mail));
    std::vector<std::string> out;
    for (const check::diagnostic& one : host.diagnostics()) {
        CHECK(!one.text.empty());
        out.push_back(one.pointer);
    }
    return out;
}

}  // namespace sendgrid_test
