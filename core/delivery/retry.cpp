#include "delivery/retry.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace gatepost::delivery {
namespace {

using std::chrono::milliseconds;

milliseconds doubled(milliseconds first, milliseconds longest, uint32_t attempt) {
    milliseconds delay = first;
    for (uint32_t i = 1; i < attempt && delay < longest; ++i)
        delay *= 2;
    return std::min(delay, longest);
}

// Three to five quarters of `delay`, evenly.
milliseconds spread(milliseconds delay, uint64_t random) {
    const int64_t half = delay.count() / 2;
    if (half <= 0) return delay;
    return delay - delay / 4 +
           milliseconds(static_cast<int64_t>(random % static_cast<uint64_t>(half)));
}

}  // namespace

milliseconds delay_after_deferral(const retry_policy& policy, uint32_t attempt, uint64_t random,
                                  std::optional<milliseconds> retry_after) {
    const milliseconds own = spread(doubled(policy.first, policy.longest, attempt), random);
    if (!retry_after) return own;
    const milliseconds asked =
        std::clamp<milliseconds>(*retry_after, milliseconds(0), limits::retry_after_max);
    // The provider's wish is a floor; the spread goes on top of it, so that its word is kept.
    return std::max(own, asked + milliseconds(static_cast<int64_t>(random % 1000)));
}

milliseconds delay_after_unknown(const retry_policy& policy, uint32_t attempt, uint64_t random) {
    const milliseconds spread_delay =
        spread(doubled(policy.after_unknown, policy.longest, attempt), random);
    return std::max(policy.after_unknown, spread_delay);
}

}  // namespace gatepost::delivery
