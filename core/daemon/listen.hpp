// Which sockets are listened on: the configured ones, the one of --socket, those that systemd
// handed in (LISTEN_FDS, sd_listen_fds(3); a name of "admin" in LISTEN_FDNAMES gives that socket an
// administrator's rights).
#pragma once

#include <vector>

#include "api/server.hpp"
#include "config/config.hpp"
#include "daemon/options.hpp"

namespace gatepost::daemon {

std::vector<config::listener> listeners(const options& how, const config::settings& config);
// `config` if two of them are the same path: the second would find the first one listening.
status check_listeners(const options& how, const config::settings& config);
std::vector<api::server_options::inherited> inherited_sockets();

}  // namespace gatepost::daemon
