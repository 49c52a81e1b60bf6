// How much a connection may begin: at most `limit` in any stretch of `period`. What is counted,
// messages or recipients, is the caller's affair: it says how much one of them is. Pure; time is
// handed in. A window is sixty slots, so the promise holds exactly and a refused send waits at most
// a sixtieth of the period too long.
//
// What alone is more than the whole limit goes when nothing else is counted, and is paid off one
// period after the other before anything follows: it overshoots once and never waits for ever.
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
    // Nothing: this much may begin now. Else: when it is worth asking again.
    std::optional<mono_time> wait_until(mono_time now, uint32_t amount = 1);
    void take(mono_time now, uint32_t amount = 1);
    bool same_period(const rate_window& other) const { return slot_ == other.slot_; }
    void inherit(const rate_window& older);
    void set_limit(uint32_t limit) { limit_ = limit; }

  private:
    static constexpr int slots = 60;
    uint32_t& slot_at(int64_t slot) {
        return used_[static_cast<size_t>(slot % static_cast<int64_t>(used_.size()))];
    }
    void forget(int64_t current);
    void book();

    uint32_t limit_;
    std::chrono::milliseconds slot_;
    std::array<uint32_t, slots + 1> used_{};  // one more: the slot that is only partly over
    int64_t newest_ = 0;
    uint64_t sum_ = 0;
    uint64_t owed_ = 0;  // taken, and booked as soon as there is room
};

class quota {
  public:
    void add(std::optional<uint32_t> limit, std::chrono::milliseconds period) {
        if (limit && *limit > 0) windows_.emplace_back(*limit, period);
    }
    // What was counted in that period stays counted.
    void set(uint32_t limit, std::chrono::milliseconds period);
    std::optional<mono_time> wait_until(mono_time now, uint32_t amount = 1);
    void take(mono_time now, uint32_t amount = 1);
    // What was taken in windows of the same length counts here too.
    void inherit(const quota& older);

  private:
    std::vector<rate_window> windows_;
};

}  // namespace gatepost::delivery
