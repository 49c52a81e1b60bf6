// Text as protocols compare it: ASCII letters' case aside, every other byte as it is. Pure.
#pragma once

#include <gatepost/namespace.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

constexpr char lower(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

inline std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char letter) { return lower(letter); });
    return out;
}

inline bool same_letters(std::string_view left, std::string_view right) noexcept {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char one, char other) { return lower(one) == lower(other); });
}

// Where `part` begins in `text`; npos if it does not stand there. An empty part stands everywhere.
inline std::size_t find_letters(std::string_view text, std::string_view part) noexcept {
    const auto at = std::search(text.begin(), text.end(), part.begin(), part.end(),
                                [](char one, char other) { return lower(one) == lower(other); });
    const bool found = at != text.end() || part.empty();
    return found ? static_cast<std::size_t>(at - text.begin()) : text.npos;
}

inline bool has_letters(std::string_view text, std::string_view part) noexcept {
    return find_letters(text, part) != text.npos;
}

// At most `most` bytes of UTF-8, cut between letters.
inline std::string_view cut_text(std::string_view text, std::size_t most) noexcept {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80)
        --most;
    return text.substr(0, most);
}

// Printable ASCII without a space, so that it can be a word of a header: a key, a name.
inline bool is_plain_word(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char letter) { return letter > ' ' && letter <= '~'; });
}

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
