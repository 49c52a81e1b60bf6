// Durations, sizes and modes as people write them in TOML.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::config {

// "500ms", "30s", "5m", "48h", "7d"; one number, one unit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds value);
// "50MiB", "512KiB", "1GiB", "10MB", "64kB", "100B"
std::optional<uint64_t> parse_size(std::string_view text);
std::string format_size(uint64_t bytes);
// "0660": octal, at most 0777.
std::optional<unsigned> parse_mode(std::string_view text);

}  // namespace gatepost::config
