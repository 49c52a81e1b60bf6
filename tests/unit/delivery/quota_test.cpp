#include "delivery/quota.hpp"

#include <deque>

#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::delivery;
using namespace std::chrono_literals;

TEST_CASE("no stretch of a minute ever holds more than the limit, however the sends fall") {
    rate_window window(30, 1min);
    std::deque<mono_time> sent;
    mono_time now{};
    uint64_t seed = 42;
    for (int i = 0; i < 5000; ++i) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        now += std::chrono::milliseconds(seed >> 55);
        if (window.wait_until(now)) continue;
        window.take(now);
        sent.push_back(now);
        while (sent.front() <= now - 1min)
            sent.pop_front();
        REQUIRE(sent.size() <= 30);
    }
}

TEST_CASE("after a full minute of silence the whole limit is there again") {
    rate_window window(3, 1min);
    mono_time now{};
    for (int i = 0; i < 3; ++i)
        window.take(now);
    REQUIRE(window.wait_until(now));
    CHECK_FALSE(window.wait_until(now + 62s));
}

TEST_CASE("the answer to when is never now, and asking then is worth it") {
    rate_window window(1, 1s);
    mono_time now{};
    window.take(now);
    int asked = 0;
    while (const auto until = window.wait_until(now)) {
        REQUIRE(*until > now);
        now = *until;
        REQUIRE(++asked < 100);
    }
    CHECK(now >= mono_time{} + 1s);
    CHECK(now < mono_time{} + 1100ms);
}

TEST_CASE("the strictest of several windows decides") {
    quota both;
    both.add(10, 1s);
    both.add(2, 1h);
    both.add(std::nullopt, 24h);
    mono_time now{};
    both.take(now);
    both.take(now);
    REQUIRE(both.wait_until(now));
    CHECK(both.wait_until(now + 10min));
    CHECK_FALSE(both.wait_until(now + 62min));
}

TEST_CASE("a quota that replaces another counts what that one let through") {
    quota older, newer;
    older.add(5, 1min);
    older.add(100, 1h);
    newer.add(2, 1min);
    newer.add(1, 1s);
    const mono_time now{};
    older.take(now);
    older.take(now);
    newer.inherit(older);
    CHECK(newer.wait_until(now + 2s));
    CHECK_FALSE(newer.wait_until(now + 62s));
}
