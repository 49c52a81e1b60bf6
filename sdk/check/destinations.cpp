// See destinations.hpp.
#include "check/destinations.hpp"

#include <nlohmann/json.hpp>

#include "base/network.hpp"
#include "base/text.hpp"

namespace gatepost::check {
namespace {

using json = nlohmann::json;

bool leads_inside(std::string_view host) {
    const std::string plain = plain_host(host);
    if (is_unix(host) || plain == "localhost" || plain.ends_with(".localhost")) return true;
    const auto literal = ip_literal(host);
    return literal && is_private(*literal);
}

}  // namespace

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
    const permission given = may_connect(named, host, port);
    const bool inside = leads_inside(host);
    if (given.allowed && (given.anywhere || !inside)) return {};
    if (!inside) return given.why + "; add it to \"destinations\" of manifest.json";
    return text::sanitize(host_and_port(host, port), 256) +
           " leads into this machine or its network, where only the settings may lead; add the "
           "pointer of a setting that names it to \"destinations\" of manifest.json";
}

}  // namespace gatepost::check
