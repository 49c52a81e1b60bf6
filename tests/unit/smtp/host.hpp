// The plugin's table on the SDK's fake host, with our server at the other end.
#pragma once

#include <gatepost/abi.h>

#include "requests.hpp"
#include "server.hpp"
#include "support/catch.hpp"

namespace smtp_test {

namespace check = gatepost::check;

inline const gatepost_plugin& plugin() {
    gatepost_host_info info{};
    info.size = sizeof info;
    info.abi_major = GATEPOST_ABI_MAJOR;
    return *gatepost_plugin_v1(&info);
}

inline const std::string in_clear = R"({"host":"mx.example.org","security":"none"})";

struct running {
    explicit running(plan first = {}, const std::string& settings = in_clear,
                     check::host_options options = {})
        : how(std::move(first)), saw(std::make_shared<seen>()) {
        options.stream = [this](const check::connect_seen& where) {
            connected.push_back(where);
            auto made = std::make_unique<server>(how, saw);
            last = made.get();
            return made;
        };
        host = std::make_unique<check::fake_host>(std::move(options));
        const auto given = check::settings_from_json(settings);
        REQUIRE(given);
        log = std::make_unique<request_log>(plugin(), *host->table());
        status = host->create(log->plugin(), *given);
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
    check::outcome send(const check::message& mail = check::simple_message()) {
        return call({.mail = mail});
    }
    check::outcome test_without_mail() {
        check::call_options what;
        what.kind = GATEPOST_TEST;
        what.without_message = true;
        return call(what);
    }
    // "greeting 1, greeting 2 220 ..." in short: ids and states.
    std::string stages() const {
        std::string out;
        for (const check::stage& one : record.stages)
            out += one.id + ":" + std::to_string(one.state) + " ";
        return out;
    }

    // The last stage of that id: "2 encrypted", with its advice behind a bar if it has any.
    std::string last_stage(std::string_view id) const {
        std::string out = "none";
        for (const check::stage& one : record.stages) {
            if (one.id != id) continue;
            out = std::to_string(one.state) + " " + one.text;
            if (!one.advice.empty()) out += " | " + one.advice;
        }
        return out;
    }

    plan how;  // of the next connection
    std::shared_ptr<seen> saw;
    server* last = nullptr;
    std::vector<check::connect_seen> connected;
    std::unique_ptr<request_log> log;  // what the host was asked in detail
    std::unique_ptr<check::fake_host> host;
    check::call_record record;
    gatepost_status status = GATEPOST_FAILED;
};

inline check::message mail_to(int recipients) {
    check::message mail = check::simple_message();
    mail.recipients.clear();
    for (int i = 0; i < recipients; ++i)
        mail.recipients.push_back({{"r" + std::to_string(i) + "@example.net", ""}});
    return mail;
}

}  // namespace smtp_test
