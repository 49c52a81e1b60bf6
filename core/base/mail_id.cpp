#include "base/mail_id.hpp"

#include <algorithm>

namespace gatepost {
namespace {
constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t length = 13;
constexpr int counter_bits = 20;
}  // namespace

std::string mail_id::to_string() const {
    std::string out(length, '0');
    uint64_t rest = value;
    for (size_t i = length; i-- > 0; rest >>= 5)
        out[i] = alphabet[rest & 31];
    return out;
}

wall_time mail_id::time() const {
    return wall_time(std::chrono::milliseconds(value >> counter_bits));
}

std::optional<mail_id> mail_id::parse(std::string_view text) {
    if (text.size() != length) return std::nullopt;
    uint64_t value = 0;
    for (const char c : text) {
        const size_t digit = alphabet.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        if (value >> 58 != 0) return std::nullopt;  // would pass 63 bits
        value = value << 5 | digit;
    }
    return mail_id{value};
}

mail_id mail_id_source::next(wall_time now) {
    // A clock that stands before 1970 or far in the future would pass the 63 bits.
    constexpr int64_t latest = (int64_t{1} << (63 - counter_bits)) - 1;
    const auto time =
        static_cast<uint64_t>(std::clamp<int64_t>(now.time_since_epoch().count(), 0, latest))
        << counter_bits;
    uint64_t last = last_.load(std::memory_order_relaxed);
    uint64_t chosen = 0;
    do {
        chosen = std::max(last + 1, time);
    } while (!last_.compare_exchange_weak(last, chosen, std::memory_order_relaxed));
    return {chosen};
}

}  // namespace gatepost
