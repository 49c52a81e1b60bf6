// The host's side of one plugin instance: the gatepost_host table and what stands behind its
// `context`. It is apart from the instance, because it may have to outlive it: a plugin with a
// stuck call keeps the pointer.
//
// now, wall_now, random, log and extension: any thread. A plugin cannot flood the log: a call has
// limits::log_lines_per_call lines, and so has, each minute, what is said outside any call.
#pragma once

#include <gatepost/abi.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "plugin/hidden_words.hpp"
#include "plugin/services.hpp"

namespace gatepost::plugin {

class running_instance;

// As the ABI counts: nanoseconds of the monotonic clock.
inline uint64_t nanoseconds_of(mono_time time) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

class log_gate {
  public:
    void open(gatepost_call call);
    void close(gatepost_call call);
    // May one more line of this call be written? An id that is not open counts as no call.
    bool pass(gatepost_call call, mono_time now);

  private:
    std::mutex mutex_;
    std::unordered_map<gatepost_call, uint32_t> open_;
    uint32_t outside_ = 0;
    mono_time minute_{};
};

class host_side {
  public:
    // Without services it offers nothing; without an owner it takes no completions.
    host_side(const gatepost::clock& clock, std::string plugin, std::string connection,
              service_lookup services, std::shared_ptr<hidden_words> hidden);
    host_side(const host_side&) = delete;
    host_side& operator=(const host_side&) = delete;

    const gatepost_host* table() const { return &table_; }
    static host_side& of(const gatepost_host* host) {
        return *static_cast<host_side*>(host->context);
    }

    struct diagnostic {
        uint32_t severity;
        field_error what;
    };
    // One sink at a time is open: create and check run once each.
    gatepost_sink open_sink();
    std::vector<diagnostic> close_sink();

    const gatepost::clock& clock() const { return clock_; }
    const hidden_words& hidden() const { return *hidden_; }
    // What the plugin says, as it may be shown. Any thread.
    std::string for_people(gatepost_string said, size_t max_bytes) const;
    std::string for_people(std::string_view said, size_t max_bytes) const;
    std::atomic<running_instance*> owner{nullptr};
    std::atomic<size_t> running_operations{0};  // services still hold them
    log_gate lines;

    // What the table's functions do.
    const void* extension(std::string_view id);
    void log(gatepost_call call, uint32_t level, gatepost_string text, gatepost_array fields);
    void diagnose(gatepost_sink sink, const gatepost_diagnostic* said);

  private:
    const gatepost::clock& clock_;
    const std::string plugin_, connection_;
    gatepost_host table_{};
    std::mutex mutex_;
    service_lookup services_;
    const std::shared_ptr<hidden_words> hidden_;
    std::map<std::string, const void*, std::less<>> asked_;
    gatepost_sink sink_ = 0;
    std::vector<diagnostic> said_;
};

}  // namespace gatepost::plugin
