// The connection's settings as the rest of the plugin reads them. Wrong ones are said to the
// diagnostics, each at its field.
#pragma once

#include <gatepost/http_endpoint.hpp>
#include <gatepost/settings.hpp>

#include <string>

namespace sendgrid {

struct config {
    gatepost::sdk::http_endpoint endpoint;
    std::string api_key;
    std::string on_behalf_of;  // a subuser; empty: the key's own account
    std::string ip_pool_name;  // empty: the account's default
    bool sandbox = false;      // every mail is only checked
    bool no_tracking = false;  // tracking is switched off unless a message says otherwise
};

config read_config(const gatepost::sdk::settings& given, gatepost::sdk::diagnostics& said);

}  // namespace sendgrid
