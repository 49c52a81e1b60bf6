// Writes JSON text straight into a string: no tree, no allocation but the string's own. The caller
// keeps the order (key before value, every begin has its end); the writer keeps the commas and the
// escaping. Bytes that are not UTF-8 are written as U+FFFD, so that the output is always JSON.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace gatepost::api_types {

void append_json_string(std::string& out, std::string_view text);

class json_writer {
  public:
    explicit json_writer(std::string& out) : out_(out) {}

    json_writer& begin_object() { return open('{'); }
    json_writer& end_object() { return close('}'); }
    json_writer& begin_array() { return open('['); }
    json_writer& end_array() { return close(']'); }
    json_writer& key(std::string_view name);

    json_writer& value(std::string_view text);
    json_writer& value(const char* text) { return value(std::string_view(text)); }
    json_writer& value(const std::string& text) { return value(std::string_view(text)); }
    json_writer& value(bool truth);
    json_writer& value(std::integral auto number) {
        comma();
        out_ += std::to_string(number);
        return *this;
    }
    json_writer& null() { return raw("null"); }
    // Text that is JSON already.
    json_writer& raw(std::string_view json);

    template <class T>
    json_writer& member(std::string_view name, const T& what) {
        return key(name).value(what);
    }
    // Left out if there is none.
    json_writer& member(std::string_view name, const std::optional<wall_time>& time);
    json_writer& member(std::string_view name, wall_time time) {
        return key(name).value(format_rfc3339(time));
    }
    json_writer& member_if(std::string_view name, std::string_view text) {
        return text.empty() ? *this : key(name).value(text);
    }

  private:
    json_writer& open(char bracket);
    json_writer& close(char bracket);
    void comma();

    std::string& out_;
    bool first_ = true;  // the next value needs no comma
};

}  // namespace gatepost::api_types
