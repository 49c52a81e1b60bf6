// What to say about a key that is not known: the nearest one that is, else what there is. Settings
// and TOML files speak through this function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::schema {

// "is not known; did you mean \"password\"?", else the list of what is known.
std::string unknown_key(std::string_view name, const std::vector<std::string>& known);

}  // namespace gatepost::schema
