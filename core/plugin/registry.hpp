// The plugins there are: loaded, or refused with the reason. A file is looked at (trust, ELF),
// copied to STATE/plugins/<sha256>.so, and the copy loaded; nothing is ever unloaded. A refused
// plugin never stops the daemon.
#pragma once

#include <gatepost/abi.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "plugin/oauth_profile.hpp"
#include "schema/schema.hpp"

namespace gatepost::plugin {

struct capabilities {
    bool raw_mime = false, structured = true, separate_envelope = false, bcc_only = true,
         smtputf8 = false;
    bool attachments = true, inline_images = true, headers = true, per_recipient = false,
         idempotency = false, dsn = false;
    bool captures = false;   // files mail, delivers to nobody
    uint64_t max_bytes = 0;  // 0: no limit of its own
    uint32_t max_recipients = 0;
};

// What a provider asks to be held to; nothing: it does not say.
struct default_limits {
    std::optional<uint32_t> concurrency, per_second, per_minute, per_hour, per_day;
    std::optional<uint32_t> lookups_per_minute, lookups_per_hour;
    std::optional<bool> count_recipients;  // what the rates of sends count; else messages
};

// The manifest, read and checked.
struct manifest {
    std::string id, name, description, icon, version;
    bool popular = false;
    std::vector<std::string> features, setup;
    capabilities can;
    default_limits defaults;
    std::map<std::string, default_limits> preset_limits;  // by the preset's id
    std::string presets = "[]";                           // JSON, for forms
    std::vector<std::string>
        folders;  // JSON pointers into settings that name folders file/1 may use: "/path"
    std::vector<std::string>
        destinations;             // "api.example.com:443", or a pointer into settings: "/host"
    std::string settings_schema;  // JSON
    std::string message_options_schema;  // JSON; empty object schema if none
    // The two schemas, read once; every manifest that was read has them.
    std::optional<schema::schema> settings_rules, message_options_rules;
    oauth_profiles oauth;  // by name
    std::string json;      // as the plugin gave it
};

// Of the preset that the settings name (their key `preset`), where it says something; else the
// plugin's.
default_limits limits_of(const manifest& facts, std::string_view settings_json);

result<manifest> parse_manifest(std::string_view json, std::string_view id,
                                std::string_view version);

struct loaded_plugin {
    const gatepost_plugin* table = nullptr;
    manifest facts;
    std::filesystem::path file;  // where it was found
    std::string sha256;          // hex, of what was loaded
    std::string sdk;
};

struct refused_plugin {
    std::filesystem::path file;
    std::string reason;  // one sentence for people: what, and what to do
};

struct registry_options {
    std::vector<std::filesystem::path>
        folders;                   // a missing folder is no error; the first file with an id wins
    std::filesystem::path copies;  // STATE/plugins
    std::string host_version;
};

class registry {
  public:
    // Loads every *.so of the folders, in name order. The library handles live to the end of the
    // process.
    static registry scan(const registry_options& how);

    std::shared_ptr<const loaded_plugin> find(const std::string& id) const;
    const std::map<std::string, std::shared_ptr<const loaded_plugin>>& loaded() const {
        return loaded_;
    }
    const std::vector<refused_plugin>& refused() const { return refused_; }

  private:
    std::map<std::string, std::shared_ptr<const loaded_plugin>> loaded_;
    std::vector<refused_plugin> refused_;
};

}  // namespace gatepost::plugin
