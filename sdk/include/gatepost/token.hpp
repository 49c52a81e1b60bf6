// What it means that the host has no access token, for every provider that asks `oauth.token`: one
// rule, so that a missing [oauth] table reads the same everywhere.
//
// Not configured blames the config, a consent or secret that is refused for good the credential,
// and all else network or provider: those come right by themselves. A mail is never rejected for
// any of them.
#pragma once

#include <gatepost/network.hpp>
#include <gatepost/outcome.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

inline blame blame_of_token(service_status status) noexcept {
    switch (status) {
        case service_status::unsupported:
        case service_status::not_found: return blame::config;
        case service_status::denied: return blame::credential;
        case service_status::disconnected: return blame::provider;  // it answers, with no token
        default: return blame_of(status);
    }
}

// What to change; empty where waiting helps. Lives for ever.
inline std::string_view advice_of_token(service_status status) noexcept {
    switch (blame_of_token(status)) {
        case blame::config: return "Set token, or give the connection an [oauth] table.";
        case blame::credential:
            return "Run `gatepost oauth login NAME` with the connection's name, or check client_id "
                   "and the secret in its [oauth] table.";
        default: return {};
    }
}

// When another try makes sense, as the host says it; 0: it does not say.
inline std::chrono::seconds wait_for_token(const reply& failure) noexcept {
    constexpr uint64_t day = 24 * 60 * 60;
    return std::chrono::seconds(failure.ok() ? 0 : std::min(failure.length, day));
}

// A token goes into a header or a command: visible ASCII and nothing else.
inline bool is_safe_token(std::string_view token) noexcept {
    return !token.empty() && std::all_of(token.begin(), token.end(),
                                         [](char letter) { return letter > ' ' && letter <= '~'; });
}

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
