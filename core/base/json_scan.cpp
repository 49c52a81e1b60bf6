// The hot loops of the JSON reader. Runs are looked through in blocks of bytes by gcc's and clang's
// vectors, which become the machine's instructions where it has them, and loops elsewhere.
#include "base/json_scan.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>

namespace gatepost::json_scan {

namespace {

constexpr uint64_t high_bits = 0x8080808080808080ULL;

using block [[gnu::vector_size(16)]] = unsigned char;

block block_at(const char* data) {
    block loaded;
    std::memcpy(&loaded, data, sizeof loaded);
    return loaded;
}

template <class Vector>
uint64_t any_of(const Vector& bytes) {
    uint64_t words[2];
    static_assert(sizeof words == sizeof bytes);
    std::memcpy(words, &bytes, sizeof words);
    return words[0] | words[1];
}

bool stops(char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

bool is_tail(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

size_t ascii_length(const char* data, size_t size) {
    size_t at = 0;
    for (uint64_t word; at + 8 <= size; at += 8) {
        std::memcpy(&word, data + at, 8);
        if ((word & high_bits) != 0) break;
    }
    while (at < size && static_cast<unsigned char>(data[at]) < 0x80)
        ++at;
    return at;
}

struct sequence {
    size_t length = 0;  // 0: no sequence begins with this byte
    unsigned second_low = 0x80, second_high = 0xbf;
};

sequence sequence_of(unsigned char lead) {
    if (lead < 0xc2) return {};
    if (lead < 0xe0) return {2};
    if (lead == 0xe0) return {3, 0xa0, 0xbf};
    if (lead == 0xed) return {3, 0x80, 0x9f};  // above: surrogates
    if (lead < 0xf0) return {3};
    if (lead == 0xf0) return {4, 0x90, 0xbf};
    if (lead < 0xf4) return {4};
    if (lead == 0xf4) return {4, 0x80, 0x8f};
    return {};
}

bool tails_fit(std::string_view bytes, const sequence& expected) {
    if (bytes.size() < 2) return true;
    const auto second = static_cast<unsigned char>(bytes[1]);
    return second >= expected.second_low && second <= expected.second_high &&
           std::all_of(bytes.begin() + 2, bytes.end(), is_tail);
}

size_t skip_digits(std::string_view text, size_t at) {
    while (at < text.size() && text[at] >= '0' && text[at] <= '9')
        ++at;
    return at;
}

// number = [ minus ] int [ frac ] [ exp ]; tells whether it is one, and whether an integer.
bool is_number(std::string_view text, bool& integer) {
    size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
    const size_t digits = at;
    at = skip_digits(text, at);
    if (at == digits || (text[digits] == '0' && at > digits + 1)) return false;
    integer = at == text.size();
    if (at < text.size() && text[at] == '.') {
        const size_t fraction = ++at;
        at = skip_digits(text, at);
        if (at == fraction) return false;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        const size_t exponent = at;
        at = skip_digits(text, at);
        if (at == exponent) return false;
    }
    return at == text.size();
}

// from_chars gives one answer for too large and too small; the decimal exponent of the first digit
// that is not zero tells them apart.
bool is_tiny(std::string_view text) {
    const size_t e = text.find_first_of("eE");
    const std::string_view mantissa = text.substr(0, e);
    const size_t point = std::min(mantissa.find('.'), mantissa.size());
    const size_t first = mantissa.find_first_of("123456789");
    if (first == std::string_view::npos) return true;
    int64_t exponent = static_cast<int64_t>(point) - static_cast<int64_t>(first);
    if (e != std::string_view::npos) {
        const bool negative = text[e + 1] == '-';
        const size_t digits = e + 1 + (negative || text[e + 1] == '+' ? 1 : 0);
        int64_t given = 0;
        const auto end = text.data() + text.size();
        if (std::from_chars(text.data() + digits, end, given).ec != std::errc{}) return negative;
        exponent += negative ? -given : given;
    }
    return exponent < 0;
}

}  // namespace

string_run find_run(std::string_view bytes) {
    const char* data = bytes.data();
    const size_t size = bytes.size();
    size_t at = 0;
    block seen{};
    for (; at + sizeof(block) <= size; at += sizeof(block)) {
        const block next = block_at(data + at);
        if (any_of((next == '"') | (next == '\\') | (next < 0x20)) != 0) break;
        seen |= next;
    }
    unsigned char rest = 0;
    for (; at < size && !stops(data[at]); ++at)
        rest |= static_cast<unsigned char>(data[at]);
    return {at, (any_of(seen) & high_bits) == 0 && rest < 0x80};
}

utf8_check check_utf8(std::string_view bytes) {
    const char* data = bytes.data();
    const size_t size = bytes.size();
    size_t at = 0;
    while (at < size) {
        const auto lead = static_cast<unsigned char>(data[at]);
        if (lead < 0x80) {
            at += ascii_length(data + at, size - at);
        } else if (lead >= 0xc2 && lead < 0xe0 && at + 1 < size && is_tail(data[at + 1])) {
            at += 2;
        } else {
            const sequence next = sequence_of(lead);
            const size_t available = std::min(next.length, size - at);
            if (next.length == 0 || !tails_fit(bytes.substr(at, available), next))
                return {at, false};
            if (available < next.length) return {at, true};
            at += next.length;
        }
    }
    return {at, false};
}

void append_utf8(std::string& out, uint32_t code_point) {
    const auto tail = [&](unsigned shift) {
        out += static_cast<char>(0x80 | ((code_point >> shift) & 0x3f));
    };
    if (code_point < 0x80) {
        out += static_cast<char>(code_point);
    } else if (code_point < 0x800) {
        out += static_cast<char>(0xc0 | (code_point >> 6));
        tail(0);
    } else if (code_point < 0x10000) {
        out += static_cast<char>(0xe0 | (code_point >> 12));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0 | (code_point >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

number read_number(std::string_view text) {
    bool integer = false;
    if (!is_number(text, integer)) return bad_number::grammar;
    const char* end = text.data() + text.size();
    if (integer) {
        int64_t value = 0;
        if (std::from_chars(text.data(), end, value).ec == std::errc{}) return value;
    }
    double value = 0;
    if (std::from_chars(text.data(), end, value).ec == std::errc{}) return value;
    if (is_tiny(text)) return 0.0;
    return bad_number::range;
}

std::optional<uint32_t> key_set::finish(uint32_t object) {
    const std::string_view key = unfinished();
    const size_t hash = std::hash<std::string_view>{}(key) ^ (object * size_t{0x9e3779b97f4a7c15});
    if (slots_.size() < 2 * (entries_.size() + 1)) grow();
    size_t slot = slot_of(hash);
    for (; slots_[slot] != 0; slot = slot_of(slot + 1)) {
        const entry& other = entries_[slots_[slot] - 1];
        if (other.hash == hash && other.object == object && (*this)[slots_[slot] - 1] == key)
            return std::nullopt;
    }
    entries_.push_back({hash, start_, static_cast<uint32_t>(key.size()), object});
    slots_[slot] = static_cast<uint32_t>(entries_.size());
    start_ = bytes_.size();
    return static_cast<uint32_t>(entries_.size() - 1);
}

std::string_view key_set::operator[](uint32_t which) const {
    return std::string_view(bytes_).substr(entries_[which].start, entries_[which].length);
}

void key_set::grow() {
    slots_.assign(std::max<size_t>(64, slots_.size() * 2), 0);
    for (size_t i = 0; i < entries_.size(); ++i) {
        size_t slot = slot_of(entries_[i].hash);
        while (slots_[slot] != 0)
            slot = slot_of(slot + 1);
        slots_[slot] = static_cast<uint32_t>(i + 1);
    }
}

}  // namespace gatepost::json_scan
