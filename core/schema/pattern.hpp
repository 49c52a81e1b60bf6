// Regular expressions in linear time, for "pattern": the part of ECMA-262 that a finite automaton
// can do. Literals, ., classes, \d \w \s and their opposites, groups, |, * + ? {n,m}, ^ and $. What
// would need memory (back-references, look-around, \b) is refused when the schema is read. As JSON
// Schema has it, a pattern may match anywhere in the text.
//
// Matching costs at most length x states steps, both capped, and never recurses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace gatepost::schema {

class pattern {
  public:
    // `config`; the detail says what and where.
    static result<pattern> parse(std::string_view text);
    // `text` is UTF-8; what is not ends the text.
    [[nodiscard]] bool matches(std::string_view text) const;
    [[nodiscard]] const std::string& source() const { return source_; }

    struct code_point_set {
        std::vector<std::pair<uint32_t, uint32_t>> ranges;
        bool negated = false;
        [[nodiscard]] bool has(uint32_t code_point) const;
    };
    enum class operation : uint8_t { take, split, at_begin, at_end, match };
    struct state {
        operation what;
        uint32_t next = 0;
        uint32_t other = 0;  // split: the second way; take: which set
    };

  private:
    std::string source_;
    std::vector<code_point_set> sets_;
    std::vector<state> states_;
    uint32_t start_ = 0;
};

}  // namespace gatepost::schema
