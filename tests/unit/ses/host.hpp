// The plugin's table on the SDK's fake host, with a script in the place of SES.
#pragma once

#include <gatepost/abi.h>

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

#include "check/fake_host.hpp"
#include "support/catch.hpp"

namespace ses_test {

namespace check = gatepost::check;
using json = nlohmann::json;

inline const gatepost_plugin& plugin() {
    gatepost_host_info info{};
    info.size = sizeof info;
    info.abi_major = GATEPOST_ABI_MAJOR;
    return *gatepost_plugin_v1(&info);
}

inline json usual_settings() {
    return {{"region", "eu-west-1"},
            {"access_key_id", "AKIDEXAMPLE"},
            {"secret_access_key", "fakeSecretKey/ForTests+Only"}};
}

inline check::http_answer taken() {
    return {200, R"({"MessageId":"0100-1"})", {}, GATEPOST_OK};
}

struct running {
    explicit running(const json& settings = usual_settings()) {
        check::host_options options;
        options.http = [this](const check::http_seen& one) {
            seen.push_back(one);
            return answer ? answer(one) : taken();
        };
        host = std::make_unique<check::fake_host>(std::move(options));
        given = *check::settings_from_json(settings.dump());
        status = host->create(plugin(), given);
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
    check::outcome send(const check::message& mail = check::simple_message(),
                        uint32_t attempt = 1) {
        return call({.mail = mail, .attempt = attempt});
    }
    check::outcome test(bool with_mail = true) {
        check::call_options what;
        what.kind = GATEPOST_TEST;
        what.without_message = !with_mail;
        return call(what);
    }
    // The pointers of what check/1 refuses.
    std::vector<std::string> refused(const check::message& mail) {
        std::vector<std::string> found;
        REQUIRE(host->check(plugin(), given, mail));
        for (const check::diagnostic& one : host->diagnostics()) {
            if (one.severity == GATEPOST_ERROR) found.push_back(one.pointer);
        }
        return found;
    }
    // "credentials:2 sender:4 ", by GATEPOST_PASSED and its like.
    std::string stages() const {
        std::string out;
        for (const check::stage& one : record.stages) {
            if (one.state == GATEPOST_STARTED) continue;
            out += one.id + (one.state == GATEPOST_PASSED         ? "+ "
                             : one.state == GATEPOST_STAGE_FAILED ? "- "
                                                                  : "? ");
        }
        return out;
    }

    check::http_script answer;
    std::vector<check::http_seen> seen;
    check::settings given;
    std::unique_ptr<check::fake_host> host;
    check::call_record record;
    gatepost_status status = GATEPOST_FAILED;
};

inline std::string header_of(const check::http_seen& from, std::string_view name) {
    for (const auto& [key, value] : from.headers) {
        if (key == name) return value;
    }
    return {};
}

inline check::http_answer refusal(uint32_t status, const std::string& type,
                                  const std::string& words = {}) {
    return {status,
            json{{"message", words}}.dump(),
            {{"x-amzn-errortype", type + ":http://internal.amazon.com/coral/"}},
            GATEPOST_OK};
}

inline uint64_t seconds(uint64_t count) {
    return count * 1'000'000'000;
}

}  // namespace ses_test
