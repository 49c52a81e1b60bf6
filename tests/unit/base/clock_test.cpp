// Times as text, both ways, and what is no time.
#include <random>
#include <string>

#include "base/clock.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace std::chrono_literals;

namespace {

std::string again(std::string_view text) {
    const auto time = parse_rfc3339(text);
    return time ? format_rfc3339(*time) : "refused";
}

}  // namespace

TEST_CASE("RFC 3339 is read with every offset and fraction, and written in UTC") {
    CHECK(again("2026-12-01T08:00:00Z") == "2026-12-01T08:00:00.000Z");
    CHECK(again("2026-12-01t08:00:00z") == "2026-12-01T08:00:00.000Z");
    CHECK(again("2026-12-01 08:00:00Z") == "2026-12-01T08:00:00.000Z");
    CHECK(again("2026-12-01T08:00:00+02:00") == "2026-12-01T06:00:00.000Z");
    CHECK(again("2026-12-31T23:30:00-01:30") == "2027-01-01T01:00:00.000Z");
    CHECK(again("2026-12-01T08:00:00.1Z") == "2026-12-01T08:00:00.100Z");
    CHECK(again("2026-12-01T08:00:00.123999999999999999999Z") == "2026-12-01T08:00:00.123Z");
    CHECK(again("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00.000Z");
    CHECK(again("1969-12-31T23:59:59.999Z") == "1969-12-31T23:59:59.999Z");
    CHECK(again("0000-01-01T00:00:00Z") == "0000-01-01T00:00:00.000Z");
    CHECK(again("9999-12-31T23:59:59.999Z") == "9999-12-31T23:59:59.999Z");
    CHECK(again("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00.000Z");
}

TEST_CASE("what is no time is refused") {
    for (const char* text : {"",
                             "2026",
                             "2026-12-01",
                             "2026-12-01T08:00:00",
                             "2026-12-01T08:00Z",
                             "2026-12-01T08:00:00.Z",
                             "2026-12-01T08:00:00,5Z",
                             "2026-12-01T08:00:00Z ",
                             " 2026-12-01T08:00:00Z",
                             "2026-12-01T08:00:00ZZ",
                             "2026-12-01T08:00:00+2:00",
                             "2026-12-01T08:00:00+0200",
                             "2026-12-01T08:00:00+24:00",
                             "2026-12-01T08:00:00+02:60",
                             "2026-12-01T08:00:00+-2:00",
                             "2026-13-01T08:00:00Z",
                             "2026-00-01T08:00:00Z",
                             "2026-12-00T08:00:00Z",
                             "2026-02-29T08:00:00Z",
                             "2026-12-01T24:00:00Z",
                             "2026-12-01T08:60:00Z",
                             "2026-12-01T08:00:61Z",
                             "-026-12-01T08:00:00Z",
                             "+2026-12-01T08:00:00Z",
                             "12026-12-01T08:00:00Z",
                             "2026-12-01T08:00:-1Z",
                             "\xEF\xBC\x92"
                             "026-12-01T08:00:00Z",
                             "now"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_rfc3339(text));
    }
    CHECK_FALSE(parse_rfc3339(std::string_view("2026-12-01T08:00:00Z\0", 21)));
    CHECK_FALSE(parse_rfc3339(std::string(1 << 20, '9')));
}

TEST_CASE("an offset cannot lead into a year that cannot be written") {
    CHECK(again("9999-12-31T23:59:59-00:01") == "refused");
    CHECK(again("0000-01-01T00:00:00+00:01") == "refused");
}

TEST_CASE("text from nowhere never breaks the parser, and what it takes it can write again") {
    std::mt19937 random(7);
    const std::string good = "2026-12-01T08:00:00.5+02:00";
    const std::string letters = "0123456789-+:.TZ \n";
    for (int i = 0; i < 20'000; ++i) {
        std::string text = good;
        for (int change = 0; change < 3; ++change)
            text[random() % text.size()] = letters[random() % letters.size()];
        text.resize(random() % (text.size() + 1));
        if (const auto time = parse_rfc3339(text)) {
            const std::string written = format_rfc3339(*time);
            REQUIRE(parse_rfc3339(written) == time);
        }
    }
}

TEST_CASE("the date of a mail is written as RFC 5322 says") {
    CHECK(format_rfc5322(*parse_rfc3339("2026-12-01T08:00:00Z")) ==
          "Tue, 01 Dec 2026 08:00:00 +0000");
    CHECK(format_rfc5322(*parse_rfc3339("2024-02-29T23:59:59.999Z")) ==
          "Thu, 29 Feb 2024 23:59:59 +0000");
    CHECK(format_rfc5322(wall_time{}) == "Thu, 01 Jan 1970 00:00:00 +0000");
    CHECK(format_rfc5322(wall_time{-1ms}) == "Wed, 31 Dec 1969 23:59:59 +0000");
}

TEST_CASE("a manual clock stands still until it is told to move") {
    manual_clock clock(*parse_rfc3339("2026-12-01T08:00:00Z"));
    const auto wall = clock.wall_now();
    const auto mono = clock.mono_now();
    CHECK(clock.wall_now() == wall);
    clock.advance(1500ms);
    CHECK(clock.wall_now() - wall == 1500ms);
    CHECK(clock.mono_now() - mono == 1500ms);
    const auto first = machine_clock().mono_now();
    CHECK(first <= machine_clock().mono_now());
    CHECK(machine_clock().wall_now() > *parse_rfc3339("2020-01-01T00:00:00Z"));
}
