// Where a provider's OAuth2 tokens come from, as the host knows it or a manifest says it in its
// object `oauth`: {"microsoft": {"client_credentials_scope": "https://..."}}. What is empty is
// taken from the host's own profile of the same name. `{tenant}` in a URL stands for the tenant of
// the connection's [oauth] table.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::plugin {

struct oauth_profile {
    std::string token_url, authorize_url, device_url;
    std::string scope;                     // of refresh_token and service_account
    std::string client_credentials_scope;  // of client_credentials
    bool scope_on_refresh = false;         // it is said again with every refresh
    std::string tenant;                    // where the table names none; empty: it must
    // Added to the address of the consent page: {"access_type", "offline"}.
    std::vector<std::pair<std::string, std::string>> authorize_parameters;
    // Not empty: the provider refuses the device flow for this scope, and why, as a sentence.
    std::string no_device_flow;
    bool operator==(const oauth_profile&) const = default;
};

using oauth_profiles = std::map<std::string, oauth_profile>;

}  // namespace gatepost::plugin
