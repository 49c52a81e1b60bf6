// A media type with its parameters, as a caller writes it (RFC 2045 5.1); private to this room.
// Strict and small: what a hostile mail says about itself is read by GMime (decode.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mail/header_writer.hpp"

namespace gatepost::mail {

struct media_type {
    std::string name;  // lower case, "text/html"
    parameters with;   // names in lower case
};

// Nothing if it is not type/subtype with well-formed parameters.
std::optional<media_type> parse_media_type(std::string_view text);

}  // namespace gatepost::mail
