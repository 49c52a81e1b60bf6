// How many sends a connection may begin: at most `limit` in any stretch of `period`. Pure; time is
// handed in. A window is sixty slots, so the promise holds exactly and a refused send waits at most
// a sixtieth of the period too long.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"

namespace gatepost::delivery {

class rate_window {
  public:
    rate_window(uint32_t limit, std::chrono::milliseconds period)
        : limit_(limit), slot_((period.count() + slots - 1) / slots) {}
    // Nothing: one may begin now. Else: when it is worth asking again.
    std::optional<mono_time> wait_until(mono_time now);
    void take(mono_time now);
    bool same_period(const rate_window& other) const { return slot_ == other.slot_; }
    void inherit(const rate_window& older);

  private:
    static constexpr int slots = 60;
    void forget(int64_t current);

    uint32_t limit_;
    std::chrono::milliseconds slot_;
    std::array<uint32_t, slots + 1> used_{};  // one more: the slot that is only partly over
    int64_t newest_ = 0;
    uint32_t sum_ = 0;
};

class quota {
  public:
    void add(std::optional<uint32_t> limit, std::chrono::milliseconds period) {
        if (limit && *limit > 0) windows_.emplace_back(*limit, period);
    }
    std::optional<mono_time> wait_until(mono_time now);
    void take(mono_time now);
    // What was taken in windows of the same length counts here too.
    void inherit(const quota& older);

  private:
    std::vector<rate_window> windows_;
};

}  // namespace gatepost::delivery
