// Which hosts an instance may connect to: those that the plugin's manifest names, and those that
// the owner's settings name. Pure; the daemon's services and the fake host of the SDK share it, so
// that both judge alike.
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

namespace gatepost {

struct destination {
    std::string host;    // name, address or "unix:/path", as it was given
    uint16_t port = 0;   // 0: any
    bool owner = false;  // named by the settings: it may lead anywhere, also into this machine
};

// "[::1]:25", "host:25", "socks5://user:password@host:1080/", "unix:/path", "::1"; an owner's value
// may be a whole URL, or hold one as "endpoint=https://host;key=...".
destination read_destination(std::string_view text, bool owner);

struct permission {
    bool allowed = false;
    bool anywhere = false;  // also to private addresses
    std::string why;        // not allowed: a sentence for people
};

permission may_connect(std::span<const destination> named, std::string_view host, uint32_t port);

}  // namespace gatepost
