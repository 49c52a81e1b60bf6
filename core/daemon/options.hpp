// The daemon's command line, with sane defaults: system paths as root, XDG paths else.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace gatepost::daemon {

struct options {
    std::filesystem::path config;
    bool config_named = false;     // by --config: then it has to be there
    std::filesystem::path state;   // empty: as configured, else the default
    std::filesystem::path socket;  // an admin listener besides the configured ones; empty: the
                                   // default, if none is configured
    std::vector<std::filesystem::path> plugins;
    bool check_only = false;
    bool json = false;  // what --check finds
    std::string log_level;
};

struct default_paths {
    std::filesystem::path config, state, socket, plugins;
};

// As root /etc/gatepost, /var/lib/gatepost, /run/gatepost/gatepost.sock; else below the XDG folders
// of the user. Plugins are looked for beside the executable (../lib/gatepost/plugins), so a build
// tree and an installed system work alike.
default_paths find_default_paths();

// Nothing: `exit_code` says how to leave (help was shown, or the arguments are wrong).
std::optional<options> parse_arguments(int argc, const char* const* argv, int& exit_code);

// Whoever names a folder means one that is there: `config` with each that is not.
status check_named_folders(const options& how);

}  // namespace gatepost::daemon
