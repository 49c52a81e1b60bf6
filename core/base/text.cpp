#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace gatepost::text {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The length of the well-formed UTF-8 sequence at the front of `text`, 0 if it is not well-formed
// (RFC 3629).
size_t sequence_length(std::string_view text) {
    const auto at = [&](size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto tail = [&](size_t i) { return (at(i) & 0xC0U) == 0x80U; };
    const unsigned lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (lead == 0xE0 && at(1) < 0xA0) return 0;
        if (lead == 0xED && at(1) > 0x9F) return 0;
        return tail(1) && tail(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (lead == 0xF0 && at(1) < 0x90) return 0;
        if (lead == 0xF4 && at(1) > 0x8F) return 0;
        return tail(1) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

// `sequence` is one well-formed UTF-8 sequence.
bool is_control_sequence(std::string_view sequence) {
    const auto lead = static_cast<unsigned char>(sequence[0]);
    if (sequence.size() == 1) return lead < 0x20 || lead == 0x7F;
    if (sequence.size() == 2) return lead == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
    return sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9";
}

void append_hex(std::string& out, unsigned char byte) {
    out += "\\x";
    out += hex_digits[byte >> 4];
    out += hex_digits[byte & 15];
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr std::array<int8_t, 256> base64_values = [] {
    std::array<int8_t, 256> values{};
    values.fill(-1);
    for (size_t i = 0; i < base64_alphabet.size(); ++i) {
        values[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<int8_t>(i);
    }
    return values;
}();

void put_group(uint32_t bits, char*& to) {
    to[0] = static_cast<char>(bits >> 16);
    to[1] = static_cast<char>(bits >> 8);
    to[2] = static_cast<char>(bits);
    to += 3;
}

// Whole groups of four letters, as far as they follow one another: nearly all of a large text.
void decode_groups(std::string_view& text, char*& to) {
    const auto value = [&](size_t i) -> int {
        return base64_values[static_cast<unsigned char>(text[i])];
    };
    for (; text.size() >= 4; text.remove_prefix(4)) {
        const int bits = value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
        if (bits < 0) return;  // -1 is in it, and stays in it
        put_group(static_cast<uint32_t>(bits), to);
    }
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool has_control(std::string_view text) {
    while (!text.empty()) {
        const size_t length = std::max<size_t>(sequence_length(text), 1);
        if (is_control_sequence(text.substr(0, length))) return true;
        text.remove_prefix(length);
    }
    return false;
}

std::string_view truncate_utf8(std::string_view text, size_t bytes) {
    if (text.size() <= bytes) return text;
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U)
        --bytes;
    return text.substr(0, bytes);
}

std::string escape_for_log(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const size_t length = sequence_length(text);
        const std::string_view sequence = text.substr(0, std::max<size_t>(length, 1));
        if (sequence == "\n") {
            out += "\\n";
        } else if (sequence == "\r") {
            out += "\\r";
        } else if (sequence == "\"" || sequence == "\\") {
            (out += '\\') += sequence;
        } else if (length == 0 || is_control_sequence(sequence)) {
            for (const char byte : sequence)
                append_hex(out, static_cast<unsigned char>(byte));
        } else {
            out += sequence;
        }
        text.remove_prefix(sequence.size());
    }
    return out;
}

std::string sanitize(std::string_view text, size_t max_bytes) {
    std::string out;
    out.reserve(std::min(text.size(), max_bytes));
    while (!text.empty() && out.size() < max_bytes) {
        const size_t length = sequence_length(text);
        const std::string_view sequence = text.substr(0, std::max<size_t>(length, 1));
        if (length == 0) {
            out += "\xEF\xBF\xBD";
        } else if (is_control_sequence(sequence)) {
            out += ' ';
        } else {
            out += sequence;
        }
        text.remove_prefix(sequence.size());
    }
    out.resize(truncate_utf8(out, max_bytes).size());
    return out;
}

std::string_view trim(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<uint64_t> parse_unsigned(std::string_view text) {
    if (text.empty() || text.size() > 20) return std::nullopt;
    uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        const auto digit = static_cast<uint64_t>(c - '0');
        if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
        value = value * 10 + digit;
    }
    return value;
}

std::string to_hex(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += hex_digits[byte >> 4];
        out += hex_digits[byte & 15];
    }
    return out;
}

std::string base64_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t have = std::min<size_t>(3, bytes.size() - i);
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; ++k)
            bits = bits << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (size_t k = 0; k < 4; ++k)
            out += k <= have ? base64_alphabet[bits >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

bool base64_decoder::feed(std::string_view piece, std::string& out) {
    const size_t before = out.size();
    out.resize(before + piece.size() / 4 * 3 + 3);
    char* to = out.data() + before;
    bool good = true;
    while (good && !piece.empty()) {
        if (count_ == 0 && padding_ == 0) decode_groups(piece, to);
        if (piece.empty()) break;
        good = take(piece.front(), to);
        piece.remove_prefix(1);
    }
    out.resize(static_cast<size_t>(to - out.data()));
    return good;
}

bool base64_decoder::take(char letter, char*& to) {
    const int value = base64_values[static_cast<unsigned char>(letter)];
    if (value >= 0) {
        if (padding_ > 0) return false;
        bits_ = bits_ << 6 | static_cast<uint32_t>(value);
        if (++count_ == 4) {
            put_group(bits_, to);
            count_ = 0;
            bits_ = 0;
        }
        return true;
    }
    if (letter == '=') return ++padding_ <= 2 && count_ + padding_ <= 4 && count_ >= 2;
    return letter == '\r' || letter == '\n' || letter == ' ' || letter == '\t';
}

// The last group, padded or not, gives its one or two bytes here. Its unused bits must be zero, so
// that one content has one encoding.
bool base64_decoder::finish(std::string& out) {
    if (count_ == 0) return padding_ == 0;
    if (count_ == 1 || (padding_ != 0 && count_ + padding_ != 4)) return false;
    if ((bits_ & (count_ == 2 ? 0xFU : 0x3U)) != 0) return false;
    out += static_cast<char>(count_ == 2 ? bits_ >> 4 : bits_ >> 10);
    if (count_ == 3) out += static_cast<char>(bits_ >> 2);
    count_ = 0;
    return true;
}

std::optional<std::string> base64_decode(std::string_view text) {
    std::string out;
    base64_decoder decoder;
    if (!decoder.feed(text, out) || !decoder.finish(out)) return std::nullopt;
    return out;
}

void append_pointer(std::string& pointer, std::string_view name) {
    pointer += '/';
    for (const char c : name) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
}

std::string below_pointer(std::string_view pointer, std::string_view name) {
    std::string out(pointer);
    append_pointer(out, name);
    return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += "0123456789ABCDEF"[byte >> 4];
        out += "0123456789ABCDEF"[byte & 15];
    }
    return out;
}

}  // namespace gatepost::text
