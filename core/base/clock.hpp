// Time, handed in. Pure code takes time points as arguments; rooms that act take a `clock&`, so
// that a test turns the hands itself. Due times and expiry live on the wall clock because they
// outlive the process; deadlines of running work are monotonic.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost {

using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;
using mono_time = std::chrono::steady_clock::time_point;

class clock {
  public:
    virtual ~clock() = default;
    virtual wall_time wall_now() const = 0;
    virtual mono_time mono_now() const = 0;
};

// The machine's own clock; any thread.
const clock& machine_clock();

// A clock that stands still until told to move; any thread.
class manual_clock final : public clock {
  public:
    explicit manual_clock(wall_time start) : wall_(start) {}
    wall_time wall_now() const override;
    mono_time mono_now() const override;
    void advance(std::chrono::milliseconds by);

  private:
    mutable std::mutex mutex_;
    wall_time wall_;
    mono_time mono_{};
};

// "2026-12-01T08:00:00.000Z"
std::string format_rfc3339(wall_time time);
// RFC 3339 with any offset, with or without a fraction; nothing else.
std::optional<wall_time> parse_rfc3339(std::string_view text);
// "Tue, 01 Dec 2026 08:00:00 +0000", RFC 5322 section 3.3
std::string format_rfc5322(wall_time time);

}  // namespace gatepost
