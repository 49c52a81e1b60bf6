// Escaping copies runs of plain bytes at once; only what JSON must escape, and what is not UTF-8,
// is looked at one by one.
#include "api_types/json_writer.hpp"

#include "base/text.hpp"

namespace gatepost::api_types {
namespace {

bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && c != '"' && c != '\\' && byte != 0x7F;
}

void append_escape(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += "\\u00";
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

// Bad bytes become U+FFFD; everything else stays.
std::string repaired(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        size_t length = 1;
        while (length < std::min<size_t>(4, text.size()) && !text::is_utf8(text.substr(0, length)))
            ++length;
        const bool good = text::is_utf8(text.substr(0, length));
        out += good ? text.substr(0, length) : std::string_view("\xEF\xBF\xBD");
        text.remove_prefix(good ? length : 1);
    }
    return out;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    std::string kept;
    if (!text::is_utf8(text)) text = kept = repaired(text);
    out += '"';
    while (!text.empty()) {
        size_t run = 0;
        while (run < text.size() && is_plain(text[run]))
            ++run;
        out += text.substr(0, run);
        if (run < text.size()) append_escape(out, text[run++]);
        text.remove_prefix(run);
    }
    out += '"';
}

json_writer& json_writer::key(std::string_view name) {
    comma();
    append_json_string(out_, name);
    out_ += ':';
    first_ = true;
    return *this;
}

json_writer& json_writer::value(std::string_view text) {
    comma();
    append_json_string(out_, text);
    return *this;
}

json_writer& json_writer::value(bool truth) {
    return raw(truth ? "true" : "false");
}

json_writer& json_writer::raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
}

json_writer& json_writer::member(std::string_view name, const std::optional<wall_time>& time) {
    return time ? member(name, *time) : *this;
}

json_writer& json_writer::open(char bracket) {
    comma();
    out_ += bracket;
    first_ = true;
    return *this;
}

json_writer& json_writer::close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
}

void json_writer::comma() {
    if (!first_) out_ += ',';
    first_ = false;
}

}  // namespace gatepost::api_types
