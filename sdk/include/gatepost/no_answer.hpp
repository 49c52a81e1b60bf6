// What an HTTP request without a whole answer means for the mail, and what its owner can do. Pure.
//
// The host's word is exact (abi.h, gatepost.http/1): only GATEPOST_UNCERTAIN was sent whole.
#pragma once

#include <gatepost/namespace.hpp>
#include <gatepost/network.hpp>
#include <gatepost/outcome.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

// `failed_at`: GATEPOST_AT_*, of an http_reply. Lives for ever; empty: nothing to advise.
inline std::string_view advice_at(uint32_t failed_at) noexcept {
    switch (failed_at) {
        case GATEPOST_AT_NAME:
            return "The name of the API has no address: check DNS on this machine, or endpoint.";
        case GATEPOST_AT_CONNECT: return "Let the gateway out to the endpoint, or set proxy.";
        case GATEPOST_AT_PROXY: return "Check proxy: it could not be used.";
        case GATEPOST_AT_TLS: return "What answered speaks no TLS 1.2: check endpoint and proxy.";
        case GATEPOST_AT_CERTIFICATE:
            return "The certificate was not accepted: check endpoint. An authority of your own, or "
                   "a proxy that opens TLS, needs its certificate in ca_file.";
        default: return {};
    }
}

// The head came whole, which is an answer: what breaks off behind it takes nothing back. But no
// success is believed of a request that was not sent whole.
inline bool is_answered(const http_reply& answer) noexcept {
    const bool whole = answer.ok() || answer.status == service_status::limit ||
                       answer.status == service_status::uncertain;
    return answer.http_status >= 300 || (answer.http_status != 0 && whole);
}

// Of a request that carried `commits`, and failed. `provider`: its name for people.
inline outcome no_answer(const http_reply& failure, std::string_view provider) {
    const bool whole = failure.status == service_status::uncertain;
    std::string doing(provider);
    doing += whole ? " got the whole request and did not answer" : " was not reached";
    outcome made = outcome::after(failure, doing);
    if (failure.failed_at == GATEPOST_AT_CERTIFICATE) made.blame = blame::config;
    made.advice = advice_at(failure.failed_at);
    return made;
}

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
