// The structure of a document: values, containers, literals, numbers. See json_reader_state.hpp.
// Nothing recurses; how deep a document is shows only in the size of `frames_`, which is capped.
#include "base/json_reader.hpp"

#include <algorithm>

#include "base/json_reader_state.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost {

namespace {

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

status json_reader::state::feed(std::string_view bytes) {
    if (failure_) return *failure_;
    in_ = bytes;
    at_ = 0;
    while (at_ < in_.size())
        if (!step()) return *failure_;
    before_ += in_.size();
    in_ = {};
    at_ = 0;
    return success{};
}

status json_reader::state::finish() {
    if (failure_) return *failure_;
    if (token_ == token::number && !end_number(scratch_)) return *failure_;
    if (token_ == token::none && expect_ == expect::nothing) return success{};
    fail(before_ == 0 ? "the document is empty" : "the document ends too early");
    return *failure_;
}

std::string json_reader::state::pointer() const {
    std::string out;
    for (const frame& each : frames_) {
        if (each.is_object && !each.has_key) break;
        text::append_pointer(out, each.is_object ? keys_[each.key] : std::to_string(each.index));
    }
    return out;
}

bool json_reader::state::fail_at(size_t byte, std::string_view reason) {
    std::string detail = "byte " + std::to_string(byte);
    if (const std::string where = pointer(); !where.empty())
        detail += ", at " + text::escape_for_log(text::truncate_utf8(where, 300));
    failure_ = error{error_kind::malformed, detail + ": " + std::string(reason)};
    return false;
}

bool json_reader::state::step() {
    switch (token_) {
        case token::none: return structure();
        case token::string: return string_run();
        case token::tail: return utf8_tail();
        case token::escape: return escape();
        case token::hex: return hex_digit();
        case token::low_backslash: return low_surrogate('\\', token::low_u);
        case token::low_u: return low_surrogate('u', token::hex);
        case token::literal: return literal();
        case token::number: return number();
    }
    return false;
}

bool json_reader::state::structure() {
    while (at_ < in_.size() && is_space(in_[at_]))
        ++at_;
    if (at_ == in_.size()) return true;
    const char c = in_[at_];
    switch (expect_) {
        case expect::value: return begin_value(c);
        case expect::first_element: return c == ']' ? close(c) : begin_value(c);
        case expect::first_key:
            if (c == '}') return close(c);
            [[fallthrough]];
        case expect::key:
            if (c == '"') return begin_string(true);
            return fail("a key in double quotes is expected");
        case expect::colon:
            if (c != ':') return fail("a colon is expected after a key");
            ++at_;
            expect_ = expect::value;
            return true;
        case expect::comma:
            if (c == ',') return after_comma();
            if (c == (frames_.back().is_object ? '}' : ']')) return close(c);
            return fail(frames_.back().is_object ? "a comma or } is expected"
                                                 : "a comma or ] is expected");
        case expect::nothing: return fail("something follows the end of the document");
    }
    return false;
}

bool json_reader::state::begin_value(char c) {
    if (!frames_.empty() && ++values_ > limits::json_values)
        return fail(cap_text("the document has more than ", limits::json_values, " values"));
    switch (c) {
        case '{': return open(true);
        case '[': return open(false);
        case '"': return begin_string(false);
        case 't': return begin_literal("true");
        case 'f': return begin_literal("false");
        case 'n': return begin_literal("null");
        default: break;
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        token_ = token::number;
        number_start_ = before_ + at_;
        scratch_.clear();
        return number();
    }
    if (c == '\xef' && before_ + at_ == 0)
        return fail("a byte order mark is not allowed before JSON");
    return fail("a value is expected");
}

bool json_reader::state::end_value() {
    token_ = token::none;
    expect_ = frames_.empty() ? expect::nothing : expect::comma;
    return true;
}

bool json_reader::state::open(bool is_object) {
    if (frames_.size() >= limits::json_depth)
        return fail(cap_text("nested deeper than ", limits::json_depth, " levels"));
    ++at_;
    if (!check(is_object ? events_.on_object_begin() : events_.on_array_begin())) return false;
    frames_.push_back({is_object, false, is_object ? ++objects_ : 0, 0, 0});
    expect_ = is_object ? expect::first_key : expect::first_element;
    return true;
}

bool json_reader::state::close(char c) {
    ++at_;
    frames_.pop_back();
    if (!check(c == '}' ? events_.on_object_end() : events_.on_array_end())) return false;
    return end_value();
}

bool json_reader::state::after_comma() {
    ++at_;
    frame& top = frames_.back();
    if (top.is_object) {
        top.has_key = false;
        expect_ = expect::key;
    } else {
        ++top.index;
        expect_ = expect::value;
    }
    return true;
}

bool json_reader::state::begin_literal(std::string_view word) {
    word_ = word;
    matched_ = 0;
    token_ = token::literal;
    return true;
}

bool json_reader::state::literal() {
    while (at_ < in_.size() && matched_ < word_.size()) {
        if (in_[at_] != word_[matched_]) return fail("a value is expected");
        ++at_;
        ++matched_;
    }
    if (matched_ < word_.size()) return true;
    if (!check(word_ == "null" ? events_.on_null() : events_.on_boolean(word_ == "true")))
        return false;
    return end_value();
}

bool json_reader::state::number() {
    const size_t start = at_;
    at_ = std::min(in_.find_first_not_of("0123456789+-.eE", at_), in_.size());
    const std::string_view piece = in_.substr(start, at_ - start);
    if (scratch_.size() + piece.size() > limits::json_number_bytes)
        return fail_at(number_start_, cap_text("a number is longer than ",
                                               limits::json_number_bytes, " characters"));
    if (at_ < in_.size() && scratch_.empty()) return end_number(piece);
    scratch_.append(piece);
    return at_ == in_.size() || end_number(scratch_);
}

bool json_reader::state::end_number(std::string_view text) {
    const json_scan::number read = json_scan::read_number(text);
    if (const auto* bad = std::get_if<json_scan::bad_number>(&read))
        return fail_at(number_start_, *bad == json_scan::bad_number::grammar
                                          ? "this is not a number as JSON writes them"
                                          : "a number is too large");
    const auto* integer = std::get_if<int64_t>(&read);
    if (!check(integer != nullptr ? events_.on_integer(*integer)
                                  : events_.on_number(std::get<double>(read), text)))
        return false;
    return end_value();
}

json_reader::json_reader(json_events& events) : state_(std::make_unique<state>(events)) {}
json_reader::json_reader(json_reader&&) noexcept = default;
json_reader::~json_reader() = default;

status json_reader::feed(std::string_view bytes) {
    return state_->feed(bytes);
}
status json_reader::finish() {
    return state_->finish();
}
std::string json_reader::pointer() const {
    return state_->pointer();
}

}  // namespace gatepost
