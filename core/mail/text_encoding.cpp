// Quoted-printable also encodes a dot at the beginning of a line and the F of "From ", which old
// relays and mailboxes are known to change.
#include "mail/text_encoding.hpp"

#include <algorithm>
#include <cstring>

namespace gatepost::mail {

void text_facts::feed(std::string_view piece) {
    size_ += piece.size();
    eight_bit_ += static_cast<uint64_t>(
        std::ranges::count_if(piece, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
    nul_ = nul_ || piece.find('\0') != std::string_view::npos;
    size_t begin = 0;
    for (size_t lf = piece.find('\n'); lf != std::string_view::npos; lf = piece.find('\n', begin)) {
        longest_ = std::max<uint64_t>(longest_, line_ + (lf - begin));
        line_ = 0;
        begin = lf + 1;
    }
    line_ += piece.size() - begin;
    longest_ = std::max<uint64_t>(longest_, line_);
    find_marker(piece);
}

void text_facts::find_marker(std::string_view piece) {
    if (marked_ || marker_.empty()) return;
    const std::string seam = tail_ + std::string(piece.substr(0, marker_.size()));
    marked_ =
        piece.find(marker_) != std::string_view::npos || seam.find(marker_) != std::string::npos;
    tail_ += piece.substr(piece.size() - std::min(piece.size(), marker_.size()));
    if (tail_.size() > marker_.size()) tail_.erase(0, tail_.size() - marker_.size());
}

namespace {

constexpr size_t quoted_line = 76;

bool stands_for_itself(std::string_view text, size_t at, size_t column) {
    const char c = text[at];
    if (c == ' ' || c == '\t') return at + 1 < text.size() && text[at + 1] != '\r';
    if (c == '.') return column > 0;
    if (c == 'F' && column == 0) return text.substr(at, 5) != "From ";
    return c > ' ' && c < 0x7F && c != '=';
}

}  // namespace

std::string quoted_printable(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() + text.size() / 4 + 16);
    size_t column = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
            out += "\r\n";
            column = 0;
            ++i;
            continue;
        }
        bool plain = stands_for_itself(text, i, column);
        // One column is kept for the = of a soft break.
        if (column + (plain ? 1 : 3) > quoted_line - 1) {
            out += "=\r\n";
            column = 0;
            plain = stands_for_itself(text, i, column);
        }
        if (plain) {
            out += text[i];
        } else {
            const auto byte = static_cast<unsigned char>(text[i]);
            out += '=';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
        column += plain ? 1 : 3;
    }
    return out;
}

}  // namespace gatepost::mail
