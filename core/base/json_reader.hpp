// The one strict JSON reader (RFC 8259) of the core: bytes are pushed in as they arrive, events
// come out. It holds no tree, never recurses, and refuses what the caps of limits.hpp do not allow:
// depth, number of keys and values, duplicate keys, bad UTF-8, lone surrogates, NUL in a key, a
// byte order mark. Long strings are handed on in pieces, so a 50 MB attachment costs no memory
// here.
//
// A failure is final: `malformed` with the byte offset and the JSON pointer, in words.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatepost {

// What the reader says. An event that returns an error ends the reading with it.
class json_events {
  public:
    virtual ~json_events() = default;
    virtual status on_null() = 0;
    virtual status on_boolean(bool value) = 0;
    virtual status on_integer(int64_t value) = 0;
    // A number with a fraction or exponent, or one that does not fit int64; `text` is as written.
    virtual status on_number(double value, std::string_view text) = 0;
    // A string value, decoded to UTF-8, in one or more pieces; a piece may be empty only if it is
    // the last.
    virtual status on_string(std::string_view piece, bool last) = 0;
    virtual status on_key(std::string_view key) = 0;
    virtual status on_object_begin() = 0;
    virtual status on_object_end() = 0;
    virtual status on_array_begin() = 0;
    virtual status on_array_end() = 0;
};

class json_reader {
  public:
    explicit json_reader(json_events& events);
    json_reader(json_reader&&) noexcept;
    ~json_reader();

    status feed(std::string_view bytes);
    // The document must be complete; white space may follow it, nothing else.
    status finish();
    // RFC 6901 pointer of the value being read; valid inside an event.
    [[nodiscard]] std::string pointer() const;

  private:
    class state;
    std::unique_ptr<state> state_;
};

}  // namespace gatepost
