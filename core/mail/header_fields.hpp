// A header block as its fields; private to this room. Views point into the block.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatepost::mail {

struct header_field {
    std::string_view name;
    std::string_view value;  // behind the colon, folds and all, without the last line break
    std::string_view whole;  // with name and line break
};

// A block with CRLF lines, with or without the empty line at its end. Refuses by line number what
// is neither field nor continuation, lines over 998 octets, and controls: what mail programs would
// read in different ways (header smuggling).
result<std::vector<header_field>> split_header_block(std::string_view block);
// The same for the headers of a part inside a mail: what is no field is skipped.
std::vector<header_field> split_part_headers(std::string_view block);
// `invalid` if a field that RFC 5322 3.6 allows once is there twice.
status check_single_fields(const std::vector<header_field>& fields);

// One line: folds become their white space, tabs become spaces, none is left at the ends.
std::string unfold(std::string_view value);
// The first field of that name (any case), or null.
const header_field* find_field(const std::vector<header_field>& fields, std::string_view name);

}  // namespace gatepost::mail
