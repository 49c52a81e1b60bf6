// One code point after another out of UTF-8, for patterns and lengths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::schema {

// The code point at `at`, which moves behind it; nothing at the end and for what is not UTF-8.
std::optional<uint32_t> next_code_point(std::string_view text, size_t& at);

}  // namespace gatepost::schema
