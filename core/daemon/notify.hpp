// sd_notify(3) without its library: one datagram to $NOTIFY_SOCKET. Not there: nothing happens.
#pragma once

#include <string_view>

namespace gatepost::daemon {

void notify(std::string_view state);

}  // namespace gatepost::daemon
