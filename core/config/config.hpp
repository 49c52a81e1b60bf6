// The configuration as typed values. TOML is seen only inside this room. A bad file is refused
// whole, with file, line, reason and the nearest key; nothing here knows about plugins beyond their
// settings schema, which is handed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatepost::config {

enum class role : uint8_t { send, admin };

struct listener {
    std::filesystem::path path;
    unsigned mode = 0660;
    std::string group;  // empty: the daemon's own
    role rights = role::send;
    bool operator==(const listener&) const = default;
};

struct limits_table {  // of a connection; nothing: the plugin's manifest, then the gateway's
                       // default
    std::optional<uint32_t> concurrency;
    std::optional<uint32_t> per_second, per_minute, per_hour, per_day;
    std::optional<uint32_t> lookups_per_minute, lookups_per_hour;
    bool operator==(const limits_table&) const = default;
};

// [oauth] of a connection: what the host's OAuth2 engine needs. Checked for its types here; whether
// it is enough for its grant says who knows the profiles (plugin_schema::check_oauth).
struct oauth_table {
    std::string profile, grant = "refresh_token", client_id, scope, tenant, subject;
    std::string token_url, authorize_url, device_url, ca_file;
    secret client_secret, refresh_token, service_account, proxy;
    bool allow_http = false;
    std::string shown_json;  // safe to show: of secrets only whether they are set
    bool operator==(const oauth_table&) const = default;
};

struct connection {
    std::string name;
    std::filesystem::path file;
    std::string provider;
    bool active = true;
    std::string organization;
    std::string from_email;
    std::string from_name;
    bool force_sender = false;  // sender = "force": every mail leaves with from_email as its From
    bool trace = false;         // the dialogue with the server goes to the log, without secrets
    std::string on_unknown = "retry";  // "retry" | "hold"
    limits_table limits;
    // Checked against the plugin's schema, defaults filled in, secrets resolved. Never logged,
    // never sent to a client.
    secret settings_json;
    // The same with every writeOnly value replaced by {"set": true|false}; safe to show.
    std::string public_settings_json;
    std::optional<oauth_table> oauth;
    // With the secrets, wherever they came from.
    bool operator==(const connection&) const = default;
};

struct settings {
    std::filesystem::path folder;
    std::vector<listener> listen;
    std::optional<std::filesystem::path> state;  // command line wins
    std::vector<std::filesystem::path> plugins;  // folders; command line wins
    std::string default_connection;              // may be empty
    std::string host_name;                       // for Message-IDs; empty: the machine's
    std::string default_domain;                  // of addresses that have none; may be empty
    // Name or whole address, in lower case -> whole addresses; aliases of aliases are followed.
    std::map<std::string, std::vector<std::string>> aliases;
    std::string log_level = "info";
    std::chrono::milliseconds retry_first{}, retry_max{}, lifetime{}, unknown_delay{};
    uint64_t message_bytes = 0;
    std::map<std::string, connection> connections;  // by name
};

// What config needs to know of a plugin. `nullopt`: no such plugin (the text says which there are,
// or why it was refused).
struct plugin_schema {
    std::string settings_schema;  // JSON
    // What is missing or wrong in a table: pointer "/client_id", and the rest of a sentence about
    // that key. Nothing: not checked.
    std::function<std::vector<field_error>(const oauth_table&)> check_oauth = nullptr;
    // What the plugin itself says of settings that its schema takes. Nothing: it is not asked.
    std::function<std::vector<field_error>(const std::string& connection, const secret& settings)>
        check_settings = nullptr;
};
using schema_lookup = std::function<result<plugin_schema>(const std::string& provider)>;

// Reads gatepost.toml and connections.d/*.toml of `folder`. All problems of all files are in the
// error's `fields`: pointer is "file:line:column", detail is "key: reason". A missing folder or
// gatepost.toml gives the defaults.
result<settings> load(const std::filesystem::path& folder, const schema_lookup& plugins);

// The listeners and folders only, before plugins are loaded.
result<settings> load_daemon_part(const std::filesystem::path& folder);

// Checks and completes settings that came as JSON (POST /v1/test). Secrets may be {"file":
// "bare-name"} in the secrets folder, never {"env": ...}. Errors: `invalid` with pointers below
// /settings.
struct checked_settings {
    secret settings_json;
    std::string public_settings_json;
};
result<checked_settings> check_json_settings(const std::filesystem::path& folder,
                                             const std::string& settings_json,
                                             const plugin_schema& plugin);

}  // namespace gatepost::config
