// What the tests of this room share: a folder that goes away again, and two plugins' schemas.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/config.hpp"
#include "support/catch.hpp"

namespace config_test {

namespace fs = std::filesystem;

class folder {
  public:
    folder() {
        std::string name = (fs::temp_directory_path() / "gatepost-config-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) FAIL("no temporary folder");
        path = name;
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
        fs::create_directories((path / name).parent_path());
        ::chmod((path / name).parent_path().c_str(), 0700);
        std::ofstream(path / name, std::ios::binary) << text;
        ::chmod((path / name).c_str(), mode);
    }
    fs::path path;
};

inline const char* const outbox_schema = R"({"type": "object", "required": ["path"],
    "properties": {"path": {"type": "string", "pattern": "^/"}}})";

inline const char* const smtp_schema = R"({"type": "object", "required": ["host"], "properties": {
    "host": {"type": "string", "format": "hostname"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 587},
    "security": {"type": "string", "enum": ["none", "starttls", "tls"], "default": "starttls"},
    "auth_method": {"type": "string", "enum": ["auto", "plain", "login"], "default": "auto"},
    "username": {"type": "string"},
    "password": {"type": "string", "writeOnly": true}}})";

inline gatepost::result<gatepost::config::plugin_schema> lookup(const std::string& provider) {
    if (provider == "outbox") return gatepost::config::plugin_schema{outbox_schema};
    if (provider == "smtp") return gatepost::config::plugin_schema{smtp_schema};
    if (provider == "crooked")
        return gatepost::config::plugin_schema{R"({"type":"object","not":{}})"};
    return gatepost::error{gatepost::error_kind::not_found,
                           "there is no provider \"" + provider + "\"; there are outbox and smtp"};
}

// One problem a line, as `gatepostd --check` prints them, with the folder's name as DIR.
inline std::string told(const gatepost::error& failure, const fs::path& folder) {
    std::string out;
    for (const auto& each : failure.fields)
        out += each.pointer + ": " + each.detail + "\n";
    const std::string name = folder.string();
    for (size_t at = 0; (at = out.find(name, at)) != std::string::npos;)
        out.replace(at, name.size(), "DIR");
    return out;
}

}  // namespace config_test
