// The kinds of byte_source that a rendered message is made of; private to this room. Each knows its
// exact size from the start and holds at most one window of what it makes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "mail/mime.hpp"

namespace gatepost::mail {

using source_ptr = std::unique_ptr<byte_source>;

source_ptr string_source(std::string bytes);
source_ptr content_source(content bytes);
// RFC 2045 base64: `columns` 76 gives lines that end with CRLF, but the last; 0 gives one line.
// `columns` is a multiple of 4.
source_ptr base64_source(source_ptr input, size_t columns);

// These read their input once to learn their size; so they can fail with what reading fails with.
result<source_ptr> normalised_source(source_ptr input);
result<source_ptr> dot_stuffed_source(source_ptr input);
// A JSON string without its quotes; `invalid` if the input is not UTF-8.
result<source_ptr> json_source(source_ptr input);

// Literal bytes and other sources, one after another.
class plan_source final : public byte_source {
  public:
    // Appends to the last literal where it can.
    void add(std::string_view bytes);
    void add(source_ptr source);

    uint64_t size() const override { return size_; }
    result<size_t> read(uint64_t at, std::span<char> out) override;

  private:
    struct segment {
        uint64_t begin = 0;
        std::string bytes;
        source_ptr source;  // or, if there is none, bytes
        [[nodiscard]] uint64_t size() const { return source ? source->size() : bytes.size(); }
    };
    std::vector<segment> segments_;
    uint64_t size_ = 0;
    size_t last_ = 0;  // the segment read from last
};

// Reads all of a source in windows; `take` is called with each piece and may return a failure.
template <class Take>
status for_each_piece(byte_source& source, Take&& take) {
    std::string window(static_cast<size_t>(std::min<uint64_t>(source.size(), 64 * 1024)), '\0');
    for (uint64_t at = 0; at < source.size();) {
        const auto got = source.read(at, window);
        if (!got) return got.error();
        if (*got == 0) break;
        if (status taken = take(std::string_view(window).substr(0, *got)); !taken) return taken;
        at += *got;
    }
    return success{};
}

}  // namespace gatepost::mail
