// What a plugin says of a connection's settings beyond their schema: an instance is made of them
// and ended, and nothing is sent. For whoever checks a configuration that no daemon runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "plugin/registry.hpp"

namespace gatepost::daemon {

// The plugin's objections; empty if it takes them. It is asked on this thread.
std::vector<field_error> objections_of(const std::shared_ptr<const plugin::loaded_plugin>& plugin,
                                       const std::string& connection, const secret& settings);

}  // namespace gatepost::daemon
