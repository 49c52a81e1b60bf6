// The connection's settings as a value, with what does not fit together said at the setting it
// stands in. Pure.
#pragma once

#include <gatepost/http_endpoint.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace azure {

struct options {
    gatepost::sdk::http_endpoint endpoint;
    std::string host;    // and, if it is not the scheme's, port: what Host will say
    bool entra = false;  // the host's access token instead of a signature
    std::string key;     // decoded
    std::string sender, display_name;
    bool tracking_off = false;
    bool lookups = true;
    std::string api_version;
    uint64_t max_bytes = 0;                            // of a request
    std::string resource_group, service_name, region;  // shown, not used
};

options read_options(const gatepost::sdk::settings& given, gatepost::sdk::diagnostics& said);

// Of a domain that Azure gives away (*.azurecomm.net): few mails, and no more on request.
bool is_managed(std::string_view address);
inline constexpr uint64_t managed_per_minute = 5, managed_per_hour = 10;
inline constexpr uint64_t managed_lookups_per_minute = 10, managed_lookups_per_hour = 20;

struct connection_string {
    std::string endpoint, access_key;
};
// "endpoint=https://...;accesskey=..." in any order and letter case; nothing if a part is missing.
std::optional<connection_string> read_connection_string(std::string_view text);

}  // namespace azure
