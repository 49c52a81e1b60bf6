#include "delivery/route.hpp"

#include <vector>

#include "base/text.hpp"

namespace gatepost::delivery {
namespace {

std::string names_of(const config::settings& config) {
    std::string names;
    for (const auto& [name, connection] : config.connections) {
        names += (names.empty() ? "" : ", ") + name + (connection.active ? "" : " (not active)");
    }
    return names.empty() ? "there is none: add one in " + (config.folder / "connections.d").string()
                         : "there are: " + names;
}

result<const config::connection*> named(const std::string& name, const std::string& who,
                                        const config::settings& config) {
    const auto found = config.connections.find(name);
    if (found == config.connections.end()) {
        std::vector<std::string> names;
        for (const auto& [known, connection] : config.connections)
            names.push_back(known);
        const auto near = text::nearest(name, names);
        return error{error_kind::no_connection,
                     who + " names the connection \"" + name + "\", which does not exist; " +
                         (near ? "did you mean \"" + *near + "\"? " : "") + names_of(config)};
    }
    if (!found->second.active) {
        return error{error_kind::no_connection, who + " names the connection \"" + name +
                                                    "\", which is not active; " + names_of(config)};
    }
    return &found->second;
}

}  // namespace

result<const config::connection*> route(const std::string& asked_for,
                                        const config::settings& config) {
    if (!asked_for.empty()) return named(asked_for, "the message", config);
    if (!config.default_connection.empty())
        return named(config.default_connection, "`default`", config);
    const config::connection* only = nullptr;
    for (const auto& [name, connection] : config.connections) {
        if (!connection.active) continue;
        if (only != nullptr) {
            return error{error_kind::no_connection,
                         "several connections are active, so the message must name one, or "
                         "gatepost.toml a `default`; " +
                             names_of(config)};
        }
        only = &connection;
    }
    if (only == nullptr) {
        return error{error_kind::no_connection, "no connection is active; " + names_of(config)};
    }
    return only;
}

}  // namespace gatepost::delivery
