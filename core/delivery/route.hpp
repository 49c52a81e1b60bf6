// Which connection carries a message: the one it names, else `default`, else the only active one.
// Pure.
#pragma once

#include <string>

#include "base/result.hpp"
#include "config/config.hpp"

namespace gatepost::delivery {

// `no_connection` names what exists and what to do.
result<const config::connection*> route(const std::string& asked_for,
                                        const config::settings& config);

}  // namespace gatepost::delivery
