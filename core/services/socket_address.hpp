// An address to connect to: IPv4, IPv6 or a Unix socket; how it is written, and whether it leads
// out of this machine and its network. Pure, but for resolve(), which waits for name servers.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/network.hpp"
#include "base/result.hpp"

namespace gatepost::services {

class socket_address {
  public:
    socket_address() = default;
    socket_address(const sockaddr* from, socklen_t size);
    // A numeric address, also "[::1]"; nothing if it is a name.
    static std::optional<socket_address> parse(std::string_view host, uint16_t port);
    // Nothing if the path is empty or too long for the kernel.
    static std::optional<socket_address> unix_path(std::string_view path);

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    socklen_t size() const { return size_; }
    int family() const { return storage_.ss_family; }
    // "192.0.2.1:587", "[2001:db8::1]:587", "unix:/path"
    std::string text() const;
    // As base/network.hpp says; a Unix socket is private and tells of no cloud.
    bool is_private() const;
    bool is_metadata() const;

  private:
    std::optional<ip_bytes> bytes() const;

    sockaddr_storage storage_{};
    socklen_t size_ = 0;
};

// Every address of a name in the order to try them (RFC 8305 section 4: families take turns). The
// error's text says which of three things is wrong: no such name, no answer, something else.
result<std::vector<socket_address>> resolve(const std::string& host, uint16_t port);
std::vector<socket_address> take_turns(std::span<const socket_address> by_preference);

bool is_ip_literal(std::string_view host);

}  // namespace gatepost::services
