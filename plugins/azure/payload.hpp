// From a message to the JSON of emails:send. Pure: bodies are opened by the caller and stand here
// as handles.
#pragma once

#include <gatepost/json_value.hpp>
#include <gatepost/message.hpp>
#include <gatepost/segments.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"

namespace azure {

struct opened_part {
    gatepost::sdk::part what;
    gatepost_handle body = 0;  // text and html as JSON, others as base64
    uint64_t length = 0;       // in that form
};
gatepost::sdk::segments request_body(const options& how, const gatepost::sdk::message& mail,
                                     const gatepost::sdk::json_value& chosen,
                                     const std::vector<opened_part>& parts);
// Of that request, to the byte.
uint64_t request_size(const gatepost::sdk::segments& body, const std::vector<opened_part>& parts);

// The header, in small letters, that an option of provider_options writes when it is true.
struct switch_name {
    std::string_view option, header;
};
inline constexpr switch_name switches[] = {
    {"ignore_duplicate_content_id", "x-ms-acsemail-ignore-duplicate-content-id"},
    {"suppress_invalid_attachment", "x-ms-acsemail-suppress-invalid-attachment"},
    {"validate_message_id", "x-ms-acsemail-validate-message-id"}};

std::string send_path(const options& how);
std::string operation_path(const options& how, std::string_view operation);

// The text whose SHA-256 makes the Operation-Id. `generation`: 0, and one more for every operation
// of this mail that Azure itself has given up.
std::string operation_seed(std::string_view idempotency_key, int generation);

}  // namespace azure
