// The one place that defines what a line break is. Whatever comes in (LF, CR, CRLF, in any mixture,
// cut at any byte) leaves as CRLF: after this no lone CR or LF exists, so a body cannot smuggle a
// second message (CVE-2023-51764 and its family). Dot-stuffing (RFC 5321 4.5.2) has its home here
// too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::mail {

// Turns CR, LF and CRLF into CRLF; in pieces. CR CR LF is two line breaks: CR, then CRLF.
class line_normaliser {
  public:
    void feed(std::string_view piece, std::string& out);
    // A CR at the very end counts as a line break of its own.
    void finish(std::string& out);

  private:
    bool after_cr_ = false;
};

std::string normalise_lines(std::string_view text);

// Doubles a dot at the beginning of a line; input has CRLF lines. Does not write the closing dot
// line, but ends an unfinished last line.
class dot_stuffer {
  public:
    void feed(std::string_view piece, std::string& out);
    void finish(std::string& out);

  private:
    enum class position : uint8_t {
        line_start,
        in_line,
        after_cr
    } position_ = position::line_start;
};

}  // namespace gatepost::mail
