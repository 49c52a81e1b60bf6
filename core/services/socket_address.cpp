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

std::optional<ip_bytes> socket_address::bytes() const {
    ip_bytes out{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (family() == AF_INET)
        std::memcpy(out.data() + 12, &reinterpret_cast<const sockaddr_in&>(storage_).sin_addr, 4);
    else if (family() == AF_INET6)
        std::memcpy(out.data(), &reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr, 16);
    else
        return std::nullopt;
    return out;
}

bool socket_address::is_private() const {
    const auto address = bytes();
    return !address || gatepost::is_private(*address);
}

bool socket_address::is_metadata() const {
    const auto address = bytes();
    return address && gatepost::is_metadata(*address);
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

bool is_ip_literal(std::string_view host) {
    return ip_literal(host).has_value();
}

}  // namespace gatepost::services
