#include "delivery/quota.hpp"

#include <algorithm>

namespace gatepost::delivery {

void rate_window::forget(int64_t current) {
    const auto size = static_cast<int64_t>(used_.size());
    for (int64_t slot = std::max(newest_ + 1, current - size + 1); slot <= current; ++slot) {
        uint32_t& old = used_[static_cast<size_t>(slot % size)];
        sum_ -= old;
        old = 0;
    }
    newest_ = std::max(newest_, current);
}

std::optional<mono_time> rate_window::wait_until(mono_time now) {
    const int64_t current = now.time_since_epoch() / slot_;
    forget(current);
    if (sum_ < limit_) return std::nullopt;
    return mono_time((current + 1) * slot_);
}

void rate_window::take(mono_time now) {
    forget(now.time_since_epoch() / slot_);
    ++used_[static_cast<size_t>(newest_ % static_cast<int64_t>(used_.size()))];
    ++sum_;
}

std::optional<mono_time> quota::wait_until(mono_time now) {
    std::optional<mono_time> latest;
    for (rate_window& window : windows_) {
        const auto until = window.wait_until(now);
        if (until && (!latest || *until > *latest)) latest = until;
    }
    return latest;
}

void quota::take(mono_time now) {
    for (rate_window& window : windows_)
        window.take(now);
}

void rate_window::inherit(const rate_window& older) {
    used_ = older.used_;
    newest_ = older.newest_;
    sum_ = older.sum_;
}

void quota::inherit(const quota& older) {
    for (rate_window& window : windows_) {
        for (const rate_window& before : older.windows_) {
            if (window.same_period(before)) window.inherit(before);
        }
    }
}

}  // namespace gatepost::delivery
