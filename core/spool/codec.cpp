// The checksum multiplies whole words, because it runs over every message's content; the rest is
// plain.
#include "spool/codec.hpp"

#include <bit>
#include <cstring>

namespace gatepost::spool {
namespace {

uint64_t load_word(const char* at, size_t size) {
    uint64_t word = 0;
    std::memcpy(&word, at, size);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

uint64_t mix(uint64_t sum, uint64_t word) {
    sum = (sum ^ word) * 0x9fb21c651e98df25ULL;
    return sum ^ sum >> 29;
}

}  // namespace

uint64_t checksum(std::string_view bytes) {
    uint64_t sum = mix(0x6761746570 /* "gatep" */, bytes.size());
    for (; bytes.size() >= 8; bytes.remove_prefix(8))
        sum = mix(sum, load_word(bytes.data(), 8));
    if (!bytes.empty()) sum = mix(sum, load_word(bytes.data(), bytes.size()));
    return mix(sum, 0);
}

void byte_writer::fixed64(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8)
        u8(static_cast<uint8_t>(value >> shift));
}

void byte_writer::number(uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        u8(static_cast<uint8_t>(value | 0x80));
    u8(static_cast<uint8_t>(value));
}

uint8_t byte_reader::u8() {
    if (rest_.empty()) {
        fail();
        return 0;
    }
    const auto value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
}

uint8_t byte_reader::u8_within(uint8_t least, uint8_t most) {
    const uint8_t value = u8();
    if (value >= least && value <= most) return value;
    fail();
    return least;
}

uint64_t byte_reader::fixed64() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 8)
        value |= static_cast<uint64_t>(u8()) << shift;
    return value;
}

uint64_t byte_reader::number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const uint8_t byte = u8();
        if (shift == 63 && byte > 1) break;
        value |= static_cast<uint64_t>(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) return value;
    }
    fail();
    return 0;
}

uint32_t byte_reader::number32() {
    const uint64_t value = number();
    if (value > UINT32_MAX) fail();
    return failed_ ? 0 : static_cast<uint32_t>(value);
}

size_t byte_reader::count(size_t least_bytes) {
    const uint64_t value = number();
    if (value > rest_.size() / least_bytes) fail();
    return failed_ ? 0 : static_cast<size_t>(value);
}

std::string_view byte_reader::text() {
    const size_t size = count();
    return take(size);
}

std::string_view byte_reader::take(size_t size) {
    if (size > rest_.size()) fail();
    if (failed_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
}

std::optional<wall_time> byte_reader::optional_time() {
    if (!flag()) return std::nullopt;
    return time();
}

}  // namespace gatepost::spool
