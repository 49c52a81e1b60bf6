// How a call ends: a verdict for every carried recipient, who is to blame, and what to tell people.
//
// Be honest about `unknown`: the host holds every outcome against what it saw on the wire, and
// refuses `deferred` and `rejected` where a `commits` request was fully written and nothing came
// back.
#pragma once

#include <gatepost/namespace.hpp>
#include <gatepost/reply.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

enum class verdict : uint32_t {
    accepted = GATEPOST_ACCEPTED,
    deferred = GATEPOST_DEFERRED,  // not taken over; trying again may help
    rejected = GATEPOST_REJECTED,  // not taken over; trying again does not help
    unknown = GATEPOST_UNKNOWN     // perhaps taken over
};

enum class blame : uint32_t {
    none = GATEPOST_BLAME_NONE,
    message = GATEPOST_BLAME_MESSAGE,
    recipient = GATEPOST_BLAME_RECIPIENT,
    sender = GATEPOST_BLAME_SENDER,
    credential = GATEPOST_BLAME_CREDENTIAL,
    quota = GATEPOST_BLAME_QUOTA,
    provider = GATEPOST_BLAME_PROVIDER,
    network = GATEPOST_BLAME_NETWORK,
    config = GATEPOST_BLAME_CONFIG,
    plugin = GATEPOST_BLAME_PLUGIN
};

struct recipient_result {
    uint32_t index = 0;  // recipient::index
    sdk::verdict verdict = sdk::verdict::accepted;
    sdk::blame blame = sdk::blame::none;
    int32_t code = 0;
    std::string text;
    std::string provider_message_id;
    std::chrono::nanoseconds retry_after{};
};

struct outcome {
    uint32_t kind = GATEPOST_OUTCOME_DONE;
    uint32_t flags = 0;
    sdk::verdict verdict = sdk::verdict::accepted;
    sdk::blame blame = sdk::blame::none;
    int32_t code = 0;  // SMTP reply, HTTP status or errno as the provider said it
    std::string text;
    std::string provider_message_id;
    std::chrono::nanoseconds retry_after{};
    std::chrono::nanoseconds lookup_after{};   // not zero: ask me again with `state`
    std::string state;                         // at most 4096 bytes
    std::vector<recipient_result> recipients;  // those that differ from the rest
    std::string advice;                        // of a test: what to change

    static outcome accepted(std::string text = {}, std::string provider_message_id = {}) {
        outcome made = of(sdk::verdict::accepted, sdk::blame::none, std::move(text));
        made.provider_message_id = std::move(provider_message_id);
        return made;
    }
    // Filed or shown, delivered to nobody.
    static outcome captured(std::string text) {
        outcome made = accepted(std::move(text));
        made.flags = GATEPOST_OUTCOME_CAPTURED;
        return made;
    }
    static outcome deferred(sdk::blame who, std::string text, int32_t code = 0) {
        return of(sdk::verdict::deferred, who, std::move(text), code);
    }
    static outcome rejected(sdk::blame who, std::string text, int32_t code = 0) {
        return of(sdk::verdict::rejected, who, std::move(text), code);
    }
    static outcome unknown(sdk::blame who, std::string text, int32_t code = 0) {
        return of(sdk::verdict::unknown, who, std::move(text), code);
    }
    static outcome unsupported(std::string text = "this provider does not do that") {
        outcome made = of(sdk::verdict::deferred, sdk::blame::plugin, std::move(text));
        made.kind = GATEPOST_OUTCOME_UNSUPPORTED;
        return made;
    }
    // A test that went well, or did not.
    static outcome passed(std::string text) { return accepted(std::move(text)); }
    static outcome failed(sdk::blame who, std::string text, std::string advice = {}) {
        outcome made = of(sdk::verdict::rejected, who, std::move(text));
        made.advice = std::move(advice);
        return made;
    }
    // The same as the end of a test that failed.
    outcome as_failure() const {
        outcome made = failed(blame, text, advice);
        made.code = code;
        made.retry_after = retry_after;
        return made;
    }
    // After an operation that failed, with the likeliest blame: unknown, if all of a `commits`
    // request was handed over and nobody said what became of it; else deferred.
    static outcome after(const reply& failure, std::string_view while_doing = {});

  private:
    static outcome of(sdk::verdict what, sdk::blame who, std::string text, int32_t code = 0) {
        outcome made;
        made.verdict = what;
        made.blame = who;
        made.text = std::move(text);
        made.code = code;
        return made;
    }
};

inline blame blame_of(service_status status) noexcept {
    switch (status) {
        case service_status::timeout:
        case service_status::connect:
        case service_status::gone:
        case service_status::disconnected:
        case service_status::uncertain: return blame::network;
        case service_status::denied:
        case service_status::unsupported: return blame::config;
        case service_status::invalid:
        case service_status::exists:
        case service_status::not_found: return blame::plugin;
        case service_status::unfit: return blame::message;
        default: return blame::provider;
    }
}

inline outcome outcome::after(const reply& failure, std::string_view while_doing) {
    std::string text(while_doing);
    if (!text.empty()) text += ": ";
    text += failure.reason();
    sdk::verdict what = sdk::verdict::deferred;
    if (failure.status == service_status::uncertain) what = sdk::verdict::unknown;
    if (failure.status == service_status::unfit) what = sdk::verdict::rejected;
    return of(what, blame_of(failure.status), std::move(text));
}

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
