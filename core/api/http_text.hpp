// The bytes of an answer: status line, fields, chunks. Pure but for the Date field's clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http.hpp"
#include "base/error.hpp"

namespace gatepost::api {

// Without a length the body comes in chunks, or ends with the connection.
void append_head(std::string& out, const response& with, std::optional<uint64_t> length,
                 bool chunked, bool closing);
void append_chunk(std::string& out, std::string_view piece);
void append_last_chunk(std::string& out);
std::string_view reason_of(int status);
error body_too_large(uint64_t limit);

}  // namespace gatepost::api
