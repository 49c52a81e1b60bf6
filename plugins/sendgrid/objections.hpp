// What SendGrid would refuse, known before it is asked. Pure: used by gatepost.check/1 before a
// message is accepted, and by send for what reached the plugin all the same.
#pragma once

#include <gatepost/message.hpp>
#include <gatepost/objection.hpp>

#include <vector>

#include "payload.hpp"

namespace sendgrid {

inline constexpr std::size_t most_recipients = 1000;
inline constexpr uint64_t most_bytes = 30ull * 1024 * 1024;  // of the request, after base64
inline constexpr std::size_t most_custom_bytes = 10000;      // of substitutions too
inline constexpr int64_t longest_schedule = 72 * 3600;       // seconds

std::vector<gatepost::sdk::objection> objections_to(const gatepost::sdk::message& mail,
                                                    const options& wanted);

}  // namespace sendgrid
