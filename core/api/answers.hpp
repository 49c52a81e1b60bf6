// What the API says about messages, providers, connections and tests, as JSON text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http.hpp"
#include "config/config.hpp"
#include "delivery/dispatcher.hpp"
#include "plugin/registry.hpp"
#include "services/oauth/oauth.hpp"
#include "spool/types.hpp"

namespace gatepost::api {

response ok(std::string json);

// 202 with Location and {"id","status"}.
response accepted(mail_id id, spool::message_status status);

std::string write_message(const spool::message_row& row);
// {"messages":[...],"next":"..."}; without the attempts. `full`: there may be more.
std::string write_message_page(const std::vector<spool::message_row>& rows, bool full);

std::string write_providers(const plugin::registry& plugins);

// `settings` only for administrators.
// `oauth`: for administrators; else null, or where there is none.
std::string write_connections(const config::settings& config,
                              const std::vector<delivery::connection_status>& states,
                              const services::oauth_engine* oauth);
std::string write_connection(const config::settings& config, const config::connection& which,
                             const std::vector<delivery::connection_status>& states, bool admin,
                             const services::oauth_engine* oauth);

// How a connection's OAuth stands; empty if it has no [oauth] table. `settings`: that table as it
// may be shown, or nothing.
std::string write_oauth(const services::oauth_engine& engine, const std::string& connection,
                        std::string_view settings = {});
std::string write_device_login(const services::oauth_device_login& begun);
std::string write_loopback_login(const services::oauth_loopback_login& begun);

// One line of NDJSON each.
std::string write_stage(const plugin::stage_report& stage);
std::string write_trace(const plugin::trace_line& line);
// `trace`: the dialogue too, if there is one.
std::string write_test_result(const delivery::test_result& outcome, bool trace);

}  // namespace gatepost::api
