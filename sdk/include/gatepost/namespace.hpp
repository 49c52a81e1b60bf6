// The namespace of the C++ layer, and how strings cross the boundary.
//
// Everything lives in gatepost::sdk, inside an inline namespace that carries the SDK's version and
// is hidden: two plugins built with two SDK versions share a process without ever sharing a symbol.
#pragma once

#include <gatepost/abi.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#define GATEPOST_SDK_VERSION "0.1.0"
#define GATEPOST_SDK_NAMESPACE v0_1 __attribute__((visibility("hidden")))

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

inline std::string_view view_of(const gatepost_string& text) noexcept {
    if (text.data == nullptr) return {};
    return {text.data, static_cast<std::size_t>(text.size)};
}

// Borrowed: `text` must outlive the use.
inline gatepost_string abi_string(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

// A growing struct as this header knows it: what an older host did not fill is zero, what a newer
// host added is left away. A null pointer gives a struct of zeros.
template <class Struct>
Struct copy_of(const Struct* given) noexcept {
    Struct full{};
    if (given != nullptr) {
        std::memcpy(&full, given, std::min<std::size_t>(given->size, sizeof(Struct)));
    }
    return full;
}

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
