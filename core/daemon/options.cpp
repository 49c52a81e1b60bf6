#include "daemon/options.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "base/version.hpp"

namespace gatepost::daemon {
namespace {

std::filesystem::path from_environment(const char* name, const std::filesystem::path& otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr && *value == '/' ? std::filesystem::path(value) : otherwise;
}

std::filesystem::path executable_folder() {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

}  // namespace

default_paths find_default_paths() {
    const auto plugins = executable_folder() / "../lib/gatepost/plugins";
    if (::geteuid() == 0) {
        return {"/etc/gatepost", "/var/lib/gatepost", "/run/gatepost/gatepost.sock",
                plugins.lexically_normal()};
    }
    const std::filesystem::path home = from_environment("HOME", "/nonexistent");
    const auto runtime = from_environment("XDG_RUNTIME_DIR", home / ".local/state/gatepost/run");
    return {from_environment("XDG_CONFIG_HOME", home / ".config") / "gatepost",
            from_environment("XDG_STATE_HOME", home / ".local/state") / "gatepost",
            runtime / "gatepost/gatepost.sock", plugins.lexically_normal()};
}

std::optional<options> parse_arguments(int argc, const char* const* argv, int& exit_code) {
    const default_paths defaults = find_default_paths();
    options chosen;
    chosen.config = defaults.config;
    CLI::App app{
        "gatepostd: takes mail over a Unix socket, keeps it safe on disk, carries it out through "
        "plugins"};
    app.set_version_flag("--version", std::string("gatepostd ") + version);
    const auto* config =
        app.add_option("--config", chosen.config, "folder with gatepost.toml and connections.d")
            ->capture_default_str();
    app.add_option("--state", chosen.state,
                   "folder of the spool (default " + defaults.state.string() + ")");
    app.add_option("--socket", chosen.socket,
                   "an admin listener here (default " + defaults.socket.string() + ")");
    app.add_option("--plugins", chosen.plugins,
                   "folders with plugins (default " + defaults.plugins.string() + ")");
    app.add_option("--log-level", chosen.log_level, "debug, info, warn, error or off")
        ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
    app.add_flag("--check", chosen.check_only,
                 "check the configuration, say what is wrong, and leave");
    app.add_flag("--json", chosen.json, "what --check finds, as JSON on standard output");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& failure) {
        exit_code = app.exit(failure) == 0 ? 0 : 64;
        return std::nullopt;
    }
    chosen.config_named = config->count() > 0;
    return chosen;
}

status check_named_folders(const options& how) {
    std::vector<field_error> missing;
    const auto look = [&](const char* option, const std::filesystem::path& folder) {
        std::error_code failed;
        const auto what = std::filesystem::status(folder, failed).type();
        if (what == std::filesystem::file_type::not_found) {
            missing.push_back({option, "there is no folder " + folder.string()});
        } else if (what != std::filesystem::file_type::directory && !failed) {
            missing.push_back({option, folder.string() + " is not a folder"});
        }
    };
    if (how.config_named) look("--config", how.config);
    for (const auto& folder : how.plugins)
        look("--plugins", folder);
    if (missing.empty()) return success{};
    std::string detail = missing.front().pointer + ": " + missing.front().detail;
    return error{error_kind::config, std::move(detail), std::move(missing)};
}

}  // namespace gatepost::daemon
