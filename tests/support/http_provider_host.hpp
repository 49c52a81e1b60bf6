// A plugin that speaks HTTP, on the SDK's fake host, with a script in the provider's place. What
// only one provider has (settings, its usual answer, its refusals) stands in that folder's
// host.hpp.
//
// A broken rule of the ABI fails the test that broke it. `answer`, once set, goes before the usual
// answer; `seen` is every request.
#pragma once

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gatepost/abi.h>

#include "check/fake_host.hpp"
#include "support/catch.hpp"

namespace http_provider {

namespace check = gatepost::check;
using json = nlohmann::json;

inline const gatepost_plugin& plugin() {
    gatepost_host_info info{};
    info.size = sizeof info;
    info.abi_major = GATEPOST_ABI_MAJOR;
    return *gatepost_plugin_v1(&info);
}

inline check::http_script always(check::http_answer given) {
    return [given](const check::http_seen&) { return given; };
}

class hosted {
  public:
    check::outcome call(const check::call_options& what) {
        const gatepost_call number = host->start(what);
        REQUIRE(host->run());
        for (const check::violation& one : host->violations())
            FAIL(one.rule << ": " << one.text);
        REQUIRE(host->at(number).completions == 1);
        record = host->at(number);
        return record.outcome;
    }
    check::outcome send() { return send(usual_mail_); }
    check::outcome send(const check::message& mail, uint32_t attempt = 1) {
        return call({.mail = mail, .attempt = attempt});
    }
    check::outcome test(bool with_mail = true) {
        check::call_options what;
        what.kind = GATEPOST_TEST;
        what.mail = usual_mail_;
        what.without_message = !with_mail;
        return call(what);
    }
    // The pointers of what check/1 refuses; each comes with a sentence.
    std::vector<std::string> refused(const check::message& mail) {
        std::vector<std::string> found;
        REQUIRE(host->check(plugin(), given, mail));
        for (const check::diagnostic& one : host->diagnostics()) {
            CHECK(!one.text.empty());
            if (one.severity == GATEPOST_ERROR) found.push_back(one.pointer);
        }
        return found;
    }
    // "credentials+ sender- message? ": passed, failed, skipped.
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

  protected:
    hosted(const std::string& settings, check::http_script usual, check::message mail,
           check::host_options options = {})
        : usual_mail_(std::move(mail)) {
        options.http = [this, usual = std::move(usual)](const check::http_seen& one) {
            seen.push_back(one);
            return answer ? answer(one) : usual(one);
        };
        host = std::make_unique<check::fake_host>(std::move(options));
        auto read = check::settings_from_json(settings, {"api_key"});
        REQUIRE(read);
        given = std::move(*read);
        status = host->create(plugin(), given);
    }

  private:
    check::message usual_mail_;
};

inline std::string header_of(const check::http_seen& from, std::string_view name) {
    for (const auto& [key, value] : from.headers) {
        if (key == name) return value;
    }
    return {};
}

// A capture of captures/, whole: {sdk, version, call, notes, request ...}.
inline json capture_of(const std::string& folder, const std::string& name) {
    std::ifstream in(folder + "/" + name + ".json");
    REQUIRE(in);
    return json::parse(in);
}

inline std::string base64_decoded(const std::string& text) {
    static constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    uint32_t bits = 0;
    int count = 0;
    for (const char letter : text) {
        const size_t value = letters.find(letter);
        if (value == std::string::npos) break;
        bits = bits << 6 | static_cast<uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xFF);
    }
    return out;
}

inline uint64_t seconds(uint64_t count) {
    return count * 1'000'000'000;
}

}  // namespace http_provider
