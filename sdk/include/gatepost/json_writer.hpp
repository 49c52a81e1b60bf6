// Writes one JSON document as a list of segments: what authors write is escaped here, an opened
// body passes through the host and is never copied.
//
// Promises: whatever finish() returns is well-formed JSON in UTF-8, if every body was opened in the
// form `json` or `base64` and every raw() was JSON. Bytes that are no UTF-8 become U+FFFD. A call
// that would break the document (a value where a key is due, an unclosed object) throws
// std::logic_error: the author's mistake, found by the first test.
#pragma once

#include <gatepost/json_reader.hpp>
#include <gatepost/namespace.hpp>
#include <gatepost/segments.hpp>
#include <gatepost/utf8.hpp>

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

// `text` as it stands between the quotes of a JSON string.
inline std::string json_escaped(std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(text.size() + 16);
    while (!text.empty()) {
        const std::size_t size = detail::utf8_length(text);
        const char letter = text.front();
        if (size == 0) {
            out += "\xEF\xBF\xBD";
        } else if (letter == '"' || letter == '\\') {
            out += {'\\', letter};
        } else if (letter == '\n') {
            out += "\\n";
        } else if (letter == '\r') {
            out += "\\r";
        } else if (letter == '\t') {
            out += "\\t";
        } else if (static_cast<unsigned char>(letter) < 0x20) {
            out += {'\\', 'u', '0', '0', digits[letter >> 4], digits[letter & 15]};
        } else if (text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9")) {
            out += text[2] == '\xA8' ? "\\u2028" : "\\u2029";  // line ends to old JavaScript
        } else {
            out.append(text.substr(0, size));
        }
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return out;
}

namespace detail {

// Stands in a JSON string as it is: most keys and values do.
inline bool is_plain_json(std::string_view text) {
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte < 0x20 || byte >= 0x80 || letter == '"' || letter == '\\') return false;
    }
    return true;
}

}  // namespace detail

class json_writer {
  public:
    void begin_object() { open('{'); }
    void end_object() { close('{', "}"); }
    void begin_array() { open('['); }
    void end_array() { close('[', "]"); }

    void key(std::string_view name) {
        if (open_.empty() || open_.back() != '{' || after_key_) fault("a key outside an object");
        comma();
        quoted(name);
        out_.add(":");
        after_key_ = true;
    }

    void value(std::string_view text) {
        begin_value();
        quoted(text);
    }
    void value(const char* text) { value(std::string_view(text)); }
    void value(bool given) { raw(given ? "true" : "false"); }
    void value(std::nullptr_t) { raw("null"); }
    template <std::integral Integer>
    void value(Integer given) {
        number(given);
    }
    // What JSON cannot say (infinity, not a number) is null.
    void value(double given) { std::isfinite(given) ? number(given) : raw("null"); }
    void value(const json_value& given) {
        switch (given.kind()) {
            case json_kind::null: return value(nullptr);
            case json_kind::boolean: return value(given.boolean());
            case json_kind::integer: return value(given.integer());
            case json_kind::number: return value(given.number());
            case json_kind::string: return value(given.text());
            case json_kind::array: return array(given);
            case json_kind::object: return object(given);
        }
    }

    // A string whose content is an opened body.
    void body(gatepost_handle opened) {
        begin_value();
        out_.add("\"").add_body(opened).add("\"");
    }
    // JSON that exists already, such as message::options_json.
    void raw(std::string_view json) {
        begin_value();
        out_.add(json);
    }

    template <class Value>
    void member(std::string_view name, const Value& given) {
        key(name);
        value(given);
    }
    void member_body(std::string_view name, gatepost_handle opened) {
        key(name);
        body(opened);
    }

    // The document. The writer is empty and can be used again.
    segments finish() {
        if (!open_.empty() || !written_) fault("an unfinished JSON document");
        json_writer fresh;
        std::swap(fresh, *this);
        return std::move(fresh.out_);
    }

  private:
    [[noreturn]] static void fault(const char* what) { throw std::logic_error(what); }

    template <class Number>
    void number(Number given) {
        char text[32];
        const auto end = std::to_chars(text, text + sizeof text, given).ptr;
        raw({text, static_cast<std::size_t>(end - text)});
    }
    void array(const json_value& given) {
        begin_array();
        for (const json_value& one : given.items())
            value(one);
        end_array();
    }
    void object(const json_value& given) {
        begin_object();
        const auto& names = given.names();
        for (std::size_t at = 0; at < names.size(); ++at)
            member(names[at], given.items()[at]);
        end_object();
    }

    void quoted(std::string_view text) {
        out_.add("\"");
        detail::is_plain_json(text) ? out_.add(text) : out_.add(json_escaped(text));
        out_.add("\"");
    }
    void comma() {
        if (written_) out_.add(",");
        written_ = true;
    }
    void begin_value() {
        if (after_key_) {
            after_key_ = false;
            return;
        }
        if (open_.empty() && written_) fault("a second value after the document");
        if (!open_.empty() && open_.back() == '{') fault("a value without a key");
        comma();
    }
    void open(char kind) {
        begin_value();
        out_.add({&kind, 1});
        open_ += kind;
        written_ = false;
    }
    void close(char kind, std::string_view end) {
        if (open_.empty() || open_.back() != kind || after_key_) fault("a wrong end in JSON");
        out_.add(end);
        open_.pop_back();
        written_ = true;
    }

    segments out_;
    std::string open_;      // '{' and '[' not closed yet
    bool written_ = false;  // something stands at this level already
    bool after_key_ = false;
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
