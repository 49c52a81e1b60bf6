// What Azure would refuse, known before it is asked. Pure: used by gatepost.check/1 before a
// message is accepted, and by send for what reached the plugin all the same.
#pragma once

#include <gatepost/json_value.hpp>
#include <gatepost/message.hpp>
#include <gatepost/objection.hpp>

#include <cstdint>
#include <optional>
#include <vector>

#include "settings.hpp"

namespace azure {

inline constexpr std::size_t most_recipients = 50;

// `chosen`: the message's options_json, read.
std::vector<gatepost::sdk::objection> objections_to(const options& how,
                                                    const gatepost::sdk::message& mail,
                                                    const gatepost::sdk::json_value& chosen);
// Without those that matter less than a mail that is accepted already: a name Azure does not show.
std::vector<gatepost::sdk::objection> obstacles_to(const options& how,
                                                   const gatepost::sdk::message& mail,
                                                   const gatepost::sdk::json_value& chosen);
// Once the parts are open, and it is known how many bytes the request has.
std::optional<gatepost::sdk::objection> objection_to_size(const options& how,
                                                          uint64_t request_bytes);

}  // namespace azure
