// One table of units for each kind; reading and writing go through it.
#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

#include "base/text.hpp"

namespace gatepost::config {

namespace {

using unit = std::pair<std::string_view, uint64_t>;

constexpr std::array<unit, 5> durations{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<unit, 7> sizes{{{"B", 1},
                                     {"kB", 1000},
                                     {"MB", 1'000'000},
                                     {"GB", 1'000'000'000},
                                     {"KiB", 1ULL << 10},
                                     {"MiB", 1ULL << 20},
                                     {"GiB", 1ULL << 30}}};

std::optional<uint64_t> parse(std::string_view text, std::span<const unit> units) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = text::parse_unsigned(text.substr(0, digits));
    if (!number) return std::nullopt;
    for (const auto& [name, factor] : units) {
        if (text.substr(digits) != name) continue;
        if (*number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / factor)
            return std::nullopt;
        return *number * factor;
    }
    return std::nullopt;
}

// By the largest unit that leaves no rest.
std::string format(uint64_t value, std::span<const unit> units) {
    unit best = units.front();
    for (const unit& each : units)
        if (value != 0 && value % each.second == 0 && each.second >= best.second) best = each;
    return std::to_string(value / best.second) + std::string(best.first);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto value = parse(text, durations);
    if (!value) return std::nullopt;
    return std::chrono::milliseconds(static_cast<int64_t>(*value));
}

std::string format_duration(std::chrono::milliseconds value) {
    return format(static_cast<uint64_t>(value.count()), durations);
}

std::optional<uint64_t> parse_size(std::string_view text) {
    return parse(text, sizes);
}

std::string format_size(uint64_t bytes) {
    return format(bytes, sizes);
}

std::optional<unsigned> parse_mode(std::string_view text) {
    if (text.size() < 3 || text.size() > 4 || (text.size() == 4 && text[0] != '0'))
        return std::nullopt;
    unsigned mode = 0;
    for (const char c : text) {
        if (c < '0' || c > '7') return std::nullopt;
        mode = mode * 8 + static_cast<unsigned>(c - '0');
    }
    return mode;
}

}  // namespace gatepost::config
