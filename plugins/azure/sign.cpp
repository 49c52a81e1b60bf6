// See sign.hpp.
#include "sign.hpp"

#include <array>
#include <chrono>

namespace azure {
namespace {

void put(std::string& out, int64_t value, std::size_t width) {
    const std::string text = std::to_string(value);
    out.append(width > text.size() ? width - text.size() : 0, '0').append(text);
}

int value_of(char letter) noexcept {
    static constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t at = letters.find(letter);
    return at == letters.npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string mail_date_text(int64_t milliseconds) {
    using namespace std::chrono;
    static constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed",
                                                          "Thu", "Fri", "Sat"};
    static constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sys_seconds when{floor<seconds>(std::chrono::milliseconds(milliseconds))};
    const sys_days day = floor<std::chrono::days>(when);
    const year_month_day date(day);
    const hh_mm_ss time(when - day);
    std::string out(days[weekday(day).c_encoding()]);
    out += ", ";
    put(out, static_cast<unsigned>(date.day()), 2);
    out.append(" ").append(months[static_cast<unsigned>(date.month()) - 1]).append(" ");
    put(out, static_cast<int>(date.year()), 4);
    out += ' ';
    put(out, time.hours().count(), 2);
    out += ':';
    put(out, time.minutes().count(), 2);
    out += ':';
    put(out, time.seconds().count(), 2);
    return out + " GMT";
}

std::string string_to_sign(std::string_view method, std::string_view path_and_query,
                           std::string_view date, std::string_view host,
                           std::string_view content_hash) {
    std::string out;
    out.append(method).append("\n").append(path_and_query).append("\n");
    return out.append(date).append(";").append(host).append(";").append(content_hash);
}

std::string authorization(std::string_view signature) {
    return "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=" +
           std::string(signature);
}

std::optional<std::string> from_base64(std::string_view text) {
    std::size_t fill = 0;
    while (fill < 2 && text.ends_with('=')) {
        text.remove_suffix(1);
        ++fill;
    }
    if ((text.size() + fill) % 4 != 0) return std::nullopt;
    std::string out;
    uint32_t bits = 0;
    int count = 0;
    for (const char letter : text) {
        const int value = value_of(letter);
        if (value < 0) return std::nullopt;
        bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xFFFFFF;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(static_cast<unsigned char>(bits >> count & 0xFF));
    }
    return out;
}

std::string uuid_of(std::string_view bytes) {
    static constexpr char letters[] = "0123456789abcdef";
    std::string out;
    for (std::size_t at = 0; at < 16; ++at) {
        auto byte =
            static_cast<unsigned>(at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0);
        if (at == 6) byte = (byte & 0x0F) | 0x80;
        if (at == 8) byte = (byte & 0x3F) | 0x80;
        if (at == 4 || at == 6 || at == 8 || at == 10) out += '-';
        out += letters[byte >> 4];
        out += letters[byte & 15];
    }
    return out;
}

}  // namespace azure
