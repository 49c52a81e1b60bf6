// What SES would refuse, known before it is asked. Pure: used by gatepost.check/1 before a message
// is accepted, and by send for what reached the plugin all the same.
#pragma once

#include <gatepost/json_value.hpp>
#include <gatepost/message.hpp>
#include <gatepost/objection.hpp>

#include <vector>

#include "settings.hpp"

namespace ses {

inline constexpr std::size_t most_recipients = 50;
inline constexpr std::size_t most_headers = 15;              // of Simple and of a template
inline constexpr uint64_t most_bytes = 40ull * 1024 * 1024;  // of the whole, after base64

// `chosen`: the message's options_json, read.
std::vector<gatepost::sdk::objection> objections_to(const options& how,
                                                    const gatepost::sdk::message& mail,
                                                    const gatepost::sdk::json_value& chosen);

}  // namespace ses
