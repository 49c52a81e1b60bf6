// Each format is the plain reading of its RFC, without corners that no setting needs: no quoted
// local parts in addresses, no trailing dot in host names.
#include "schema/format.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost::schema {

namespace {

struct named_format {
    std::string_view name, description;
};

// In the order of the enum.
constexpr std::array<named_format, 6> formats{{
    {"hostname", "a host name such as mail.example.com"},
    {"email", "an email address such as name@example.com"},
    {"uri", "a URI such as https://example.com/path"},
    {"ipv4", "an IPv4 address such as 192.0.2.1"},
    {"ipv6", "an IPv6 address such as 2001:db8::1"},
    {"duration", "a duration such as PT30S or P1D"},
}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_high(char c) {
    return static_cast<unsigned char>(c) >= 0x80;
}

// RFC 1123: labels of letters, digits and inner hyphens. `international` also takes UTF-8.
bool is_label(std::string_view label, bool international) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
        return false;
    return std::all_of(label.begin(), label.end(), [&](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || (international && is_high(c));
    });
}

bool is_hostname(std::string_view text, bool international) {
    if (text.empty() || text.size() > 253) return false;
    for (size_t start = 0; start <= text.size();) {
        const size_t dot = std::min(text.find('.', start), text.size());
        if (!is_label(text.substr(start, dot - start), international)) return false;
        start = dot + 1;
    }
    return true;
}

bool is_atom(std::string_view text) {
    static constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter(c) || is_digit(c) || is_high(c) || others.find(c) != others.npos;
    });
}

bool is_email(std::string_view text) {
    const size_t at = text.rfind('@');
    if (at == std::string_view::npos || text.size() > limits::address_bytes) return false;
    const std::string_view local = text.substr(0, at);
    if (local.size() > limits::local_part_bytes || text::has_control(text)) return false;
    for (size_t start = 0; start <= local.size();) {
        const size_t dot = std::min(local.find('.', start), local.size());
        if (!is_atom(local.substr(start, dot - start))) return false;
        start = dot + 1;
    }
    return is_hostname(text.substr(at + 1), true);
}

// RFC 3986: a scheme, a colon, something, and only characters that may stand in a URI.
bool is_uri(std::string_view text) {
    static constexpr std::string_view others = "-._~:/?#[]@!$&'()*+,;=%";
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
    const auto in_scheme = [](char c) {
        return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    };
    if (!is_letter(text[0]) || !std::all_of(text.begin(), text.begin() + colon, in_scheme))
        return false;
    const auto allowed = [](char c) {
        return is_letter(c) || is_digit(c) || others.find(c) != others.npos;
    };
    if (!std::all_of(text.begin(), text.end(), allowed)) return false;
    const std::string_view rest = text.substr(colon + 1);
    if (rest.substr(0, 2) == "//" && (rest.size() == 2 || rest[2] == '/')) return false;
    return text::percent_decode(text).has_value();
}

bool is_ip(int family, std::string_view text) {
    std::array<unsigned char, 16> address{};
    return text.find('\0') == text.npos &&
           ::inet_pton(family, std::string(text).c_str(), address.data()) == 1;
}

// Takes "12H" off the front of `text` for each designator of `units` that is there, in their order;
// gives how many there were.
int take_units(std::string_view& text, std::string_view units) {
    int taken = 0;
    for (const char unit : units) {
        size_t digits = 0;
        while (digits < text.size() && is_digit(text[digits]))
            ++digits;
        if (digits == 0 || digits == text.size() || text[digits] != unit) continue;
        text.remove_prefix(digits + 1);
        ++taken;
    }
    return taken;
}

// RFC 3339 appendix A.
bool is_duration(std::string_view text) {
    if (text.empty() || text[0] != 'P') return false;
    text.remove_prefix(1);
    std::string_view weeks = text;
    if (take_units(weeks, "W") == 1) return weeks.empty();
    const int days = take_units(text, "YMD");
    if (text.empty()) return days > 0;
    if (text[0] != 'T') return false;
    text.remove_prefix(1);
    return take_units(text, "HMS") > 0 && text.empty();
}

}  // namespace

std::optional<format> format_named(std::string_view name) {
    for (size_t i = 0; i < formats.size(); ++i)
        if (formats[i].name == name) return static_cast<format>(i);
    return std::nullopt;
}

bool has_format(format wanted, std::string_view text) {
    switch (wanted) {
        case format::hostname: return is_hostname(text, false);
        case format::email: return is_email(text);
        case format::uri: return is_uri(text);
        case format::ipv4: return is_ip(AF_INET, text);
        case format::ipv6: return is_ip(AF_INET6, text);
        case format::duration: return is_duration(text);
    }
    return false;
}

std::string_view describe(format wanted) {
    return formats[static_cast<size_t>(wanted)].description;
}

}  // namespace gatepost::schema
