// Which hosts an instance may connect to, judged by the daemon's own rule (base/destination.hpp)
// and said to a provider's author. Pure.
//
// What only the manifest names must not lead into this machine or its network; no name is looked
// up here, so that is seen of addresses and of localhost alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/destination.hpp"

namespace gatepost::check {

// Both are JSON as the host has it: checked, the settings with their defaults.
std::vector<destination> destinations_of(std::string_view manifest, std::string_view settings);
// Why it may not be connected to, and what to do; empty: it may.
std::string objection_to(const std::vector<destination>& named, std::string_view host,
                         uint32_t port);

}  // namespace gatepost::check
