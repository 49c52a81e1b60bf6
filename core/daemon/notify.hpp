// sd_notify(3) without its library: one datagram to $NOTIFY_SOCKET. Not there: nothing happens.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::daemon {

void notify(std::string_view state);
// CLOCK_MONOTONIC, as systemd wants it beside RELOADING=1.
std::string monotonic_microseconds();

}  // namespace gatepost::daemon
