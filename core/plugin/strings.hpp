// Between the ABI's values and the core's: strings both ways, arrays by their stride, and structs
// that may be shorter or longer than the ones this host was compiled with. Whatever comes from a
// plugin may be wrong in every respect that can be seen without touching its memory.
#pragma once

#include <gatepost/abi.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace gatepost::plugin {

inline gatepost_string string_of(std::string_view text) {
    return {text.data(), text.size()};
}

inline std::string_view view_of(gatepost_string text) {
    return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

// Safe to keep and to log. Touches at most twice `max_bytes` of what the plugin points to.
inline std::string safe_text(gatepost_string text, size_t max_bytes) {
    const std::string_view whole = view_of(text);
    return text::sanitize(whole.substr(0, max_bytes * 2), max_bytes);
}

// A struct that begins with `size`, as far as it is there; the rest is zero. Null gives zeros.
template <class Struct>
Struct copy_sized(const Struct* from) {
    Struct copy{};
    if (from == nullptr) return copy;
    uint32_t size = 0;
    std::memcpy(&size, from, sizeof size);
    std::memcpy(&copy, from, std::min<size_t>(size, sizeof copy));
    return copy;
}

// True if the array can be stepped through as items of this type.
template <class Item>
bool is_array_of(gatepost_array array) {
    return array.count == 0 || (array.items != nullptr && array.stride >= sizeof(Item));
}

template <class Item>
Item item_of(gatepost_array array, uint32_t index) {
    Item item{};
    std::memcpy(&item, static_cast<const char*>(array.items) + size_t{index} * array.stride,
                sizeof item);
    return item;
}

}  // namespace gatepost::plugin
