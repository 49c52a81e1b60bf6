// See reply.hpp. The enhanced code is taken off every line that repeats it, so that texts of
// several lines read as one sentence; it is kept in `enhanced`.
#include "reply.hpp"

#include <gatepost/utf8.hpp>

namespace smtp {
namespace {

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

// A number of at most three digits at the front; false if there is none or a zero leads.
bool take_number(std::string_view& from, uint16_t& out) {
    std::size_t size = 0;
    unsigned value = 0;
    while (size < from.size() && size < 3 && is_digit(from[size]))
        value = value * 10 + static_cast<unsigned>(from[size++] - '0');
    if (size == 0 || (size > 1 && from[0] == '0')) return false;
    from.remove_prefix(size);
    out = static_cast<uint16_t>(value);
    return true;
}

bool take_dot(std::string_view& from) {
    if (!from.starts_with('.')) return false;
    from.remove_prefix(1);
    return true;
}

// Takes "x.y.z" and the spaces behind it off the front, if its class fits the code.
bool take_enhanced(std::string_view& from, int code, enhanced_code& out) {
    std::string_view rest = from;
    enhanced_code made;
    const bool shaped = take_number(rest, made.type) && take_dot(rest) &&
                        take_number(rest, made.subject) && take_dot(rest) &&
                        take_number(rest, made.detail);
    if (!shaped || made.type != code / 100) return false;
    if (!rest.empty() && rest[0] != ' ') return false;
    while (rest.starts_with(' '))
        rest.remove_prefix(1);
    from = rest;
    out = made;
    return true;
}

void append_clean(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const std::size_t size = gatepost::sdk::detail::utf8_length(text);
        const auto first = static_cast<unsigned char>(text[0]);
        const bool control = size == 1 && (first < 0x20 || first == 0x7F) && first != '\t';
        if (size == 0 || control) {
            out += '?';
            text.remove_prefix(1);
        } else {
            out.append(text.substr(0, size));
            text.remove_prefix(size);
        }
    }
}

// Cuts at a whole character.
void shorten(std::string& text, std::size_t most) {
    if (text.size() <= most) return;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80)
        --most;
    text.resize(most);
}

}  // namespace

std::string in_words(const reply& from, std::size_t most) {
    std::string out = std::to_string(from.code);
    const enhanced_code& code = from.enhanced;
    if (code.type != 0) {
        out += ' ' + std::to_string(code.type) + '.' + std::to_string(code.subject) + '.' +
               std::to_string(code.detail);
    }
    if (!from.text.empty()) out += ' ';
    for (const char letter : from.text)
        out += letter == '\n' || letter == '\t' ? ' ' : letter;
    shorten(out, most);
    return out;
}

std::string clean_text(std::string_view text) {
    std::string out;
    append_clean(out, text);
    return out;
}

void reply_parser::feed(std::string_view bytes) {
    if (failed()) return;
    if (begin_ == buffer_.size()) {
        buffer_.clear();
        begin_ = scanned_ = 0;
    }
    // Answers that are read are let go, also where the next has begun already.
    if (begin_ > line_bytes) {
        buffer_.erase(0, begin_);
        scanned_ -= begin_;
        begin_ = 0;
    }
    buffer_.append(bytes);
}

bool reply_parser::fail(std::string_view why) {
    problem_ = why;
    buffer_.clear();
    begin_ = scanned_ = 0;
    return false;
}

bool reply_parser::next(reply& out) {
    while (!failed()) {
        const std::size_t end = buffer_.find('\n', scanned_);
        const bool whole = end != std::string::npos;
        scanned_ = whole ? end + 1 : buffer_.size();
        if (scanned_ - begin_ > line_bytes) return fail("a line of the answer has no end");
        if (!whole) return false;
        std::string_view line(buffer_.data() + begin_, end - begin_);
        begin_ = end + 1;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (take_line(line)) {
            out = std::move(made_);
            made_ = {};
            lines_ = bytes_ = 0;
            return true;
        }
    }
    return false;
}

// True: this was the last line of the reply.
bool reply_parser::take_line(std::string_view line) {
    const bool coded = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && is_digit(line[1]) &&
                       is_digit(line[2]);
    if (!coded) return fail("a line without a reply code");
    if (line.size() > 3 && is_digit(line[3])) return fail("a reply code of more than three digits");
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (lines_ != 0 && code / 100 != made_.code / 100)
        return fail("the lines of one answer disagree on success and failure");
    bytes_ += line.size();
    if (++lines_ > reply_lines || bytes_ > reply_bytes) return fail("an answer without end");
    const bool more = line.size() > 3 && line[3] == '-';
    const bool separated = line.size() > 3 && (more || line[3] == ' ');
    std::string_view text = line.substr(separated ? 4 : 3);
    enhanced_code enhanced;
    if (take_enhanced(text, code, enhanced)) made_.enhanced = enhanced;
    made_.code = code;
    if (lines_ > 1) made_.text += '\n';
    append_clean(made_.text, text);
    return !more;
}

}  // namespace smtp
