// The two kinds of configuration files, each read by its own .cpp; load.cpp puts them together.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/document.hpp"
#include "config/problems.hpp"
#include "config/secrets.hpp"
#include "schema/schema.hpp"

namespace gatepost::config {

// What every setting is when nobody says anything.
settings default_settings(const std::filesystem::path& folder);

// gatepost.toml into `out`.
void read_gateway_file(const document& file, settings& out, problems& wrong);

// [aliases] of gatepost.toml into `out`; default_domain must be known.
void read_aliases(const document& file, const nlohmann::json& table, settings& out,
                  problems& wrong);

// connections.d/NAME.toml. `readable_reason`: why the file may not hold a plain secret, or "".
connection read_connection_file(const document& file, const std::string& readable_reason,
                                const std::filesystem::path& folder, const schema_lookup& plugins,
                                problems& wrong);

// [oauth] of a connection, whose table is `given`. `readable_reason` as above; `check` may be
// nothing.
using oauth_check = std::function<std::vector<field_error>(const oauth_table&)>;
oauth_table read_oauth_table(const document& file, const nlohmann::json& given,
                             const std::string& readable_reason,
                             const std::filesystem::path& folder, const oauth_check& check,
                             problems& wrong);

// [a-z0-9][a-z0-9_-]{0,62}
bool is_connection_name(std::string_view name);

// The settings of a connection, whatever they were written in: references to secrets resolved,
// checked, completed. Problems go to `report` with a pointer below the settings.
struct complete_settings {
    std::string json, shown;
    std::vector<std::string> plain_secrets;  // pointers of secrets that stood there themselves
};
using settings_report = std::function<void(const std::string& pointer, const std::string& reason)>;
complete_settings complete(const std::filesystem::path& folder, nlohmann::json given,
                           const schema::schema& by, origin from, const settings_report& report);

}  // namespace gatepost::config
