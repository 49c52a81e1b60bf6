// The OAuth2 engine as the daemon wires it: tables of the configuration become the engine's
// clients, and what it must not forget is sealed (config) and kept (spool). No other room knows
// both sides.
//
// A seal key that cannot be used does not stop the daemon: tokens are still got with what the
// settings hold; a rotated one or a login cannot be kept, and says so.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "config/config.hpp"
#include "plugin/registry.hpp"
#include "services/oauth/oauth.hpp"
#include "spool/spool.hpp"

namespace gatepost::daemon {

// For config::plugin_schema: what is missing in a table, by the profiles of that plugin.
std::function<std::vector<field_error>(const config::oauth_table&)> oauth_check_of(
    std::shared_ptr<const plugin::loaded_plugin> plugin);

// Of every connection that has a table.
std::vector<services::oauth_client> oauth_clients(const config::settings& config,
                                                  const plugin::registry& plugins);

// Seals, then hands to the spool. Without a key it keeps nothing, and says why each time.
std::shared_ptr<services::oauth_store> make_oauth_store(const std::filesystem::path& state,
                                                        std::shared_ptr<spool::spool> spool);

// With what the spool kept; what cannot be opened is logged, and its connection asks for a login.
std::unique_ptr<services::oauth_engine> start_oauth(const std::filesystem::path& state,
                                                    std::shared_ptr<spool::spool> spool);

}  // namespace gatepost::daemon
