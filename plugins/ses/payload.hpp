// From a message to the JSON of SendEmail, and everything SES would refuse about it. Pure: bodies
// are opened by the caller and stand here as handles.
//
// Raw (the default) carries the mail as the gateway renders it; Simple lets SES build it from
// parts; a template in provider_options takes its place. What cannot be carried is an objection
// with the JSON pointer of the field, found before acceptance and again before sending.
#pragma once

#include <gatepost/json_value.hpp>
#include <gatepost/message.hpp>
#include <gatepost/segments.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"

namespace ses {

inline constexpr std::string_view send_path = "/v2/email/outbound-emails";
inline constexpr std::string_view account_path = "/v2/email/account";
inline constexpr std::size_t most_recipients = 50;
inline constexpr std::size_t most_headers = 15;              // of Simple and of a template
inline constexpr uint64_t most_bytes = 40ull * 1024 * 1024;  // of the whole, after base64

enum class content : uint8_t { raw, simple, templated };
content content_of(const options& how, const gatepost::sdk::json_value& chosen);

struct objection {
    std::string pointer, text, advice;
};
// `chosen`: the message's options_json, read.
std::vector<objection> objections_to(const options& how, const gatepost::sdk::message& mail,
                                     const gatepost::sdk::json_value& chosen);

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

// The identities that may stand behind a sender, the closest first: the address, its domain, and
// the domains above it.
std::vector<std::string> identities_of(std::string_view address);

}  // namespace ses
