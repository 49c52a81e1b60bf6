// The formats a schema may name. Syntax only; nothing is looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::schema {

enum class format : uint8_t { hostname, email, uri, ipv4, ipv6, duration };

std::optional<format> format_named(std::string_view name);
bool has_format(format wanted, std::string_view text);
// "a host name such as mail.example.com", for "must be ..."
std::string_view describe(format wanted);

}  // namespace gatepost::schema
