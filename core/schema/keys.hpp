// What to say about a key that is not known: the nearest one that is, be it misspelt, written in
// camelCase, or brought along from a nodemailer-style configuration. Settings, TOML files and API
// requests all speak through this function.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::schema {

// The one of `known` that was meant, if there is one near enough.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& known);
// "is not known; did you mean \"password\"?", else the list of what is known.
std::string unknown_key(std::string_view name, const std::vector<std::string>& known);

}  // namespace gatepost::schema
