// Reads the answer of a provider: strict RFC 8259, from a peer that is not trusted.
//
// Refused, with the byte where it went wrong: bad UTF-8, lone surrogates, duplicate keys, control
// characters in strings, leading zeros, anything after the document, numbers beyond a double, and
// what is over the limits (depth, number of values). Never throws but std::bad_alloc.
#pragma once

#include <gatepost/json_value.hpp>
#include <gatepost/namespace.hpp>
#include <gatepost/utf8.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

struct json_limits {
    uint32_t depth = 64;       // of arrays and objects; the reader recurses this deep
    uint32_t values = 100000;  // a value takes about 120 bytes
};

struct json_document {
    json_value root;
    std::string error;       // empty: well-formed
    std::size_t offset = 0;  // of the error

    bool ok() const noexcept { return error.empty(); }
};

namespace detail {

class json_parser {
  public:
    json_parser(std::string_view text, json_limits limits) noexcept
        : text_(text), limits_(limits) {}

    json_document read() {
        json_document made;
        skip_space();
        bool good = value(made.root, 0);
        skip_space();
        if (good && at_ != text_.size()) good = fail("something follows the document");
        if (!good) {
            made.root = json_value();
            made.error = error_;
            made.offset = at_;
        }
        return made;
    }

  private:
    bool fail(const char* why) noexcept {
        error_ = why;
        return false;
    }
    char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool take(char letter) noexcept {
        if (at_ >= text_.size() || text_[at_] != letter) return false;
        ++at_;
        return true;
    }
    void skip_space() noexcept {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) {
            ++at_;
        }
    }
    bool word(std::string_view expected, json_value& out, json_value made) {
        if (!text_.substr(at_).starts_with(expected)) return fail("a value is expected");
        at_ += expected.size();
        out = std::move(made);
        return true;
    }

    bool value(json_value& out, uint32_t depth) {
        if (++values_ > limits_.values) return fail("too many values");
        switch (peek()) {
            case '{': return object(out, depth + 1);
            case '[': return array(out, depth + 1);
            case '"': return string_value(out);
            case 't': return word("true", out, json_value::of(true));
            case 'f': return word("false", out, json_value::of(false));
            case 'n': return word("null", out, json_value());
            default: return number(out);
        }
    }
    bool array(json_value& out, uint32_t depth) {
        if (depth > limits_.depth) return fail("too deep");
        std::vector<json_value> items;
        ++at_;
        skip_space();
        if (take(']')) return done(out, json_value::of(std::move(items)));
        for (;;) {
            skip_space();
            items.emplace_back();
            if (!value(items.back(), depth)) return false;
            skip_space();
            if (take(']')) return done(out, json_value::of(std::move(items)));
            if (!take(',')) return fail("a comma or the end of the array is expected");
        }
    }
    bool object(json_value& out, uint32_t depth) {
        if (depth > limits_.depth) return fail("too deep");
        std::vector<std::string> names;
        std::vector<json_value> values;
        ++at_;
        skip_space();
        if (take('}')) return done(out, json_value::of({}, {}));
        for (;;) {
            if (!member(names.emplace_back(), values.emplace_back(), depth)) return false;
            if (take('}')) break;
            if (!take(',')) return fail("a comma or the end of the object is expected");
        }
        if (has_duplicates(names)) return fail("a key stands twice in one object");
        return done(out, json_value::of(std::move(names), std::move(values)));
    }
    bool member(std::string& name, json_value& out, uint32_t depth) {
        skip_space();
        if (peek() != '"') return fail("a key is expected");
        if (!string(name)) return false;
        skip_space();
        if (!take(':')) return fail("a colon is expected");
        skip_space();
        if (!value(out, depth)) return false;
        skip_space();
        return true;
    }
    static bool done(json_value& out, json_value made) {
        out = std::move(made);
        return true;
    }
    static bool has_duplicates(const std::vector<std::string>& from) {
        std::vector<std::string_view> names(from.begin(), from.end());
        std::sort(names.begin(), names.end());
        return std::adjacent_find(names.begin(), names.end()) != names.end();
    }

