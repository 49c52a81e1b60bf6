// Which hosts an instance may connect to, judged as the daemon does it (core/services/destinations,
// core/plugin/settings_view): those that the manifest names, and those that the settings name where
// the manifest points at them. Pure; tests/contract/fake_host holds both against each other.
//
// What only the manifest names must not lead into this machine or its network; no name is looked
// up here, so that is seen of addresses and of localhost alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::check {

struct destination {
    std::string host;
    uint32_t port = 0;   // 0: any
    bool owner = false;  // named by the settings
};

// "host:25", "[::1]:25", "unix:/path"; of a URL its host and port.
destination read_destination(std::string_view text, bool owner);
// Both are JSON as the host has it: checked, the settings with their defaults.
std::vector<destination> destinations_of(std::string_view manifest, std::string_view settings);
// Why it may not be connected to, and what to do; empty: it may.
std::string objection_to(const std::vector<destination>& named, std::string_view host,
                         uint32_t port);

}  // namespace gatepost::check
