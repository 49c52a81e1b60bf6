// Names are compared as they are looked up: lower case, no final dot, no brackets; addresses by
// value, so that two spellings of one are the same.
#include "base/destination.hpp"

#include <limits>

#include "base/network.hpp"
#include "base/text.hpp"

namespace gatepost {
namespace {

// As names, or as two spellings of one address.
bool same_host(std::string_view one, std::string_view other) {
    if (plain_host(one) == plain_host(other)) return true;
    const auto a = ip_literal(one), b = ip_literal(other);
    return a && b && *a == *b;
}

// The clouds' own services for keys: no name leads there, and a manifest says one out loud only by
// its exact address and port.
bool is_credential_service(const destination& each) {
    return each.port != 0 && (each.host == "169.254.169.254" || each.host == "169.254.170.2");
}

}  // namespace

destination read_destination(std::string_view text, bool owner) {
    destination made;
    made.owner = owner;
    if (is_unix(text)) {
        made.host = text;
        return made;
    }
    if (const size_t scheme = text.find("://"); scheme != text.npos) text.remove_prefix(scheme + 3);
    text = text.substr(0, text.find_first_of("/?#;"));
    if (const size_t user = text.rfind('@'); user != text.npos) text.remove_prefix(user + 1);
    const bool bracketed = text.starts_with('[') && text.find(']') != text.npos;
    const size_t close = bracketed ? text.find(']') : 0;
    const size_t colon = text.find(':', close);
    const bool bare_v6 = !bracketed && colon != text.npos && text.find(':', colon + 1) != text.npos;
    if (colon != text.npos && !bare_v6) {
        const auto port = text::parse_unsigned(text.substr(colon + 1));
        if (port && *port <= std::numeric_limits<uint16_t>::max())
            made.port = static_cast<uint16_t>(*port);
        text = text.substr(0, colon);
    }
    made.host = bracketed ? text.substr(1, close - 1) : text;
    return made;
}

permission may_connect(std::span<const destination> named, std::string_view host, uint32_t port) {
    permission given;
    for (const destination& each : named) {
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

}  // namespace gatepost
