// The decoder is strict (RFC 3629): overlong forms and surrogates are bad bytes, not characters.
#include "mail/code_points.hpp"

#include <array>
#include <cstdio>

namespace gatepost::mail {
namespace {

struct range {
    char32_t first, last;
};

constexpr range hostile[] = {
    {0x0000, 0x0020}, {0x007F, 0x00A0}, {0x00AD, 0x00AD}, {0x061C, 0x061C}, {0x1680, 0x1680},
    {0x180E, 0x180E}, {0x2000, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x2060},
    {0x2066, 0x206F}, {0x3000, 0x3000}, {0xFDD0, 0xFDEF}, {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFF},
};

}  // namespace

code_point first_code_point(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) return {lead, 1};
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
    char32_t value = lead & (0x7FU >> length);
    for (size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0U) != 0x80U) return {};
        value = value << 6 | (byte & 0x3FU);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < least[length] || surrogate || value > 0x10FFFF) return {};
    return {value, length};
}

std::string name_code_point(char32_t value) {
    std::array<char, 16> buffer{};
    const int size =
        std::snprintf(buffer.data(), buffer.size(), "U+%04X", static_cast<unsigned>(value));
    return {buffer.data(), static_cast<size_t>(size)};
}

bool is_hostile(char32_t value) {
    for (const range& each : hostile) {
        if (value >= each.first && value <= each.last) return true;
    }
    return (value & 0xFFFE) == 0xFFFE;
}

}  // namespace gatepost::mail
