// Plain ASCII domains pass by a look at their characters; only the others go through libidn2
// (IDNA 2008, non-transitional), and what libidn2 gives is looked at again, because its mapping may
// bring forth characters that were not there.
#include "mail/domain.hpp"

#include <arpa/inet.h>
#include <idn2.h>

#include <array>
#include <memory>

#include "base/text.hpp"
#include "mail/code_points.hpp"

namespace gatepost::mail {
namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

error bad(std::string sentence) {
    return {error_kind::invalid, "the domain " + sentence};
}

bool is_address_literal(std::string_view inner) {
    std::array<unsigned char, 16> scratch{};
    constexpr std::string_view tag = "IPv6:";
    if (text::equal_ignoring_case(inner.substr(0, tag.size()), tag)) {
        return ::inet_pton(AF_INET6, std::string(inner.substr(tag.size())).c_str(),
                           scratch.data()) == 1;
    }
    return ::inet_pton(AF_INET, std::string(inner).c_str(), scratch.data()) == 1;
}

// Names the first thing that is wrong with labels that are all ASCII.
status check_labels(std::string_view domain) {
    size_t label = 0;
    for (size_t i = 0; i <= domain.size(); ++i) {
        if (i < domain.size() && domain[i] != '.') {
            if (is_letter_or_digit(domain[i]) || domain[i] == '-') continue;
            const auto value = static_cast<unsigned char>(domain[i]);
            return bad("holds " + name_code_point(value) + ", which no host name has.");
        }
        if (i == label) return bad("has an empty label (two dots, or a dot at an end).");
        if (i - label > 63) return bad("has a label of more than 63 characters.");
        if (domain[label] == '-' || domain[i - 1] == '-') {
            return bad("has a label that begins or ends with a hyphen (U+002D).");
        }
        label = i + 1;
    }
    return success{};
}

status check_characters(std::string_view domain) {
    while (!domain.empty()) {
        const code_point c = first_code_point(domain);
        if (c.value == bad_code_point) return bad("is not well-formed UTF-8.");
        if (is_hostile(c.value)) {
            return bad("holds " + name_code_point(c.value) + ", which cannot be seen or printed.");
        }
        domain.remove_prefix(c.length);
    }
    return success{};
}

result<std::string> through_idna(std::string_view domain) {
    const std::string input(domain);
    char* output = nullptr;
    const int code = ::idn2_lookup_u8(reinterpret_cast<const uint8_t*>(input.c_str()),
                                      reinterpret_cast<uint8_t**>(&output),
                                      IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (code != IDN2_OK) {
        return bad(std::string("is not a valid international name: ") + ::idn2_strerror(code) +
                   ".");
    }
    const std::unique_ptr<char, decltype(&::idn2_free)> owner(output, &::idn2_free);
    std::string ascii(output);
    if (const auto labels = check_labels(ascii); !labels) return labels.error();
    return ascii;
}

}  // namespace

bool is_plain_domain(std::string_view domain) {
    size_t label = 0;
    for (size_t i = 0; i <= domain.size(); ++i) {
        if (i < domain.size() && domain[i] != '.') {
            if (!is_letter_or_digit(domain[i]) && domain[i] != '-') return false;
            continue;
        }
        if (i == label || i - label > 63 || domain[label] == '-' || domain[i - 1] == '-') {
            return false;
        }
        // xn-- must hold a valid name, and ??-- is reserved: both are libidn2's to judge.
        if (i - label >= 4 && domain[label + 2] == '-' && domain[label + 3] == '-') return false;
        label = i + 1;
    }
    return true;
}

result<std::string> domain_to_ascii(std::string_view domain) {
    if (is_plain_domain(domain)) return std::string(domain);
    if (domain.empty()) return bad("is missing.");
    if (domain.front() == '[') {
        const bool closed = domain.size() > 2 && domain.back() == ']';
        if (closed && is_address_literal(domain.substr(1, domain.size() - 2))) {
            return std::string(domain);
        }
        return bad("is not an address like [192.0.2.1] or [IPv6:2001:db8::1].");
    }
    if (const auto characters = check_characters(domain); !characters) return characters.error();
    if (text::is_ascii(domain)) {
        if (const auto labels = check_labels(domain); !labels) return labels.error();
    }
    return through_idna(domain);
}

}  // namespace gatepost::mail
