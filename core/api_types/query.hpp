// The query of a request, decoded: names and values in the order given.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace gatepost::api_types {

using query_list = std::vector<std::pair<std::string, std::string>>;

// a=1&b=x%20y; a plus sign is a plus sign (addresses hold them). `malformed` for a bad percent
// sequence, bad UTF-8 or too many parameters.
result<query_list> parse_query(std::string_view query);

}  // namespace gatepost::api_types
