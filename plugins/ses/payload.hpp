// From a message to the JSON of SendEmail. Pure: bodies are opened by the caller and stand here as
// handles.
//
// Raw (the default) carries the mail as the gateway renders it; Simple lets SES build it from
// parts; a template in provider_options takes its place.
#pragma once

#include <gatepost/json_value.hpp>
#include <gatepost/message.hpp>
#include <gatepost/segments.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"
#include "verdict.hpp"

namespace ses {

inline constexpr std::string_view send_path = "/v2/email/outbound-emails";
inline constexpr std::string_view account_path = "/v2/email/account";

enum class content : uint8_t { raw, simple, templated };
content content_of(const options& how, const gatepost::sdk::json_value& chosen);

struct opened_part {
    gatepost::sdk::part what;
    gatepost_handle body = 0;  // text and html as JSON, others as base64
};
struct opened {
    gatepost_handle whole = 0;  // Raw: as base64
    std::vector<opened_part> parts;
};
gatepost::sdk::segments request_body(const options& how, const gatepost::sdk::message& mail,
                                     const gatepost::sdk::json_value& chosen, const opened& bodies);

// Configuration set, template and the like, in the step of what request_body writes.
std::vector<named_thing> named_things(const options& how, const gatepost::sdk::json_value& chosen);

// The identities that may stand behind a sender, the closest first: the address, its domain, and
// the domains above it.
std::vector<std::string> identities_of(std::string_view address);

}  // namespace ses
