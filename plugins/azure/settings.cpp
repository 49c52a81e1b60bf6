// See settings.hpp. The schema has checked types, ranges and choices; here is what it cannot say.
#include "settings.hpp"

#include <gatepost/letters.hpp>

#include <algorithm>

#include "sign.hpp"

namespace azure {
namespace {

using namespace gatepost::sdk;

constexpr std::string_view example =
    "endpoint=https://RESOURCE.communication.azure.com/;accesskey=...";

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ')
        text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ')
        text.remove_suffix(1);
    return text;
}

// The host of the URL as Host will say it; a path is refused: the signature covers it.
void read_host(options& made, std::string_view pointer, diagnostics& said) {
    std::string_view rest = made.endpoint.url;
    const std::string_view usual_port = rest.starts_with("http://") ? ":80" : ":443";
    rest.remove_prefix(std::min(rest.find("//") + 2, rest.size()));
    if (rest.find('/') != rest.npos)
        said.error(pointer, "must not have a path",
                   "Only scheme and host, as the portal shows it.");
    if (rest.ends_with(usual_port)) rest.remove_suffix(usual_port.size());
    made.host = rest;
}

void read_key(std::string_view text, std::string_view pointer, options& made, diagnostics& said) {
    const std::optional<std::string> key = from_base64(text);
    if (key && !key->empty()) {
        made.key = *key;
        return;
    }
    said.error(pointer, text.empty() ? "is missing" : "holds an access key that is no base64",
               "Copy it whole from the portal, with the = at its end.");
}

void read_account(const settings& given, options& made, diagnostics& said) {
    const std::string_view text = trimmed(given.text("connection_string", ""));
    const bool whole = !text.empty();
    std::optional<connection_string> parts;
    if (whole) parts = read_connection_string(text);
    if (whole && !parts)
        return said.error("/connection_string", "must hold an endpoint and an access key",
                          std::string(example));
    if (!whole && given.text("endpoint", "").empty())
        return said.error(
            "/connection_string", "is missing",
            "Copy it from the portal: Settings, Keys. Or set endpoint, and access_key or [oauth].");
    made.endpoint = read_endpoint(given, parts ? parts->endpoint : std::string(), said);
    read_host(made, given.has("endpoint") ? "/endpoint" : "/connection_string", said);
    const std::string_view own = trimmed(given.text("access_key", ""));
    const std::string_view how = given.text("auth", "auto");
    // Without a key there is nothing else; whether the host has an [oauth] table it says itself.
    made.entra = how == "entra" || (how == "auto" && !parts && own.empty());
    if (made.entra) return;
    const bool by_string = parts && own.empty();
    read_key(by_string ? std::string_view(parts->access_key) : own,
             by_string ? "/connection_string" : "/access_key", made, said);
}

}  // namespace

std::optional<connection_string> read_connection_string(std::string_view text) {
    connection_string made;
    while (!text.empty()) {
        const std::string_view item = trimmed(text.substr(0, text.find(';')));
        text.remove_prefix(std::min(text.find(';'), text.size() - 1) + 1);
        const std::size_t sign = item.find('=');
        if (sign == item.npos) continue;
        const std::string name = lower(trimmed(item.substr(0, sign)));
        const std::string_view value = trimmed(item.substr(sign + 1));
        if (name == "endpoint") made.endpoint = value;
        if (name == "accesskey") made.access_key = value;
    }
    if (made.endpoint.empty() || made.access_key.empty()) return std::nullopt;
    return made;
}

bool is_managed(std::string_view address) {
    const std::string domain = lower(address.substr(address.rfind('@') + 1));
    return domain == "azurecomm.net" || domain.ends_with(".azurecomm.net");
}

options read_options(const settings& given, diagnostics& said) {
    options made;
    read_account(given, made, said);
    made.sender = trimmed(given.text("sender", ""));
    if (made.sender.find('<') != made.sender.npos || made.sender.find(' ') != made.sender.npos)
        said.error("/sender", "must be a bare address",
                   "Azure takes no name here; it shows the one of the sender username.");
    if (is_managed(made.sender))
        said.warning("/sender",
                     "is of an Azure-managed domain, which sends only 5 mails a minute and 10 an "
                     "hour; the gateway learns this with the first mail",
                     "Set per_minute = 5 and per_hour = 10 in the connection's [limits], or verify "
                     "a domain of your own.");
    made.display_name = given.text("display_name", "");
    made.tracking_off = given.text("tracking", "domain") == "off";
    made.lookups = given.boolean("lookups", true);
    made.api_version = given.text("api_version", "2025-09-01");
    made.max_bytes = static_cast<uint64_t>(given.integer("max_megabytes", 10)) * 1024 * 1024;
    made.resource_group = given.text("resource_group", "");
    made.service_name = given.text("service_name", "");
    made.region = given.text("region", "");
    return made;
}

}  // namespace azure
