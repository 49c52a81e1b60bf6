// See text.hpp. Dates are reckoned by std::chrono's calendar, which knows no locale.
#include "text.hpp"

#include <gatepost/mail_text.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace ses {
namespace {

bool is_atom(char letter) noexcept {
    const bool alphanumeric = (letter >= '0' && letter <= '9') ||
                              (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
    return alphanumeric ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(letter) != std::string::npos;
}

// Atoms with single spaces between them: needs no quotes.
bool is_phrase(std::string_view name) noexcept {
    if (name.front() == ' ' || name.back() == ' ' || name.find("  ") != name.npos) return false;
    return std::all_of(name.begin(), name.end(),
                       [](char letter) { return letter == ' ' || is_atom(letter); });
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
    if (at + count > text.size()) return std::nullopt;
    int value = 0;
    const char* const begin = text.data() + at;
    const auto read = std::from_chars(begin, begin + count, value);
    if (read.ec != std::errc() || read.ptr != begin + count || value < 0) return std::nullopt;
    return value;
}

struct civil {
    std::optional<int> year, month, day, hour, minute, second;
};

std::optional<int64_t> milliseconds(const civil& from) noexcept {
    if (!from.year || !from.month || !from.day || !from.hour || !from.minute || !from.second)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*from.year),
                                           std::chrono::month(static_cast<unsigned>(*from.month)),
                                           std::chrono::day(static_cast<unsigned>(*from.day))};
    if (!date.ok() || *from.hour > 23 || *from.minute > 59 || *from.second > 60)
        return std::nullopt;
    const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return (((days * 24 + *from.hour) * 60 + *from.minute) * 60 + *from.second) * 1000;
}

void put(std::string& out, int value, std::size_t width) {
    const std::string text = std::to_string(value);
    out.append(width > text.size() ? width - text.size() : 0, '0').append(text);
}

}  // namespace

std::string hex(std::string_view bytes) {
    static constexpr char letters[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        out += letters[value >> 4];
        out += letters[value & 15];
    }
    return out;
}

bool is_printable(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char letter) { return letter >= 32 && letter < 127; });
}

std::string header_value(std::string_view text) {
    const bool plain = is_printable(text) && text.find("=?") == text.npos;
    return plain ? std::string(text) : gatepost::sdk::encoded_words(text);
}

std::string mailbox_text(const gatepost::sdk::mailbox& who) {
    const std::string address(gatepost::sdk::wire_address(who));
    if (who.name.empty()) return address;
    const bool plain = is_printable(who.name) && who.name.find("=?") == who.name.npos;
    const std::string name = plain && !is_phrase(who.name) ? gatepost::sdk::quoted_string(who.name)
                                                           : header_value(who.name);
    return name + " <" + address + ">";
}

std::string_view domain_of(std::string_view address) noexcept {
    const std::size_t sign = address.rfind('@');
    return sign == address.npos ? std::string_view() : address.substr(sign + 1);
}

std::string amz_date(int64_t milliseconds) {
    using namespace std::chrono;
    const sys_seconds when{floor<seconds>(std::chrono::milliseconds(milliseconds))};
    const sys_days day = floor<days>(when);
    const year_month_day date(day);
    const hh_mm_ss time(when - day);
    std::string out;
    put(out, static_cast<int>(date.year()), 4);
    put(out, static_cast<int>(static_cast<unsigned>(date.month())), 2);
    put(out, static_cast<int>(static_cast<unsigned>(date.day())), 2);
    out += 'T';
    put(out, static_cast<int>(time.hours().count()), 2);
    put(out, static_cast<int>(time.minutes().count()), 2);
    put(out, static_cast<int>(time.seconds().count()), 2);
    return out + 'Z';
}

std::optional<int64_t> iso_date(std::string_view text) noexcept {
    if (text.size() < 20 || text[10] != 'T' || text.back() != 'Z') return std::nullopt;
    return milliseconds({digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2),
                         digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)});
}

}  // namespace ses
