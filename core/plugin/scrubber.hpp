// Takes secrets out of texts for people. Pure.
//
// Promises: a secret is found as it is; in base64, also of something longer that contains it (AUTH
// PLAIN and Basic wrap user and password together); as JSON and as a URL would write it; and what
// is left of it where somebody cut the text. One pass over the text, and nothing is made anew where
// nothing is hidden. It cannot find what was written otherwise (folded, spelt, encrypted).
//
// A secret of less than 8 bytes is found only where it stands as a word of its own, because it is
// a part of too many others; one of less than 3 is not looked for.
#pragma once

#include <gatepost/abi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::plugin {

class scrubber {
  public:
    explicit scrubber(const std::vector<std::string>& secrets);
    std::string clean(std::string_view text) const;
    // Where the first one begins; npos if there is none.
    size_t find(std::string_view text, size_t from = 0) const;

  private:
    // How much of what stands there is a secret's.
    size_t hidden_at(std::string_view text, size_t at) const;

    std::vector<std::string> forms_;          // sorted
    std::array<uint32_t, 257> first_byte_{};  // where the forms of a first byte begin
};

// The one way on which a plugin's words come to people: without secrets, safe to keep and to log.
// Touches at most twice `max_bytes` of what the plugin points to.
std::string words_for_people(const scrubber* hide, std::string_view said, size_t max_bytes);
std::string words_for_people(const scrubber* hide, gatepost_string said, size_t max_bytes);

}  // namespace gatepost::plugin
