// Both machines look for line ends with memchr and copy whole runs: every byte of every mail passes
// here. Their obvious twins, byte by byte, stand in tests/unit/mail and are held against these.
#include "mail/lines.hpp"

#include <algorithm>
#include <cstring>

namespace gatepost::mail {
namespace {

// First `wanted` in [from, end), or end.
const char* find_byte(const char* from, const char* end, char wanted) {
    const void* found =
        from == end ? nullptr : std::memchr(from, wanted, static_cast<size_t>(end - from));
    return found != nullptr ? static_cast<const char*>(found) : end;
}

}  // namespace

// A CR is written as CRLF at once; an LF that follows it, in this piece or the next, is part of it.
void line_normaliser::feed(std::string_view piece, std::string& out) {
    if (piece.empty()) return;
    const char* at = piece.data();
    const char* const end = at + piece.size();
    if (after_cr_ && *at == '\n') ++at;
    after_cr_ = false;
    const char* lf = find_byte(at, end, '\n');
    const char* cr = find_byte(at, end, '\r');
    while (at != end) {
        const char* const stop = std::min(lf, cr);
        out.append(at, stop);
        if (stop == end) return;
        out.append("\r\n", 2);
        at = stop + 1;
        if (stop == cr) {
            if (at == end) {
                after_cr_ = true;
                return;
            }
            if (*at == '\n') ++at;
            cr = find_byte(at, end, '\r');
        }
        if (lf < at) lf = find_byte(at, end, '\n');
    }
}

void line_normaliser::finish(std::string& /*out*/) {
    // The break of a last CR is written already.
    after_cr_ = false;
}

std::string normalise_lines(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 32 + 2);
    line_normaliser machine;
    machine.feed(text, out);
    machine.finish(out);
    return out;
}

void dot_stuffer::feed(std::string_view piece, std::string& out) {
    const char* at = piece.data();
    const char* const end = at + piece.size();
    while (at != end) {
        if (position_ == position::line_start && *at == '.') out += '.';
        if (position_ == position::after_cr && *at == '\n') {
            out += *at++;
            position_ = position::line_start;
            continue;
        }
        const char* const lf = find_byte(at, end, '\n');
        const char* const next = lf == end ? end : lf + 1;
        out.append(at, next);
        if (lf != end) {
            const bool whole = lf != at && lf[-1] == '\r';
            position_ = whole ? position::line_start : position::in_line;
        } else {
            position_ = end[-1] == '\r' ? position::after_cr : position::in_line;
        }
        at = next;
    }
}

void dot_stuffer::finish(std::string& out) {
    if (position_ == position::in_line) out.append("\r\n", 2);
    if (position_ == position::after_cr) out += '\n';
    position_ = position::line_start;
}

}  // namespace gatepost::mail
