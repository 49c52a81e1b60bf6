// Names are compared as they are looked up: lower case, no final dot, no brackets; addresses by
// value, so that two spellings of one are the same.
#include "services/destinations.hpp"

#include "base/text.hpp"

namespace gatepost::services {
namespace {

// As names, or as two spellings of one address.
bool same_host(std::string_view one, std::string_view other) {
    const std::string left = plain_host(one), right = plain_host(other);
    if (left == right) return true;
    const auto a = socket_address::parse(left, 0), b = socket_address::parse(right, 0);
    return a && b && a->text() == b->text();
}

// The clouds' own services for keys: no name leads there, and a manifest says one out loud only by
// its exact address and port.
bool is_credential_service(const plugin::destination& each) {
    return each.port != 0 && (each.host == "169.254.169.254" || each.host == "169.254.170.2");
}

}  // namespace

permission may_connect(std::span<const plugin::destination> named, std::string_view host,
                       uint32_t port) {
    permission given;
    for (const plugin::destination& each : named) {
        if (each.port != 0 && each.port != port && !is_unix(host)) continue;
        if (!same_host(each.host, host)) continue;
        given.allowed = true;
        given.anywhere = given.anywhere || each.owner || is_credential_service(each);
    }
    if (!given.allowed)
        given.why = text::sanitize(host_and_port(host, port), 256) +
                    " is not among the destinations that the provider's manifest and the "
                    "connection's settings name";
    else if (!given.anywhere && is_unix(host))
        return {false, false, "only the connection's settings may name a Unix socket"};
    return given;
}

std::string hold_against(const permission& given, std::string_view host,
                         std::vector<socket_address>& addresses) {
    if (given.anywhere || addresses.empty()) return {};
    const std::string first = addresses.front().text();
    std::erase_if(addresses, [](const socket_address& each) { return each.is_private(); });
    if (!addresses.empty()) return {};
    return text::sanitize(host, 256) + " leads to " + first +
           ", inside this machine or its network, where only a name from the settings may lead";
}

}  // namespace gatepost::services
