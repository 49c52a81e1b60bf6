// When to try again. Pure: attempts and a random number in, a delay out.
//
// Deferred mail waits `first`, then twice as long each time up to `longest`, each delay spread by a
// quarter to both sides so that a provider that comes back does not meet everyone at once. A
// provider's own wish (Retry-After) is the least we wait, clamped to limits::retry_after_max. After
// an unknown outcome nothing is tried before `after_unknown`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace gatepost::delivery {

struct retry_policy {
    std::chrono::milliseconds first;
    std::chrono::milliseconds longest;
    std::chrono::milliseconds after_unknown;
};

// `attempt` is the number of the one that just ended, from 1; `random` any 64 bits.
std::chrono::milliseconds delay_after_deferral(
    const retry_policy& policy, uint32_t attempt, uint64_t random,
    std::optional<std::chrono::milliseconds> retry_after);
std::chrono::milliseconds delay_after_unknown(const retry_policy& policy, uint32_t attempt,
                                              uint64_t random);

}  // namespace gatepost::delivery
