// Domains as mail needs them (RFC 5321 2.3.5, RFC 5891); private to this room. libidn2 is seen only
// in domain.cpp.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatepost::mail {

// The domain as A-labels, or an address literal as it is; an error is a sentence that begins with
// "the domain" and can follow "... : ".
result<std::string> domain_to_ascii(std::string_view domain);

// ASCII letters, digits, hyphens in labels of at most 63, none empty; no label says xn--.
bool is_plain_domain(std::string_view domain);

}  // namespace gatepost::mail
