// Strings and keys of a document: runs, escapes, surrogate pairs, UTF-8 that a piece cuts in two.
// See json_reader_state.hpp. A long run goes out as it stands; short
// runs between escapes are joined first, for HTML has a quote to escape every few words.
#include "base/json_reader_state.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost {

namespace {

constexpr std::string_view not_utf8 = "bytes that are not UTF-8";
constexpr size_t short_run = 128;  // below, joining runs is cheaper than an event for each
constexpr size_t gather_most = 1024;

}  // namespace

bool json_reader::state::begin_string(bool is_key) {
    if (is_key && keys_.size() >= limits::json_keys)
        return fail(cap_text("the document has more than ", limits::json_keys, " keys"));
    string_start_ = before_ + at_;
    ++at_;
    reading_key_ = is_key;
    token_ = token::string;
    return true;
}

bool json_reader::state::string_run() {
    while (at_ < in_.size()) {
        const json_scan::string_run run = json_scan::find_run(in_.substr(at_));
        const std::string_view piece = in_.substr(at_, run.length);
        const size_t stop = at_ + run.length;
        if (!run.all_ascii) {
            const json_scan::utf8_check found = json_scan::check_utf8(piece);
            if (found.valid < piece.size()) return cut_sequence(piece, found);
        }
        at_ = stop;
        if (stop == in_.size()) return put(piece);
        if (in_[stop] == '"') return end_string(piece);
        if (in_[stop] != '\\') return fail("a control character in a string");
        ++at_;
        token_ = token::escape;
        if (!put(piece)) return false;
        if (at_ == in_.size()) return true;
        if (!escape()) return false;
        if (token_ != token::string) return true;
    }
    return true;
}

// `piece` holds a byte that does not belong; or the bytes at hand end inside a character, whose
// beginning is kept for the next feed.
bool json_reader::state::cut_sequence(std::string_view piece, json_scan::utf8_check found) {
    const size_t stop = at_ + piece.size();
    if (!found.truncated || stop < in_.size())
        return fail_at(before_ + at_ + found.valid, not_utf8);
    tail_.assign(piece.substr(found.valid));
    at_ = stop;
    token_ = token::tail;
    return put(piece.substr(0, found.valid));
}

bool json_reader::state::utf8_tail() {
    tail_ += in_[at_];
    const json_scan::utf8_check found = json_scan::check_utf8(tail_);
    if (found.valid == 0 && !found.truncated)
        return fail_at(before_ + at_ + 1 - tail_.size(), not_utf8);
    ++at_;
    if (found.truncated) return true;
    token_ = token::string;
    return put(tail_);
}

bool json_reader::state::put(std::string_view piece) {
    if (piece.empty()) return true;
    if (reading_key_) {
        if (keys_.unfinished().size() + piece.size() > limits::json_key_bytes)
            return fail_at(string_start_,
                           cap_text("a key is longer than ", limits::json_key_bytes, " bytes"));
        keys_.append(piece);
        return true;
    }
    if (piece.size() < short_run && gathered_.size() < gather_most) {
        gathered_ += piece;
        return true;
    }
    return flush() && check(events_.on_string(piece, false));
}

bool json_reader::state::flush() {
    if (gathered_.empty()) return true;
    if (!check(events_.on_string(gathered_, false))) return false;
    gathered_.clear();
    return true;
}

bool json_reader::state::end_string(std::string_view piece) {
    ++at_;
    if (reading_key_) return end_key(piece);
    if (!gathered_.empty()) {
        if (!put(piece) || !check(events_.on_string(gathered_, true))) return false;
        gathered_.clear();
    } else if (!check(events_.on_string(piece, true))) {
        return false;
    }
    return end_value();
}

bool json_reader::state::end_key(std::string_view piece) {
    if (!put(piece)) return false;
    frame& top = frames_.back();
    const std::optional<uint32_t> number = keys_.finish(top.object);
    if (!number) {
        const std::string_view key = text::truncate_utf8(keys_.unfinished(), 100);
        return fail_at(string_start_,
                       "the key \"" + text::escape_for_log(key) + "\" stands twice in one object");
    }
    top.key = *number;
    top.has_key = true;
    token_ = token::none;
    expect_ = expect::colon;
    return check(events_.on_key(keys_[*number]));
}

bool json_reader::state::escape() {
    static constexpr std::string_view names = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char c = in_[at_];
    if (c == 'u') {
        ++at_;
        unit_ = 0;
        digits_ = 0;
        token_ = token::hex;
        return true;
    }
    const size_t which = names.find(c);
    if (which == std::string_view::npos) return fail("an unknown escape in a string");
    ++at_;
    token_ = token::string;
    return put(meanings.substr(which, 1));
}

bool json_reader::state::hex_digit() {
    const char c = in_[at_];
    uint32_t digit = 0;
    if (c >= '0' && c <= '9')
        digit = static_cast<uint32_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
        digit = static_cast<uint32_t>(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
        digit = static_cast<uint32_t>(c - 'A' + 10);
    else
        return fail("\\u is to be followed by four hexadecimal digits");
    unit_ = unit_ * 16 + digit;
    if (++digits_ < 4) {
        ++at_;
        return true;
    }
    return end_unicode();
}

bool json_reader::state::end_unicode() {
    const bool is_low = unit_ >= 0xdc00 && unit_ <= 0xdfff;
    if (is_low != (high_surrogate_ != 0)) return fail("half of a surrogate pair");
    uint32_t code_point = unit_;
    if (is_low) {
        code_point = 0x10000 + ((high_surrogate_ - 0xd800) << 10) + (unit_ - 0xdc00);
        high_surrogate_ = 0;
    } else if (unit_ >= 0xd800 && unit_ <= 0xdbff) {
        ++at_;
        high_surrogate_ = unit_;
        token_ = token::low_backslash;
        return true;
    }
    if (code_point == 0 && reading_key_) return fail("a NUL in a key");
    ++at_;
    token_ = token::string;
    scratch_.clear();
    json_scan::append_utf8(scratch_, code_point);
    return put(scratch_);
}

bool json_reader::state::low_surrogate(char wanted, token next) {
    if (in_[at_] != wanted) return fail("half of a surrogate pair");
    ++at_;
    unit_ = 0;
    digits_ = 0;
    token_ = next;
    return true;
}

}  // namespace gatepost
