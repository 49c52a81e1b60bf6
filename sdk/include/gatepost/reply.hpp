// What a service answered. A reply is a value: it stays valid after the next await.
//
// A service that this gateway does not offer answers `unsupported` and says so in `text`; nothing
// here throws but `cancelled`, which is what an awaited operation does when the call is being
// cancelled.
#pragma once

#include <gatepost/namespace.hpp>

#include <cstdint>
#include <string>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

enum class service_status : int32_t {
    ok = GATEPOST_OK,
    failed = GATEPOST_FAILED,
    cancelled = GATEPOST_CANCELLED,
    timeout = GATEPOST_TIMEOUT,
    unsupported = GATEPOST_UNSUPPORTED,
    invalid = GATEPOST_INVALID,
    not_found = GATEPOST_NOT_FOUND,
    limit = GATEPOST_LIMIT,
    denied = GATEPOST_DENIED,
    gone = GATEPOST_GONE,
    exists = GATEPOST_EXISTS,
    connect = GATEPOST_CONNECT,
    disconnected = GATEPOST_DISCONNECTED,
    uncertain = GATEPOST_UNCERTAIN,
    unfit = GATEPOST_UNFIT
};

// An unknown negative value means `failed`; a positive one breaks the contract and means it too.
inline service_status status_of(gatepost_status status) noexcept {
    const bool known = status <= GATEPOST_OK && status >= GATEPOST_UNFIT;
    return known ? static_cast<service_status>(status) : service_status::failed;
}

inline std::string_view name_of(service_status status) noexcept {
    switch (status) {
        case service_status::ok: return "ok";
        case service_status::failed: return "failed";
        case service_status::cancelled: return "cancelled";
        case service_status::timeout: return "timed out";
        case service_status::unsupported: return "not supported by this gateway";
        case service_status::invalid: return "invalid request";
        case service_status::not_found: return "not found";
        case service_status::limit: return "over a limit";
        case service_status::denied: return "denied";
        case service_status::gone: return "gone";
        case service_status::exists: return "exists already";
        case service_status::connect: return "no connection";
        case service_status::disconnected: return "disconnected";
        case service_status::uncertain: return "handed over, and nobody said what became of it";
        case service_status::unfit: return "not possible with this message";
    }
    return "failed";
}

// Thrown out of `co_await` when the call is being cancelled. Not a std::exception, so that a
// provider's ordinary handler does not swallow it; if it is swallowed, the next await throws again.
// Let it pass: it ends the call as cancelled.
struct cancelled {};

struct reply {
    service_status status = service_status::ok;
    gatepost_handle handle = 0;
    uint64_t length = 0;
    std::string text;  // for people, if not ok
    std::string data;  // bytes

    bool ok() const noexcept { return status == service_status::ok; }
    // `text`, or the status in words where the service said nothing.
    std::string reason() const { return text.empty() ? std::string(name_of(status)) : text; }

    void absorb(const gatepost_result& result) {
        status = status_of(result.status);
        handle = result.handle;
        length = result.length;
        text = view_of(result.text);
        data = view_of(result.data);
    }
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
