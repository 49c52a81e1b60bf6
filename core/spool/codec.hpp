// Bytes on disk: little-endian integers, variable-length integers, length-prefixed strings, and a
// checksum. Writing cannot fail. Reading is total: every read past the end or out of range sets
// `failed`, gives zero or empty from then on, and never looks outside the bytes it was given.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace gatepost::spool {

// 64 bits over the bytes, eight at a time; finds flipped and missing bytes, not forgers.
uint64_t checksum(std::string_view bytes);

class byte_writer {
  public:
    explicit byte_writer(std::string& out) : out_(out) {}

    void u8(uint8_t value) { out_.push_back(static_cast<char>(value)); }
    void fixed64(uint64_t value);
    void number(uint64_t value);  // LEB128
    void text(std::string_view value) {
        number(value.size());
        out_.append(value);
    }
    void flag(bool value) { u8(value ? 1 : 0); }
    void time(wall_time value) { number(static_cast<uint64_t>(value.time_since_epoch().count())); }
    void time(const std::optional<wall_time>& value) {
        flag(value.has_value());
        if (value) time(*value);
    }

  private:
    std::string& out_;
};

class byte_reader {
  public:
    explicit byte_reader(std::string_view bytes) : rest_(bytes) {}

    uint8_t u8();
    // A byte that must lie in [least, most].
    uint8_t u8_within(uint8_t least, uint8_t most);
    uint64_t fixed64();
    uint64_t number();
    uint32_t number32();
    // A count of things that take at least `least_bytes` each: never more than the bytes left can
    // hold, so that garbage cannot make a reader reserve memory.
    size_t count(size_t least_bytes = 1);
    std::string_view text();
    bool flag() { return u8_within(0, 1) == 1; }
    wall_time time() {
        return wall_time{std::chrono::milliseconds{static_cast<int64_t>(number())}};
    }
    std::optional<wall_time> optional_time();
    std::string_view take(size_t size);

    void fail() {
        failed_ = true;
        rest_ = {};
    }
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

  private:
    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace gatepost::spool
