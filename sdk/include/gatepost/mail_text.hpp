// Text of mail for providers that take it in pieces: base64, encoded words, addresses with names.
//
// Pure. Bytes that are no UTF-8 are encoded as they are. What ends a line becomes a space, so that
// nothing made here can begin a header of its own.
#pragma once

#include <gatepost/message.hpp>
#include <gatepost/namespace.hpp>
#include <gatepost/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

inline std::string base64(std::string_view bytes) {
    static constexpr char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = (bits << 8) | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0u);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= group.size() ? letters[(bits >> (18 - 6 * i)) & 63] : '=';
    }
    return out;
}

inline bool is_ascii(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char letter) { return static_cast<unsigned char>(letter) < 0x80; });
}

// As a header's value may stand: line ends and NUL become spaces.
inline std::string one_line(std::string_view text) {
    std::string out(text);
    std::replace_if(
        out.begin(), out.end(),
        [](char letter) { return letter == '\r' || letter == '\n' || letter == '\0'; }, ' ');
    return out;
}

// RFC 2047: words of at most 75 bytes with a space between them; no letter is torn apart.
inline std::string encoded_words(std::string_view text) {
    constexpr std::size_t most = 45;  // =?UTF-8?B? + 60 + ?=
    std::string out;
    while (!text.empty()) {
        std::size_t size = 0;
        while (size < text.size()) {
            const std::size_t letter = detail::utf8_length(text.substr(size));
            const std::size_t next = size + (letter == 0 ? 1 : letter);
            if (next > most) break;
            size = next;
        }
        if (!out.empty()) out += ' ';
        out.append("=?UTF-8?B?").append(base64(text.substr(0, size))).append("?=");
        text.remove_prefix(size);
    }
    return out;
}

// A header's value for a provider that passes it on as it is.
inline std::string header_text(std::string_view text) {
    const std::string clean = one_line(text);
    return is_ascii(clean) ? clean : encoded_words(clean);
}

// The address as ASCII where it has that form; else as it is.
inline std::string_view wire_address(const mailbox& who) noexcept {
    return who.ascii_address.empty() ? who.address : who.ascii_address;
}

inline std::string quoted_string(std::string_view text) {
    std::string out = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') out += '\\';
        out += letter;
    }
    return out += '"';
}

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
