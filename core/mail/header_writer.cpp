// Lines aim at 78 characters and never pass 998 octets: a word too long for that is split into
// encoded words, which may be cut anywhere between two characters.
#include "mail/header_writer.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "mail/code_points.hpp"

namespace gatepost::mail {
namespace {

constexpr size_t line_aim = 78;
constexpr size_t encoded_line = 76;     // RFC 2047 2: a line that holds an encoded word
constexpr size_t encoded_word = 75;     // RFC 2047 2: one of them
constexpr size_t longest_word = 200;    // longer ones are split into encoded words
constexpr size_t parameter_piece = 56;  // percent-encoded characters of one RFC 2231 section
constexpr std::string_view q_start = "=?utf-8?Q?", b_start = "=?utf-8?B?", word_end = "?=";

// RFC 2047 5 (3): what may stand for itself everywhere, also in a phrase.
bool is_q_safe(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '!' ||
           c == '*' || c == '+' || c == '-' || c == '/';
}

bool is_atom(char c) {
    constexpr std::string_view others = "#$%&'=?^_`{|}~";
    return is_q_safe(c) || others.find(c) != std::string_view::npos ||
           static_cast<unsigned char>(c) >= 0x80;
}

// RFC 2045 5.1 and RFC 2231 attribute-char, the smaller of both.
bool is_parameter_char(char c) {
    constexpr std::string_view others = "!#$&+-.^_`{|}~";
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return plain || others.find(c) != std::string_view::npos;
}

size_t q_size(std::string_view text) {
    size_t size = 0;
    for (const char c : text)
        size += is_q_safe(c) || c == ' ' ? 1 : 3;
    return size;
}

void append_hex(std::string& out, char mark, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += mark;
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

void append_q(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (c == ' ') {
            out += '_';
        } else if (is_q_safe(c)) {
            out += c;
        } else {
            append_hex(out, '=', c);
        }
    }
}

// The longest front of `text`, in whole characters, whose encoding fits into `room`.
std::string_view front_that_fits(std::string_view text, size_t room, bool as_q) {
    size_t taken = 0, used = 0;
    while (taken < text.size()) {
        const size_t step = first_code_point(text.substr(taken)).length;
        used += as_q ? q_size(text.substr(taken, step)) : 0;
        const size_t needed = as_q ? used : (taken + step + 2) / 3 * 4;
        if (needed > room && taken > 0) break;
        taken += step;
    }
    return text.substr(0, taken);
}

size_t longest_run(std::string_view text) {
    size_t longest = 0, run = 0;
    for (const char c : text) {
        run = c == ' ' ? 0 : run + 1;
        longest = std::max(longest, run);
    }
    return longest;
}

status check(std::string_view name, std::string_view value) {
    if (!text::has_control(value) && text::is_utf8(value)) return success{};
    return error{error_kind::internal,
                 "The header " + text::escape_for_log(name) +
                     " holds a control character or bad UTF-8 and was not written; the message "
                     "should have been refused at acceptance."};
}

}  // namespace

void header_writer::begin(std::string_view name) {
    out_ += name;
    out_ += ':';
    column_ = name.size() + 1;
}

void header_writer::end() {
    out_ += "\r\n";
}

void header_writer::put(std::string_view bytes) {
    out_ += bytes;
    column_ += bytes.size();
}

// A word behind white space that may be turned into a fold.
void header_writer::word(std::string_view bytes) {
    if (column_ + 1 + bytes.size() > line_aim && out_.back() != ':') {
        out_ += "\r\n";
        column_ = 0;
    }
    put(" ");
    put(bytes);
}

// Text that keeps its spaces; a fold goes before a run of them, never behind the last word. At the
// start of a field the text gets its space first, elsewhere it begins with its own.
void header_writer::folded(std::string_view text, bool at_start) {
    if (at_start) put(" ");
    size_t begin = 0;
    while (begin < text.size()) {
        size_t end = std::min(text.find_first_not_of(' ', begin), text.size());
        end = std::min(text.find(' ', end), text.size());
        const std::string_view piece = text.substr(begin, end - begin);
        const bool blank = piece.find_first_not_of(' ') == std::string_view::npos;
        if (piece.front() == ' ' && !blank && column_ + piece.size() > line_aim) {
            out_ += "\r\n";
            column_ = 0;
        }
        put(piece);
        begin = end;
    }
}

void header_writer::encoded(std::string_view text) {
    const bool as_q = q_size(text) <= (text.size() + 2) / 3 * 4;
    while (!text.empty()) {
        constexpr size_t frame = q_start.size() + word_end.size();
        if (column_ + 1 + frame + 16 > encoded_line) {
            out_ += "\r\n";
            column_ = 0;
        }
        const size_t room = std::min(encoded_line - column_ - 1, encoded_word) - frame;
        const std::string_view piece = front_that_fits(text, room, as_q);
        put(" ");
        const size_t before = out_.size();
        out_ += as_q ? q_start : b_start;
        if (as_q) {
            append_q(out_, piece);
        } else {
            out_ += text::base64_encode(piece);
        }
        out_ += word_end;
        column_ += out_.size() - before;
        text.remove_prefix(piece.size());
    }
}

bool header_writer::needs_encoding(std::string_view text, bool utf8) const {
    return (!utf8 && !text::is_ascii(text)) || text.find("=?") != std::string_view::npos ||
           longest_run(text) > longest_word;
}

// Only from the first to the last word that needs it is encoded; one plain space stays on each side
// and is shown as it is, because it stands between an encoded word and an ordinary one.
status header_writer::text(std::string_view name, std::string_view value) {
    if (auto checked = check(name, value); !checked) return checked;
    begin(name);
    const bool edge = !value.empty() && (value.front() == ' ' || value.back() == ' ');
    size_t first = edge ? 0 : value.size(), last = edge ? value.size() : 0;
    for (size_t at = 0; at < value.size() && !edge;) {
        const size_t stop = std::min(value.find(' ', at), value.size());
        if (needs_encoding(value.substr(at, stop - at), utf8_)) {
            first = std::min(first, at);
            last = stop;
        }
        at = stop + 1;
    }
    while (first >= 2 && first < last && value[first - 1] == ' ' && value[first - 2] == ' ')
        --first;
    while (last > 0 && last + 1 < value.size() && value[last] == ' ' && value[last + 1] == ' ')
        ++last;
    if (first >= last) {
        folded(value, true);
    } else {
        if (first > 0) folded(value.substr(0, first - 1), true);
        encoded(value.substr(first, last - first));
        folded(value.substr(last), false);
    }
    end();
    return success{};
}

void header_writer::phrase(std::string_view name, bool utf8) {
    if (needs_encoding(name, utf8)) return encoded(name);
    const bool spaced =
        name.front() == ' ' || name.back() == ' ' || name.find("  ") != std::string_view::npos;
    if (!spaced && std::ranges::all_of(name, [](char c) { return c == ' ' || is_atom(c); })) {
        for (size_t at = 0; at < name.size();) {
            const size_t stop = std::min(name.find(' ', at), name.size());
            word(name.substr(at, stop - at));
            at = stop + 1;
        }
        return;
    }
    std::string quoted = " \"";
    for (const char c : name) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    folded(quoted + '"', false);
}

status header_writer::boxes(std::string_view name, std::span<const mailbox> list) {
    for (const mailbox& each : list) {
        if (auto checked = check(name, each.name); !checked) return checked;
    }
    const bool utf8 = utf8_ || std::ranges::any_of(list, [](const mailbox& each) {
                          return each.addr.needs_smtputf8();
                      });
    begin(name);
    bool first = true;
    for (const mailbox& each : list) {
        if (!std::exchange(first, false)) put(",");
        const std::string& plain = utf8 ? each.addr.text() : each.addr.ascii();
        if (each.name.empty()) {
            word(plain);
        } else {
            phrase(each.name, utf8);
            word("<" + plain + ">");
        }
    }
    end();
    return success{};
}

// Quotes and backslashes inside quotes are read in too many ways: RFC 2231 writes them, and all
// that is long or not ASCII, without a doubt.
void header_writer::parameter(std::string_view name, std::string_view value) {
    const bool simple = text::is_ascii(value) && value.size() <= parameter_piece &&
                        value.find_first_of("\"\\") == std::string_view::npos;
    const std::string key(name);
    if (simple) {
        const bool token = !value.empty() && std::ranges::all_of(value, is_parameter_char);
        return word(token ? key + "=" + std::string(value)
                          : key + "=\"" + std::string(value) + "\"");
    }
    std::vector<std::string> pieces(1);
    while (!value.empty()) {
        const size_t step = first_code_point(value).length;
        std::string bytes;
        for (const char c : value.substr(0, step))
            is_parameter_char(c) ? void(bytes += c) : append_hex(bytes, '%', c);
        if (pieces.back().size() + bytes.size() > parameter_piece) pieces.emplace_back();
        pieces.back() += bytes;
        value.remove_prefix(step);
    }
    for (size_t i = 0; i < pieces.size(); ++i) {
        const std::string number = pieces.size() > 1 ? "*" + std::to_string(i) : "";
        word(key + number + "*=" + (i == 0 ? "utf-8''" : "") + pieces[i]);
        if (i + 1 < pieces.size()) put(";");
    }
}

status header_writer::structured(std::string_view name, std::string_view value,
                                 const parameters& with) {
    if (auto checked = check(name, value); !checked) return checked;
    for (const auto& [key, text] : with) {
        if (auto checked = check(name, text); !checked) return checked;
    }
    begin(name);
    word(value);
    for (const auto& [key, text] : with) {
        put(";");
        parameter(key, text);
    }
    end();
    return success{};
}

}  // namespace gatepost::mail
