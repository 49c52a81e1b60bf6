#include "base/network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <initializer_list>

#include "base/text.hpp"

namespace gatepost {
namespace {

bool starts(const ip_bytes& address, std::initializer_list<uint8_t> with) {
    return std::equal(with.begin(), with.end(), address.begin());
}

bool is_v4(const ip_bytes& address) {
    return starts(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
}

uint32_t v4_at(const ip_bytes& address, size_t at) {
    return uint32_t{address[at]} << 24 | uint32_t{address[at + 1]} << 16 |
           uint32_t{address[at + 2]} << 8 | uint32_t{address[at + 3]};
}

bool is_private_v4(uint32_t address) {
    const auto in = [address](uint32_t net, int bits) {
        return (address ^ net) >> (32 - bits) == 0;
    };
    return in(0x00000000, 8) || in(0x0a000000, 8) || in(0x64400000, 10) || in(0x7f000000, 8) ||
           in(0xa9fe0000, 16) || in(0xac100000, 12) || in(0xc0000000, 24) || in(0xc0a80000, 16) ||
           in(0xc6120000, 15) || in(0xe0000000, 4) || in(0xf0000000, 4);
}

}  // namespace

std::string plain_host(std::string_view host) {
    if (is_unix(host)) return std::string(host);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.ends_with('.') && host.size() > 1) host.remove_suffix(1);
    return text::to_lower(host);
}

std::string host_and_port(std::string_view host, uint32_t port) {
    if (is_unix(host)) return std::string(host);
    const std::string plain = plain_host(host);
    const bool v6 = plain.find(':') != std::string::npos;
    return (v6 ? "[" + plain + "]" : plain) + ":" + std::to_string(port);
}

bool is_unix(std::string_view host) {
    return host.starts_with("unix:");
}

std::optional<ip_bytes> ip_literal(std::string_view host) {
    const std::string plain = plain_host(host);
    ip_bytes out{};
    if (::inet_pton(AF_INET6, plain.c_str(), out.data()) == 1) return out;
    out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (::inet_pton(AF_INET, plain.c_str(), out.data() + 12) == 1) return out;
    return std::nullopt;
}

bool is_private(const ip_bytes& address) {
    if (is_v4(address)) return is_private_v4(v4_at(address, 12));
    // ::, ::1 and IPv4-compatible.
    if (std::all_of(address.begin(), address.begin() + 10, [](uint8_t each) { return each == 0; }))
        return true;
    if (starts(address, {0x00, 0x64, 0xff, 0x9b}))
        return is_private_v4(v4_at(address, 12));                                // NAT64
    if (starts(address, {0x20, 0x02})) return is_private_v4(v4_at(address, 2));  // 6to4
    const bool unique_local = (address[0] & 0xfe) == 0xfc;
    const bool link_or_site = address[0] == 0xfe && (address[1] & 0x80) != 0;
    return unique_local || link_or_site || address[0] == 0xff;
}

bool is_metadata(const ip_bytes& address) {
    if (is_v4(address)) return v4_at(address, 12) >> 16 == 0xa9fe;
    const bool link_local = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
    return link_local || starts(address, {0xfd, 0x00, 0x0e, 0xc2});
}

}  // namespace gatepost
