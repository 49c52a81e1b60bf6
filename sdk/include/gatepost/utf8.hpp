// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. For json.hpp.
#pragma once

#include <gatepost/namespace.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {
namespace detail {

// Bytes of the well-formed sequence that `text` begins with; 0 if it does not begin with one.
inline std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (text.empty()) return 0;
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return 0;
    unsigned char low = 0x80, high = 0xBF;  // of the second byte
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    if (byte(1) < low || byte(1) > high) return 0;
    for (std::size_t at = 2; at < size; ++at) {
        if (byte(at) < 0x80 || byte(at) > 0xBF) return 0;
    }
    return size;
}

inline void append_utf8(std::string& out, uint32_t letter) {
    const auto put = [&](uint32_t byte) { out += static_cast<char>(static_cast<uint8_t>(byte)); };
    if (letter < 0x80) return put(letter);
    if (letter < 0x800) {
        put(0xC0 | (letter >> 6));
    } else if (letter < 0x10000) {
        put(0xE0 | (letter >> 12));
        put(0x80 | ((letter >> 6) & 0x3F));
    } else {
        put(0xF0 | (letter >> 18));
        put(0x80 | ((letter >> 12) & 0x3F));
        put(0x80 | ((letter >> 6) & 0x3F));
    }
    put(0x80 | (letter & 0x3F));
}

}  // namespace detail
}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
