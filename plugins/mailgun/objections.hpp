// What Mailgun would refuse, known before it is asked. Pure: used by gatepost.check/1 before a
// message is accepted, and by send for what reached the plugin all the same.
#pragma once

#include <gatepost/message.hpp>
#include <gatepost/objection.hpp>

#include <vector>

#include "payload.hpp"

namespace mailgun {

inline constexpr std::size_t most_recipients = 1000;
inline constexpr uint64_t most_bytes = 25ull * 1024 * 1024;  // of the finished mail
inline constexpr std::size_t most_parameter_bytes = 16 * 1024;
inline constexpr int64_t longest_schedule = 7 * 24 * 3600;  // seconds

std::vector<gatepost::sdk::objection> objections_to(const gatepost::sdk::message& mail,
                                                    const config& how, const options& wanted);

}  // namespace mailgun