    bool string_value(json_value& out) {
        std::string text;
        return string(text) && done(out, json_value::of(std::move(text)));
    }
    bool string(std::string& out) {
        ++at_;
        while (at_ < text_.size()) {
            const char letter = text_[at_];
            if (letter == '"') {
                ++at_;
                return true;
            }
            if (static_cast<unsigned char>(letter) < 0x20) return fail("a control character");
            if (letter == '\\') {
                if (!escape(out)) return false;
                continue;
            }
            const std::size_t size = utf8_length(text_.substr(at_));
            if (size == 0) return fail("no UTF-8");
            out.append(text_.substr(at_, size));
            at_ += size;
        }
        return fail("a string has no end");
    }
    bool escape(std::string& out) {
        static constexpr std::string_view names = "\"\\/bfnrt", letters = "\"\\/\b\f\n\r\t";
        ++at_;
        if (take('u')) return unicode(out);
        const std::size_t which = at_ < text_.size() ? names.find(text_[at_]) : names.npos;
        if (which == names.npos) return fail("an unknown escape");
        out += letters[which];
        ++at_;
        return true;
    }
    bool unicode(std::string& out) {
        uint32_t letter = 0;
        if (!hex(letter)) return false;
        if (letter >= 0xDC00 && letter <= 0xDFFF) return fail("a lone surrogate");
        if (letter >= 0xD800 && letter <= 0xDBFF) {
            uint32_t low = 0;
            if (!take('\\') || !take('u')) return fail("a lone surrogate");
            if (!hex(low)) return false;
            if (low < 0xDC00 || low > 0xDFFF) return fail("a lone surrogate");
            letter = 0x10000 + ((letter - 0xD800) << 10) + (low - 0xDC00);
        }
        append_utf8(out, letter);
        return true;
    }
    bool hex(uint32_t& out) noexcept {
        const std::string_view digits = text_.substr(at_, 4);
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
        if (digits.size() != 4 || read.ptr != digits.data() + 4) return fail("four hex digits");
        at_ += 4;
        return true;
    }

    static bool is_digit(char letter) noexcept { return letter >= '0' && letter <= '9'; }
    bool digits() noexcept {
        const std::size_t begin = at_;
        while (is_digit(peek()))
            ++at_;
        return at_ != begin;
    }
    bool number(json_value& out) {
        const std::size_t begin = at_;
        take('-');
        const bool zero = peek() == '0';
        if (!digits()) return fail("a value is expected");
        const std::size_t whole = at_ - begin - (text_[begin] == '-' ? 1 : 0);
        if (zero && whole > 1) return fail("a number begins with 0");
        bool integral = true;
        if (take('.')) {
            integral = false;
            if (!digits()) return fail("a digit is expected");
        }
        if (take('e') || take('E')) {
            integral = false;
            if (!take('+')) take('-');
            if (!digits()) return fail("a digit is expected");
        }
        return convert(text_.substr(begin, at_ - begin), integral, out);
    }
    bool convert(std::string_view text, bool integral, json_value& out) {
        const char* const end = text.data() + text.size();
        int64_t whole = 0;
        if (integral && std::from_chars(text.data(), end, whole).ec == std::errc()) {
            return done(out, json_value::of(whole));
        }
        double real = 0;
        if (std::from_chars(text.data(), end, real).ec != std::errc()) {
            return fail("a number is out of range");
        }
        return done(out, json_value::of(real));
    }

    std::string_view text_;
    json_limits limits_;
    std::size_t at_ = 0;
    uint32_t values_ = 0;
    const char* error_ = "";
};

}  // namespace detail

inline json_document read_json(std::string_view text, json_limits limits = {}) {
    return detail::json_parser(text, limits).read();
}

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
