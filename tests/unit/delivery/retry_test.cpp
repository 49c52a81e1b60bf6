#include "delivery/retry.hpp"

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace gatepost::delivery;
using namespace std::chrono_literals;

namespace {
constexpr retry_policy policy{30s, 1h, 5min};
}

TEST_CASE("deferred mail waits twice as long after each attempt, up to the longest") {
    std::chrono::milliseconds middle = 30s;
    for (uint32_t attempt = 1; attempt < 20; ++attempt) {
        for (uint64_t random : {uint64_t{0}, uint64_t{12345}, UINT64_MAX}) {
            const auto delay = delay_after_deferral(policy, attempt, random, std::nullopt);
            CHECK(delay >= middle * 3 / 4);
            CHECK(delay <= middle * 5 / 4);
        }
        middle = std::min<std::chrono::milliseconds>(middle * 2, 1h);
    }
}

TEST_CASE("retries are spread, so that a thousand do not come back at once") {
    const auto early = delay_after_deferral(policy, 1, 0, std::nullopt);
    const auto late = delay_after_deferral(policy, 1, 14'999, std::nullopt);
    CHECK(late - early > 14s);
}

TEST_CASE("a provider's wish is the least that is waited, and is clamped") {
    CHECK(delay_after_deferral(policy, 1, 0, 10min) >= 10min);
    CHECK(delay_after_deferral(policy, 1, 0, 10min) <= 10min + 1s);
    CHECK(delay_after_deferral(policy, 1, 0, 1s) >= 22s);     // our own is longer
    CHECK(delay_after_deferral(policy, 1, 0, -5min) >= 22s);  // nonsense is no wish
    const auto ten_years = std::chrono::hours(24 * 3650);
    CHECK(delay_after_deferral(policy, 1, 999, ten_years) <=
          gatepost::limits::retry_after_max + 1s);
}

TEST_CASE("after an unknown outcome nothing is tried before five minutes") {
    for (uint64_t random : {uint64_t{0}, uint64_t{7}, UINT64_MAX}) {
        CHECK(delay_after_unknown(policy, 1, random) >= 5min);
        CHECK(delay_after_unknown(policy, 30, random) <= 75min);
    }
}
