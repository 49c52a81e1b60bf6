// What a server says, read incrementally: feed() takes bytes as they come, next() gives whole
// replies. Cut anywhere, the same bytes give the same replies.
//
// Lenient where servers are sloppy: a bare LF ends a line, the space after the code may be missing,
// NUL, controls and bytes that are no UTF-8 may stand in the text and leave it cleaned. Strict
// where leniency would be dangerous: what does not begin with a code, a reply whose lines disagree
// on success and failure, or one that does not end within the caps, is an error, and after an
// error nothing more is read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace smtp {

// x.y.z of RFC 3463; all 0 if the reply has none.
struct enhanced_code {
    uint16_t type = 0, subject = 0, detail = 0;
    bool operator==(const enhanced_code&) const = default;
};

struct reply {
    int code = 0;  // 200 to 599
    enhanced_code enhanced;
    // The lines without codes, cleaned, each but the last followed by '\n'.
    std::string text;

    bool positive() const noexcept { return code >= 200 && code < 300; }
    // Closes the session, whatever was asked (RFC 5321 3.8).
    bool closing() const noexcept { return code == 421; }
};

// "550 5.1.1 no such user": on one line, at most `most` bytes.
std::string in_words(const reply& from, std::size_t most = 600);

// Controls and bytes that are no UTF-8 as '?'.
std::string clean_text(std::string_view text);

class reply_parser {
  public:
    static constexpr std::size_t line_bytes = std::size_t{16} * 1024;
    static constexpr std::size_t reply_bytes = std::size_t{64} * 1024;
    static constexpr std::size_t reply_lines = 512;

    void feed(std::string_view bytes);
    // True: `out` is the next reply. False: more bytes are needed, or failed().
    bool next(reply& out);
    bool failed() const noexcept { return !problem_.empty(); }
    // "a line without a reply code"; empty if all is well.
    std::string_view problem() const noexcept { return problem_; }
    // Bytes that came and belong to no reply yet given.
    bool pending() const noexcept { return begin_ < buffer_.size() || lines_ != 0; }
    std::size_t held() const noexcept { return buffer_.size(); }

  private:
    bool take_line(std::string_view line);
    bool fail(std::string_view why);

    std::string buffer_;
    std::size_t begin_ = 0;    // of the line that is being read
    std::size_t scanned_ = 0;  // no LF between begin_ and here
    reply made_;
    std::size_t lines_ = 0, bytes_ = 0;  // of made_
    std::string_view problem_;
};

}  // namespace smtp
