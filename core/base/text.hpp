// Small pure functions over text that more than one room needs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::text {

// Well-formed UTF-8 in the sense of RFC 3629: no surrogates, no overlong forms, nothing above
// U+10FFFF.
bool is_utf8(std::string_view text);
bool is_ascii(std::string_view text);
// True if the text holds a C0 or C1 control, DEL, U+2028 or U+2029: what could end or hide a header
// line.
bool has_control(std::string_view text);
// Cut to at most `bytes`, never inside a UTF-8 sequence.
std::string_view truncate_utf8(std::string_view text, size_t bytes);
// Printable, one line, valid UTF-8: controls, quotes, backslashes and bad bytes become \n, \",
// \xNN.
std::string escape_for_log(std::string_view text);
// Untrusted text from a plugin or provider made safe to keep: bad UTF-8 replaced by U+FFFD,
// controls by a space, cut.
std::string sanitize(std::string_view text, size_t max_bytes);

std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);                       // ASCII only
bool equal_ignoring_case(std::string_view a, std::string_view b);  // ASCII only
std::optional<uint64_t> parse_unsigned(std::string_view text);  // decimal digits only, no overflow

std::string to_hex(std::string_view bytes);
std::string base64_encode(std::string_view bytes);  // RFC 4648 section 4, padded, no line breaks

// Decodes base64 in pieces. White space is skipped; padding may be missing; anything else is
// refused.
class base64_decoder {
  public:
    // Appends the bytes of `piece` to `out`; false at the first character that does not belong.
    bool feed(std::string_view piece, std::string& out);
    // Appends what the last group holds; false if the text ended in the middle of a byte.
    bool finish(std::string& out);

  private:
    bool take(char letter, char*& to);

    uint32_t bits_ = 0;
    int count_ = 0;
    int padding_ = 0;
};
std::optional<std::string> base64_decode(std::string_view text);

// The candidate that was meant by `word`, if one is near enough: misspelt, in camelCase, or brought
// along from a nodemailer-style configuration. Every "did you mean" of the product is this one.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

// RFC 6901: "/a" and "b/c" -> "/a/b~1c"
std::string below_pointer(std::string_view pointer, std::string_view name);
void append_pointer(std::string& pointer, std::string_view name);

// RFC 3986: %41 -> A. Nothing if a percent sign is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);  // all but unreserved

}  // namespace gatepost::text
