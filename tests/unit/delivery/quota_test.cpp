#include "delivery/quota.hpp"

#include <deque>
#include <utility>

#include "delivery/rates.hpp"
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

TEST_CASE("amounts count: no stretch of a second holds more recipients than the limit") {
    rate_window window(14, 1s);
    std::deque<std::pair<mono_time, uint32_t>> sent;
    mono_time now{};
    uint64_t seed = 7, in_window = 0;
    for (int i = 0; i < 5000; ++i) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        now += std::chrono::milliseconds(seed >> 58);
        const auto amount = 1 + static_cast<uint32_t>((seed >> 40) % 14);
        if (window.wait_until(now, amount)) continue;
        window.take(now, amount);
        sent.emplace_back(now, amount);
        in_window += amount;
        while (sent.front().first <= now - 1s) {
            in_window -= sent.front().second;
            sent.pop_front();
        }
        REQUIRE(in_window <= 14);
    }
}

TEST_CASE("more than the whole limit goes when nothing else is counted, and is paid off after") {
    const auto period = GENERATE(std::chrono::milliseconds(1s), std::chrono::milliseconds(1min),
                                 std::chrono::milliseconds(1h), std::chrono::milliseconds(24h));
    rate_window window(14, period);
    mono_time now = mono_time{} + 1000h;
    window.take(now, 1);
    REQUIRE(window.wait_until(now, 50));
    CHECK_FALSE(window.wait_until(now, 13));
    now += period + period / 30;  // what was counted is over
    REQUIRE_FALSE(window.wait_until(now, 50));
    window.take(now, 50);
    CHECK(window.wait_until(now + 3 * period));  // 14, 14, 14: eight are owed still
    rate_window asked_often = window;
    int asks = 0;
    for (auto each = now; each < now + 3 * period; each = *asked_often.wait_until(each))
        REQUIRE(++asks < 300);
    const mono_time later = now + 3 * period + period / 6;
    for (rate_window* one : {&window, &asked_often}) {
        CHECK_FALSE(one->wait_until(later, 6));
        CHECK(one->wait_until(later, 7));
    }
}

TEST_CASE("a limit that is set anew keeps what was counted") {
    quota held;
    held.add(30, 1min);
    const mono_time now{};
    held.take(now, 10);
    held.set(5, 1min);
    CHECK(held.wait_until(now + 2s));
    held.set(11, 1min);
    CHECK_FALSE(held.wait_until(now + 2s));
    CHECK(held.wait_until(now + 2s, 2));
    held.set(1, 1h);  // one that was not there
    held.take(now + 2s);
    CHECK(held.wait_until(now + 2min));
}

TEST_CASE("what a provider tells takes the manifest's place and never raises the owner's") {
    config::limits_table own;
    own.per_minute = 20;
    plugin::default_limits defaults, told;
    defaults.per_second = 14;
    defaults.lookups_per_hour = 200;
    const mono_time now{};
    quotas held = quotas_of(own, defaults);
    CHECK_FALSE(held.sends.wait_until(now, 14));
    CHECK_FALSE(held.lookups.wait_until(now, 200));
    told.per_second = 100;
    told.per_minute = 1000;
    told.lookups_per_hour = 20;
    learn(held, own, told);
    held.sends.take(now, 20);
    CHECK(held.sends.wait_until(now + 2s));  // 20 a minute is the owner's word
    held.lookups.take(now, 20);
    CHECK(held.lookups.wait_until(now + 2s));
    told.per_minute = 5;
    told.per_second = 1;
    quotas lower = quotas_of(own, defaults);
    learn(lower, own, told);
    lower.sends.take(now);
    CHECK(lower.sends.wait_until(now + 500ms));
    CHECK_FALSE(lower.sends.wait_until(now + 2s, 4));
    lower.sends.take(now + 2s, 4);
    CHECK(lower.sends.wait_until(now + 10s));
}
