#include "delivery/quota.hpp"

#include <algorithm>

namespace gatepost::delivery {

// Books what is owed into the newest slot, as far as there is room.
void rate_window::book() {
    const uint64_t room = sum_ < limit_ ? limit_ - sum_ : 0;
    const auto now = static_cast<uint32_t>(std::min(room, owed_));
    slot_at(newest_) += now;
    sum_ += now;
    owed_ -= now;
}

void rate_window::forget(int64_t current) {
    while (newest_ < current) {
        if (sum_ == 0 && owed_ == 0) {
            newest_ = current;  // every slot is empty
            return;
        }
        uint32_t& old = slot_at(++newest_);
        sum_ -= old;
        old = 0;
        book();
    }
}

std::optional<mono_time> rate_window::wait_until(mono_time now, uint32_t amount) {
    const int64_t current = now.time_since_epoch() / slot_;
    forget(current);
    if (owed_ == 0 && sum_ + std::min(amount, limit_) <= limit_) return std::nullopt;
    return mono_time((current + 1) * slot_);
}

void rate_window::take(mono_time now, uint32_t amount) {
    forget(now.time_since_epoch() / slot_);
    owed_ += amount;
    book();
}

void rate_window::inherit(const rate_window& older) {
    used_ = older.used_;
    newest_ = older.newest_;
    sum_ = older.sum_;
    owed_ = older.owed_;
}

void quota::set(uint32_t limit, std::chrono::milliseconds period) {
    const rate_window wanted(limit, period);
    for (rate_window& window : windows_)
        if (window.same_period(wanted)) return window.set_limit(limit);
    windows_.push_back(wanted);
}

std::optional<mono_time> quota::wait_until(mono_time now, uint32_t amount) {
    std::optional<mono_time> latest;
    for (rate_window& window : windows_) {
        const auto until = window.wait_until(now, amount);
        if (until && (!latest || *until > *latest)) latest = until;
    }
    return latest;
}

void quota::take(mono_time now, uint32_t amount) {
    for (rate_window& window : windows_)
        window.take(now, amount);
}

void quota::inherit(const quota& older) {
    for (rate_window& window : windows_) {
        for (const rate_window& before : older.windows_) {
            if (window.same_period(before)) window.inherit(before);
        }
    }
}

}  // namespace gatepost::delivery
