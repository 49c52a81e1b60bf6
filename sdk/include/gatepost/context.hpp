// What a provider holds while a call runs: the services, the clock, the log, and the call's own
// facts. Lives from start to the outcome; hand it on by reference.
#pragma once

#include <gatepost/network.hpp>
#include <gatepost/services.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

enum class log_level : uint32_t {
    debug = GATEPOST_DEBUG,
    info = GATEPOST_INFO,
    warning = GATEPOST_WARN,
    error = GATEPOST_LOG_ERROR
};

class context {
  public:
    explicit context(call_state* call) noexcept
        : body(call),
          timer(call),
          crypto(call),
          file(call),
          cache(call),
          report(call),
          stream(call),
          http(call),
          oauth(call),
          call_(call) {}
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    const body_service body;
    const timer_service timer;
    const crypto_service crypto;
    const file_service file;
    const cache_service cache;
    const report_service report;
    const stream_service stream;
    const http_service http;
    const oauth_service oauth;

    uint32_t attempt() const noexcept { return call_->request().attempt; }  // from 1
    std::string_view idempotency_key() const noexcept {
        return view_of(call_->request().idempotency_key);
    }
    // Of a lookup: what an earlier outcome gave.
    std::string_view provider_message_id() const noexcept {
        return view_of(call_->request().provider_message_id);
    }
    std::string_view state() const noexcept { return view_of(call_->request().state); }

    // The host's monotonic clock; the deadline is on it.
    std::chrono::nanoseconds now() const noexcept { return nanoseconds(host().now(&host())); }
    std::chrono::nanoseconds deadline() const noexcept {
        return nanoseconds(call_->request().deadline);
    }
    // Milliseconds since 1970, UTC.
    int64_t wall_now() const noexcept { return host().wall_now(&host()); }
    void random(void* out, std::size_t size) const noexcept { host().random(&host(), out, size); }
    bool cancelled() const noexcept { return call_->cancelled(); }

    // Never a secret. `fields` stand beside the text.
    void log(log_level level, std::string_view text, const gatepost_pair* fields = nullptr,
             uint32_t count = 0) const noexcept {
        host().log(&host(), call_->id(), static_cast<uint32_t>(level), abi_string(text),
                   {fields, count, sizeof(gatepost_pair)});
    }

  private:
    friend class shield;
    const gatepost_host& host() const noexcept { return *call_->host(); }
    static std::chrono::nanoseconds nanoseconds(uint64_t count) noexcept {
        constexpr uint64_t most = INT64_MAX;
        return std::chrono::nanoseconds(static_cast<int64_t>(count < most ? count : most));
    }

    call_state* call_;
};

// While one lives, operations run although the call is being cancelled, and tell `cancelled` as a
// status: for a short farewell such as QUIT. The host's patience is two seconds.
class [[nodiscard]] shield {
  public:
    explicit shield(const context& of) noexcept : call_(of.call_) { call_->shield(1); }
    ~shield() { call_->shield(-1); }
    shield(const shield&) = delete;
    shield& operator=(const shield&) = delete;

  private:
    call_state* call_;
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
