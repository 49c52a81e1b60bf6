// getaddrinfo is the resolver of the machine: hosts file, nsswitch, name servers.
#include "services/socket_address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost::services {
namespace {

struct addrinfo_end {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using addrinfo_list = std::unique_ptr<addrinfo, addrinfo_end>;

bool private_v4(uint32_t address) {
    const auto in = [address](uint32_t net, int bits) {
        return (address ^ net) >> (32 - bits) == 0;
    };
    return in(0x00000000, 8) || in(0x0a000000, 8) || in(0x64400000, 10) || in(0x7f000000, 8) ||
           in(0xa9fe0000, 16) || in(0xac100000, 12) || in(0xc0000000, 24) || in(0xc0a80000, 16) ||
           in(0xc6120000, 15) || in(0xe0000000, 4) || in(0xf0000000, 4);
}

uint32_t v4_at(const uint8_t* at) {
    return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | uint32_t{at[3]};
}

bool starts(const uint8_t* address, std::initializer_list<uint8_t> with) {
    return std::equal(with.begin(), with.end(), address);
}

bool private_v6(const uint8_t* address) {
    const bool zeros = std::all_of(address, address + 10, [](uint8_t each) { return each == 0; });
    // ::, ::1, IPv4-compatible and IPv4-mapped.
    if (zeros && address[10] == 0xff && address[11] == 0xff) return private_v4(v4_at(address + 12));
    if (zeros) return true;
    if (starts(address, {0x00, 0x64, 0xff, 0x9b})) return private_v4(v4_at(address + 12));  // NAT64
    if (starts(address, {0x20, 0x02})) return private_v4(v4_at(address + 2));               // 6to4
    const bool unique_local = (address[0] & 0xfe) == 0xfc;
    const bool link_or_site = address[0] == 0xfe && (address[1] & 0x80) != 0;
    return unique_local || link_or_site || address[0] == 0xff;
}

bool metadata_v4(uint32_t address) {
    return address >> 16 == 0xa9fe;
}

bool metadata_v6(const uint8_t* address) {
    const bool mapped = starts(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
    if (mapped) return metadata_v4(v4_at(address + 12));
    const bool link_local = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
    return link_local || starts(address, {0xfd, 0x00, 0x0e, 0xc2});
}

result<addrinfo_list> ask(const std::string& host, uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int problem = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    addrinfo_list list(found);
    if (problem == 0) return list;
    switch (problem) {
        case EAI_NONAME:
#ifdef EAI_NODATA
        case EAI_NODATA:
#endif
            return error{error_kind::not_found,
                         "the name " + host + " has no address; check how it is spelled"};
        case EAI_AGAIN:
            return error{error_kind::busy, "no name server answered for " + host +
                                               "; check this machine's network and resolv.conf"};
        case EAI_SYSTEM: return error_from_errno(errno, "cannot look up the name " + host);
        default:
            return error{error_kind::io,
                         "cannot look up the name " + host + ": " + ::gai_strerror(problem)};
    }
}

}  // namespace

socket_address::socket_address(const sockaddr* from, socklen_t size)
    : size_(std::min<socklen_t>(size, sizeof storage_)) {
    std::memcpy(&storage_, from, size_);
}

std::optional<socket_address> socket_address::parse(std::string_view host, uint16_t port) {
    const std::string plain = plain_host(host);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (::inet_pton(AF_INET, plain.c_str(), &v4.sin_addr) == 1)
        return socket_address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (::inet_pton(AF_INET6, plain.c_str(), &v6.sin6_addr) == 1)
        return socket_address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
    return std::nullopt;
}

std::optional<socket_address> socket_address::unix_path(std::string_view path) {
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const auto size = offsetof(sockaddr_un, sun_path) + path.size() + 1;
    return socket_address(reinterpret_cast<const sockaddr*>(&address),
                          static_cast<socklen_t>(size));
}

std::string socket_address::text() const {
    char text[INET6_ADDRSTRLEN] = {};
    if (family() == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage_);
        ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
        return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
    }
    if (family() == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage_);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
        return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
    }
    if (family() == AF_UNIX)
        return "unix:" + std::string(reinterpret_cast<const sockaddr_un&>(storage_).sun_path);
    return "an unknown address";
}

bool socket_address::is_private() const {
    if (family() == AF_INET)
        return private_v4(ntohl(reinterpret_cast<const sockaddr_in&>(storage_).sin_addr.s_addr));
    if (family() == AF_INET6)
        return private_v6(reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr.s6_addr);
    return true;
}

bool socket_address::is_metadata() const {
    if (family() == AF_INET)
        return metadata_v4(ntohl(reinterpret_cast<const sockaddr_in&>(storage_).sin_addr.s_addr));
    if (family() == AF_INET6)
        return metadata_v6(reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr.s6_addr);
    return false;
}

std::vector<socket_address> take_turns(std::span<const socket_address> by_preference) {
    std::vector<socket_address> first, second, turns;
    for (const socket_address& each : by_preference)
        (each.family() == by_preference.front().family() ? first : second).push_back(each);
    for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) turns.push_back(first[i]);
        if (i < second.size()) turns.push_back(second[i]);
    }
    return turns;
}

result<std::vector<socket_address>> resolve(const std::string& host, uint16_t port) {
    const std::string plain = plain_host(host);
    if (const auto literal = socket_address::parse(plain, port)) return std::vector{*literal};
    const auto list = ask(plain, port);
    if (!list) return list.error();
    std::vector<socket_address> found;
    for (const addrinfo* each = list->get(); each != nullptr; each = each->ai_next) {
        if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
        found.emplace_back(each->ai_addr, each->ai_addrlen);
    }
    if (found.empty()) return error{error_kind::not_found, "the name " + plain + " has no address"};
    auto turns = take_turns(found);
    if (turns.size() > limits::connect_addresses) turns.resize(limits::connect_addresses);
    return turns;
}

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

bool is_ip_literal(std::string_view host) {
    return socket_address::parse(host, 0).has_value();
}

}  // namespace gatepost::services
