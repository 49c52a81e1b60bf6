// When an HTTP provider wants to be asked again: Retry-After and the X-RateLimit-Reset family, in
// every form that is seen. Pure; the clock is handed in.
//
// The answer's own Date, where it has one, is what absolute times are held against, so that a wrong
// clock here neither waits for hours nor not at all. What cannot be read says nothing.
#pragma once

#include <gatepost/namespace.hpp>
#include <gatepost/network.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

namespace detail {

// A whole, unsigned number and nothing else; a fraction is cut off.
inline std::optional<int64_t> whole_number(std::string_view text) noexcept {
    int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || value < 0 || text.starts_with('-')) return std::nullopt;
    if (read.ptr != end && *read.ptr != '.') return std::nullopt;
    return value;
}

inline std::string_view next_word(std::string_view& text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(" ,"), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(" ,"));
    text.remove_prefix(word.size());
    return word;
}

inline std::optional<int64_t> clock_seconds(std::string_view text) noexcept {
    const bool shaped = (text.size() == 8 || text.size() == 5) && text[2] == ':' &&
                        (text.size() == 5 || text[5] == ':');
    if (!shaped) return std::nullopt;
    const auto hours = whole_number(text.substr(0, 2));
    const auto minutes = whole_number(text.substr(3, 2));
    const auto seconds = text.size() == 8 ? whole_number(text.substr(6, 2)) : 0;
    if (!hours || !minutes || !seconds) return std::nullopt;
    if (*hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
    return (*hours * 60 + *minutes) * 60 + *seconds;
}

// "GMT", "UTC", "+0130"; seconds east of Greenwich.
inline std::optional<int64_t> zone_seconds(std::string_view text) noexcept {
    if (text == "GMT" || text == "UTC" || text == "Z") return 0;
    if (text.size() != 5 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const auto hours = whole_number(text.substr(1, 2));
    const auto minutes = whole_number(text.substr(3, 2));
    if (!hours || !minutes || *minutes > 59) return std::nullopt;
    const int64_t east = (*hours * 60 + *minutes) * 60;
    return text[0] == '-' ? -east : east;
}

}  // namespace detail

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, RFC 5322) in seconds since 1970.
inline std::optional<int64_t> mail_date(std::string_view text) noexcept {
    static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    std::string_view word = detail::next_word(text);
    if (!word.empty() && (word.front() < '0' || word.front() > '9')) word = detail::next_word(text);
    const auto day = detail::whole_number(word);
    const std::size_t month = months.find(detail::next_word(text).substr(0, 3));
    const auto year = detail::whole_number(detail::next_word(text));
    const auto time = detail::clock_seconds(detail::next_word(text));
    const auto zone = detail::zone_seconds(detail::next_word(text));
    if (!day || !year || !time || !zone || month == months.npos || month % 3 != 0)
        return std::nullopt;
    if (*year < 1970 || *year > 9999 || *day > 31) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    const auto days = std::chrono::sys_days(date).time_since_epoch();
    return std::chrono::seconds(days).count() + *time - *zone;
}

// Between a second and a day: less would hammer, more is left to the gateway's own patience.
inline std::chrono::seconds sane_wait(int64_t seconds) noexcept {
    return std::chrono::seconds(std::clamp<int64_t>(seconds, 1, 86400));
}

// Until the absolute `when`, seen from the answer's Date, else from wall_now (milliseconds).
inline std::chrono::seconds wait_until(int64_t when, const http_reply& answer, int64_t wall_now) {
    const int64_t now = mail_date(answer.header("date")).value_or(wall_now / 1000);
    return sane_wait(when - now);
}

// A number is seconds from now, or seconds or milliseconds since 1970, by its size.
inline std::optional<std::chrono::seconds> wait_from(std::string_view text,
                                                     const http_reply& answer, int64_t wall_now) {
    if (const auto number = detail::whole_number(text)) {
        if (*number > 100'000'000'000) return wait_until(*number / 1000, answer, wall_now);
        if (*number > 1'000'000'000) return wait_until(*number, answer, wall_now);
        return sane_wait(*number);
    }
    if (const auto date = mail_date(text)) return wait_until(*date, answer, wall_now);
    return std::nullopt;
}

// Azure's services and their clients also write milliseconds, beside Retry-After and before it.
inline std::optional<std::chrono::seconds> wait_in_milliseconds(const http_reply& answer) {
    for (const std::string_view name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
        const auto number = detail::whole_number(answer.header(name));
        if (number) return sane_wait(*number / 1000 + (*number % 1000 != 0 ? 1 : 0));
    }
    return std::nullopt;
}

inline std::optional<std::chrono::seconds> retry_after(const http_reply& answer, int64_t wall_now) {
    if (const auto exact = wait_in_milliseconds(answer)) return exact;
    for (const std::string_view name :
         {"retry-after", "x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"}) {
        const auto said = wait_from(answer.header(name), answer, wall_now);
        if (said) return said;
    }
    return std::nullopt;
}

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
