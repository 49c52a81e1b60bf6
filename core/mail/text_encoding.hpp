// How text travels: looked at once, then sent as it is, as quoted-printable or as base64. Private
// to this room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::mail {

// What was seen of a text with CRLF lines; fed in pieces.
class text_facts {
  public:
    // `marker` must not be in the text, or it would end its part; it is cut across pieces too.
    explicit text_facts(std::string_view marker) : marker_(marker) {}
    void feed(std::string_view piece);

    [[nodiscard]] bool fits_7bit() const { return fits_8bit() && eight_bit_ == 0; }
    // RFC 5322 2.1.1: lines of at most 998 octets, no NUL.
    [[nodiscard]] bool fits_8bit() const { return longest_ <= 998 && !nul_ && !marked_; }
    // Of two encodings the shorter; quoted-printable if they are near, because people can read it.
    [[nodiscard]] bool prefers_base64() const { return eight_bit_ * 6 > size_; }

  private:
    void find_marker(std::string_view piece);

    std::string marker_, tail_;
    uint64_t size_ = 0, eight_bit_ = 0;
    uint64_t line_ = 0, longest_ = 0;
    bool nul_ = false, marked_ = false;
};

// RFC 2045 6.7; `text` has CRLF lines.
std::string quoted_printable(std::string_view text);

}  // namespace gatepost::mail
