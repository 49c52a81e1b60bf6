// The connection's settings as the rest of the plugin reads them. Wrong ones are said to the
// diagnostics, each at its field.
#pragma once

#include <gatepost/http_endpoint.hpp>
#include <gatepost/settings.hpp>

#include <cstdint>
#include <string>

namespace mailgun {

// mime: POST messages.mime with the finished mail. form: POST messages, Mailgun builds the mail.
enum class mail_mode : uint8_t { mime, form };

struct config {
    gatepost::sdk::http_endpoint endpoint;
    std::string domain;
    std::string authorization;  // the header's value
    std::string on_behalf_of;   // a subaccount; empty: the key's own account
    mail_mode mode = mail_mode::mime;
    bool testmode = false;     // nothing is delivered
    bool no_tracking = false;  // tracking is switched off unless a message says otherwise
    bool require_tls = false;

    // "/v3/mg.example.com/messages.mime"
    std::string path(std::string_view version, std::string_view behind) const;
};

config read_config(const gatepost::sdk::settings& given, gatepost::sdk::diagnostics& said);

}  // namespace mailgun
