// Which hosts an instance may connect to: those that the plugin's manifest names, and those that
// the owner's settings name. Pure; stream/1 and http/1 share it.
//
// What the settings name may lead anywhere: a mail server on this machine is the owner's good
// right. What only the manifest names is the plugin author's word, and must not lead to an address
// inside this machine or its network; the only exceptions are the two link-local addresses that
// give an instance or a container the keys of a role, where a manifest lists them exactly.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/instance.hpp"
#include "services/socket_address.hpp"

namespace gatepost::services {

struct permission {
    bool allowed = false;
    bool anywhere = false;  // also to private addresses
    std::string why;        // not allowed: a sentence for people
};

permission may_connect(std::span<const plugin::destination> named, std::string_view host,
                       uint32_t port);
// Removes the addresses that the permission does not cover; if none is left, the sentence.
std::string hold_against(const permission& given, std::string_view host,
                         std::vector<socket_address>& addresses);

}  // namespace gatepost::services
