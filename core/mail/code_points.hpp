// Walking UTF-8 one code point at a time; private to this room. A step over bad UTF-8 gives one
// byte with `value` = bad_code_point, so that a loop always ends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::mail {

inline constexpr char32_t bad_code_point = 0xFFFFFFFF;

struct code_point {
    char32_t value = bad_code_point;
    size_t length = 1;  // in bytes
};

// `text` is not empty.
code_point first_code_point(std::string_view text);
// "U+0085"
std::string name_code_point(char32_t value);
// What no address may hold anywhere: controls, spaces of every width, line and paragraph
// separators, marks that turn the writing direction, noncharacters.
bool is_hostile(char32_t value);

}  // namespace gatepost::mail
