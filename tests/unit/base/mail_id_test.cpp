// Ids grow with time, and never come twice, also when the clock goes back.
#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/mail_id.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace std::chrono_literals;

namespace {
const wall_time now = *parse_rfc3339("2026-12-01T08:00:00Z");
}

TEST_CASE("an id is written in 13 letters and read again, in the order of its value") {
    std::string last;
    for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{31}, uint64_t{32},
                                 uint64_t{1} << 40, (uint64_t{1} << 63) - 1}) {
        const std::string text = mail_id{value}.to_string();
        CHECK(text.size() == 13);
        CHECK(mail_id::parse(text) == mail_id{value});
        CHECK(text > last);
        last = text;
    }
    CHECK(mail_id{0}.to_string() == "0000000000000");
}

TEST_CASE("what is not an id is refused") {
    for (const char* bad : {"", "000000000000", "00000000000000", "000000000000I", "000000000000l",
                            "000000000000o", "000000000000u", "000000000000A", "8000000000000",
                            "zzzzzzzzzzzzz", " 000000000000", "00000000000-0", "000000000000\xC3"})
        CHECK_FALSE(mail_id::parse(bad));
    CHECK(mail_id::parse("7zzzzzzzzzzzz"));
}

TEST_CASE("ids grow within a millisecond, over time, and when the clock goes back") {
    mail_id_source source({0});
    mail_id last = source.next(now);
    for (const auto step : {0ms, 0ms, 1ms, 1000ms, -1000ms, -86'400'000ms, 0ms, 2000ms}) {
        const mail_id next = source.next(now + step);
        CHECK(next > last);
        last = next;
    }
    CHECK(source.next(now + 1h).to_string() > last.to_string());
}

TEST_CASE("a restart behind a clock that was ahead goes on after the newest stored id") {
    mail_id_source before({0});
    const mail_id newest = before.next(now + 24h);
    mail_id_source after(newest);
    CHECK(after.next(now) > newest);
}

TEST_CASE("a clock before 1970 or after all time gives ids that can be written") {
    for (const wall_time strange : {wall_time{-1ms}, wall_time::min(), wall_time::max()}) {
        mail_id_source source({0});
        const mail_id id = source.next(strange);
        CHECK(mail_id::parse(id.to_string()) == id);
    }
    mail_id_source source({0});
    const mail_id early = source.next(wall_time{-1h});
    CHECK(source.next(now) > early);
    CHECK(source.next(now).value >> 20 == static_cast<uint64_t>(now.time_since_epoch().count()));
}

TEST_CASE("threads never get the same id") {
    mail_id_source source({0});
    std::vector<std::vector<mail_id>> got(4);
    std::vector<std::thread> threads;
    for (auto& mine : got) {
        threads.emplace_back([&source, &mine] {
            for (int i = 0; i < 5000; ++i)
                mine.push_back(source.next(now));
        });
    }
    for (std::thread& each : threads)
        each.join();
    std::set<mail_id> all;
    for (const auto& mine : got) {
        CHECK(std::ranges::is_sorted(mine));
        all.insert(mine.begin(), mine.end());
    }
    CHECK(all.size() == 20'000);
}
