// Memory handed to a plugin so that breaking the contract of abi.h shows.
//
// guarded: every string ends at a page that cannot be read, so a plugin that looks for a NUL
// crashes in the checker and not in a year. future: structs are larger than the plugin's header
// knows, with poisoned tails, and arrays step further. What is released is overwritten first.
#pragma once

#include <gatepost/abi.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace gatepost::check {

struct view_shape {
    bool guarded = false;
    bool future = false;
};

class view_memory {
  public:
    explicit view_memory(view_shape shape = {}) : shape_(shape) {}
    view_memory(const view_memory&) = delete;
    view_memory& operator=(const view_memory&) = delete;
    ~view_memory();

    gatepost_string string(std::string_view text);
    // A copy of a growing struct; `size` is set.
    template <class T>
    T* grow(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        const size_t bytes = sizeof(T) + (shape_.future ? tail_bytes : 0);
        auto* copy = static_cast<T*>(block(bytes));
        std::memcpy(static_cast<void*>(copy), &value, sizeof(T));
        copy->size = static_cast<uint32_t>(bytes);
        return copy;
    }
    template <class T>
    gatepost_array array(const std::vector<T>& items) {
        static_assert(std::is_trivially_copyable_v<T>);
        const size_t stride = sizeof(T) + (shape_.future ? stride_bytes : 0);
        if (items.empty()) return {nullptr, 0, static_cast<uint32_t>(stride)};
        auto* out = static_cast<char*>(block(items.size() * stride));
        for (size_t i = 0; i < items.size(); ++i)
            std::memcpy(out + i * stride, &items[i], sizeof(T));
        return {out, static_cast<uint32_t>(items.size()), static_cast<uint32_t>(stride)};
    }
    // Poisoned bytes, aligned for anything.
    void* block(size_t bytes);

  private:
    static constexpr size_t tail_bytes = 64;    // what a later host would have appended
    static constexpr size_t stride_bytes = 24;  // keeps every item aligned
    gatepost_string guarded_string(std::string_view text);

    view_shape shape_;
    std::vector<std::pair<std::unique_ptr<std::max_align_t[]>, size_t>> blocks_;
    std::vector<std::pair<void*, size_t>> mappings_;
};

inline std::string_view text_of(gatepost_string value) {
    return value.size == 0 ? std::string_view{} : std::string_view{value.data, value.size};
}
inline gatepost_string borrow(std::string_view text) {
    return {text.data(), text.size()};
}

// The item of an array that the other side made, whatever stride it used.
template <class T>
const T& item_at(const gatepost_array& array, uint32_t index) {
    return *reinterpret_cast<const T*>(static_cast<const char*>(array.items) +
                                       size_t{index} * array.stride);
}

// A growing struct of the other side: what it knows, and zero for the rest.
template <class T>
T taken(const T* given) {
    T copy{};
    std::memcpy(static_cast<void*>(&copy), given,
                given->size < sizeof(T) ? given->size : sizeof(T));
    return copy;
}

}  // namespace gatepost::check
