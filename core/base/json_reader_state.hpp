// The inside of json_reader: a machine of two small states, what the grammar expects next and what
// token is half read, and a stack of open containers. Every step takes bytes from `in_` at `at_`; a
// token that the piece cuts in two leaves its beginning in `scratch_` (numbers), `tail_` (one UTF-8
// sequence) or the key set. String values are not gathered: long runs go out as views into the
// caller's bytes, always cut between characters. json_reader.cpp has the structure,
// json_reader_strings.cpp what happens between double quotes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.hpp"
#include "base/json_scan.hpp"

namespace gatepost {

// "nested deeper than 32 levels"
inline std::string cap_text(std::string_view before, size_t cap, std::string_view after) {
    return std::string(before) + std::to_string(cap) + std::string(after);
}

class json_reader::state {
  public:
    explicit state(json_events& events) : events_(events) { frames_.reserve(8); }

    status feed(std::string_view bytes);
    status finish();
    [[nodiscard]] std::string pointer() const;

  private:
    enum class token { none, string, tail, escape, hex, low_backslash, low_u, literal, number };
    enum class expect { value, first_element, first_key, key, colon, comma, nothing };
    struct frame {
        bool is_object;
        bool has_key;
        uint32_t object;  // number of the object in the document
        uint32_t key;     // number of the key whose value is read
        size_t index;     // of the element that is read
    };

    bool fail_at(size_t byte, std::string_view reason);
    bool fail(std::string_view reason) { return fail_at(before_ + at_, reason); }
    bool check(status&& said) {
        if (said) return true;
        failure_ = std::move(said).error();
        return false;
    }

    bool step();
    bool structure();
    bool begin_value(char c);
    bool end_value();
    bool open(bool is_object);
    bool close(char c);
    bool after_comma();

    bool begin_string(bool is_key);
    bool string_run();
    bool utf8_tail();
    bool cut_sequence(std::string_view piece, json_scan::utf8_check found);
    bool put(std::string_view piece);
    bool flush();
    bool end_string(std::string_view piece);
    bool end_key(std::string_view piece);
    bool escape();
    bool hex_digit();
    bool end_unicode();
    bool low_surrogate(char wanted, token next);

    bool begin_literal(std::string_view word);
    bool literal();
    bool number();
    bool end_number(std::string_view text);

    json_events& events_;
    std::optional<error> failure_;
    std::string_view in_;
    size_t at_ = 0;
    size_t before_ = 0;  // bytes of earlier pieces

    token token_ = token::none;
    expect expect_ = expect::value;
    std::vector<frame> frames_;
    json_scan::key_set keys_;
    uint32_t objects_ = 0;
    size_t values_ = 0;

    bool reading_key_ = false;
    size_t string_start_ = 0;
    std::string gathered_;  // short runs and escapes, until they are worth an event
    uint32_t unit_ = 0;     // of \uXXXX, so far
    int digits_ = 0;
    uint32_t high_surrogate_ = 0;  // waits for its other half; 0: none
    std::string tail_;             // the beginning of a UTF-8 sequence
    std::string_view word_;        // true, false, null
    size_t matched_ = 0;           // characters of it
    std::string scratch_;          // the beginning of a number; a decoded escape
    size_t number_start_ = 0;
};

}  // namespace gatepost
