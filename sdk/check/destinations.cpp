// See destinations.hpp.
#include "check/destinations.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"

namespace gatepost::check {
namespace {

using json = nlohmann::json;
using address = std::array<uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d

bool is_unix(std::string_view host) {
    return host.starts_with("unix:");
}

std::string plain_host(std::string_view host) {
    if (is_unix(host)) return std::string(host);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.ends_with('.') && host.size() > 1) host.remove_suffix(1);
    return text::to_lower(host);
}

std::optional<address> address_of(const std::string& plain) {
    address out{};
    out[10] = out[11] = 0xff;
    if (inet_pton(AF_INET, plain.c_str(), out.data() + 12) == 1) return out;
    if (inet_pton(AF_INET6, plain.c_str(), out.data()) == 1) return out;
    return std::nullopt;
}

bool same_host(std::string_view one, std::string_view other) {
    const std::string left = plain_host(one), right = plain_host(other);
    if (left == right) return true;
    const auto a = address_of(left), b = address_of(right);
    return a && b && *a == *b;
}

bool is_private_v4(const uint8_t* at) {
    const uint32_t whole =
        uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | uint32_t{at[3]};
    struct net {
        uint32_t first;
        int bits;
    };
    constexpr net nets[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},
                            {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24}, {0xc0a80000, 16},
                            {0xc6120000, 15}, {0xe0000000, 4},  {0xf0000000, 4}};
    return std::ranges::any_of(
        nets, [&](const net& one) { return (whole ^ one.first) >> (32 - one.bits) == 0; });
}

bool is_private(const address& of) {
    const bool zeros =
        std::all_of(of.begin(), of.begin() + 10, [](auto byte) { return byte == 0; });
    if (zeros && of[10] == 0xff && of[11] == 0xff) return is_private_v4(of.data() + 12);
    if (zeros) return true;
    const bool nat64 = of[0] == 0x00 && of[1] == 0x64 && of[2] == 0xff && of[3] == 0x9b;
    if (nat64) return is_private_v4(of.data() + 12);
    if (of[0] == 0x20 && of[1] == 0x02) return is_private_v4(of.data() + 2);
    const bool link_or_site = of[0] == 0xfe && (of[1] & 0x80) != 0;
    return (of[0] & 0xfe) == 0xfc || link_or_site || of[0] == 0xff;
}

bool leads_inside(const std::string& plain) {
    if (plain == "localhost" || plain.ends_with(".localhost")) return true;
    const auto literal = address_of(plain);
    return literal && is_private(*literal);
}

// The clouds' own services for keys, said by their exact address and port.
bool is_credential_service(const destination& one) {
    return one.port != 0 && (one.host == "169.254.169.254" || one.host == "169.254.170.2");
}

std::string host_and_port(const std::string& plain, uint32_t port) {
    if (is_unix(plain)) return plain;
    const bool v6 = plain.find(':') != plain.npos;
    return (v6 ? "[" + plain + "]" : plain) + ":" + std::to_string(port);
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
        if (port && *port <= 65535) made.port = static_cast<uint32_t>(*port);
        text = text.substr(0, colon);
    }
    made.host = bracketed ? text.substr(1, close - 1) : text;
    return made;
}

std::vector<destination> destinations_of(std::string_view manifest, std::string_view settings) {
    std::vector<destination> found;
    const json facts = json::parse(manifest, nullptr, false);
    const json with = json::parse(settings, nullptr, false);
    if (!facts.is_object()) return found;
    for (const json& each : facts.value("destinations", json::array())) {
        if (!each.is_string()) continue;
        const auto text = each.get<std::string>();
        if (!text.starts_with('/')) {
            found.push_back(read_destination(text, false));
            continue;
        }
        const json::json_pointer at(text);
        if (!with.contains(at) || !with.at(at).is_string()) continue;
        auto named = read_destination(with.at(at).get<std::string>(), true);
        if (!named.host.empty()) found.push_back(std::move(named));
    }
    return found;
}

std::string objection_to(const std::vector<destination>& named, std::string_view host,
                         uint32_t port) {
    const std::string plain = plain_host(host);
    bool allowed = false, anywhere = false;
    for (const destination& each : named) {
        if (each.port != 0 && each.port != port && !is_unix(host)) continue;
        if (!same_host(each.host, host)) continue;
        allowed = true;
        anywhere = anywhere || each.owner || is_credential_service(each);
    }
    const std::string where = text::sanitize(host_and_port(plain, port), 256);
    if (!allowed)
        return where +
               " is not among the destinations that the manifest and the settings name; "
               "add it to \"destinations\" of manifest.json";
    if (anywhere) return {};
    if (is_unix(host) || leads_inside(plain))
        return where +
               " leads into this machine or its network, where only the settings may lead; "
               "add the pointer of a setting that names it to \"destinations\" of "
               "manifest.json";
    return {};
}

}  // namespace gatepost::check
