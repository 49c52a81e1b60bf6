// The plugin's table on the SDK's fake host, with a script in the place of Azure.
#pragma once

#include <gatepost/abi.h>

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

#include "check/fake_host.hpp"
#include "support/catch.hpp"

namespace azure_test {

namespace check = gatepost::check;
using json = nlohmann::json;

inline const gatepost_plugin& plugin() {
    gatepost_host_info info{};
    info.size = sizeof info;
    info.abi_major = GATEPOST_ABI_MAJOR;
    return *gatepost_plugin_v1(&info);
}

inline json usual_settings() {
    return {{"connection_string",
             "endpoint=https://my-resource.communication.azure.com/;accesskey="
             "ZmFrZS1hY2Nlc3Mta2V5LWZvci10ZXN0cy1vbmx5LTA="}};
}

inline check::http_answer operation(uint32_t status, const std::string& state,
                                    const std::string& code = {}, int retry_after = 0) {
    json body{{"id", "an-id"}, {"status", state}, {"error", nullptr}};
    if (!code.empty()) body["error"] = {{"code", code}, {"message", "words"}};
    check::http_answer made{status, body.dump(), {}, GATEPOST_OK};
    if (retry_after != 0) made.headers.emplace_back("retry-after", std::to_string(retry_after));
    return made;
}
inline check::http_answer taken() {
    return operation(202, "Running", {}, 30);
}

inline check::message plain_mail() {
    check::message mail = check::simple_message();
    mail.from.name = "";
    return mail;
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
    check::outcome send(const check::message& mail = plain_mail(), uint32_t attempt = 1) {
        return call({.mail = mail, .attempt = attempt});
    }
    check::outcome test(bool with_mail = true) {
        check::call_options what;
        what.kind = GATEPOST_TEST;
        what.mail = plain_mail();
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

inline check::http_answer refusal(uint32_t status, const std::string& code = {},
                                  const std::string& words = {}) {
    const json error{{"code", code}, {"message", words}, {"target", nullptr}};
    return {status, json{{"error", error}}.dump(), {{"x-ms-error-code", code}}, GATEPOST_OK};
}

inline uint64_t seconds(uint64_t count) {
    return count * 1'000'000'000;
}

}  // namespace azure_test
