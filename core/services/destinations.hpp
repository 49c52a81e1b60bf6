// A permission to connect (base/destination.hpp), held against the addresses that a name really
// has. Pure; stream/1 and http/1 share it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/destination.hpp"
#include "services/socket_address.hpp"

namespace gatepost::services {

// Removes the addresses that the permission does not cover; if none is left, the sentence.
std::string hold_against(const permission& given, std::string_view host,
                         std::vector<socket_address>& addresses);

}  // namespace gatepost::services
