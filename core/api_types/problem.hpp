// An error as it travels: application/problem+json (RFC 9457). The daemon writes it from the one
// error table, a client reads it back into the same value.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gatepost::api_types {

// {"type","title","status","detail","errors":[{"pointer","detail"}]}
std::string write_problem(const error& failure);
// Never fails: what is not a problem document becomes an `internal` error that quotes its
// beginning.
error read_problem(std::string_view json, int http_status);

// Seconds for Retry-After, or 0: what the error says, else a default for its kind.
unsigned retry_after_seconds(const error& failure);

}  // namespace gatepost::api_types
