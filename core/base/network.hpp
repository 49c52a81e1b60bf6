// Hosts and addresses as they are written and compared. Pure: no name is looked up here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost {

// "[::1]" and "Example.com." as they are compared and looked up: "::1", "example.com".
std::string plain_host(std::string_view host);
// "host:port", "[::1]:port", "unix:/path", for texts.
std::string host_and_port(std::string_view host, uint32_t port);
bool is_unix(std::string_view host);

using ip_bytes = std::array<uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d
// A numeric address, also "[::1]"; nothing if it is a name.
std::optional<ip_bytes> ip_literal(std::string_view host);
// Loopback, private, link-local, shared, multicast or unspecified, also wrapped in IPv6.
bool is_private(const ip_bytes& address);
// Link-local, or Amazon's fd00:ec2::/32: where a cloud tells a machine about itself, and hands it
// keys.
bool is_metadata(const ip_bytes& address);

}  // namespace gatepost
