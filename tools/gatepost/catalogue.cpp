// gatepost connections, status, config check.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "api_types/problem.hpp"
#include "base/text.hpp"
#include "gatepost/commands.hpp"

namespace gatepost::cli {
namespace {

using nlohmann::json;

// Shown to administrators only; empty if all is well.
std::string oauth_problem(const json& connection) {
    const auto oauth = connection.find("oauth");
    if (oauth == connection.end()) return {};
    const std::string problem = text_of(*oauth, "problem");
    return problem.empty() ? problem : "OAuth: " + problem;
}

std::string state_of(const json& connection) {
    const std::string problem = text_of(connection, "problem");
    if (!problem.empty()) return "problem: " + clean(problem, 150);
    const std::string oauth = oauth_problem(connection);
    if (!oauth.empty()) return clean(oauth, 300);
    if (!connection.value("active", true)) return "not active";
    const auto account = connection.find("oauth");
    const std::string until = account == connection.end() ? "" : text_of(*account, "expires_at");
    return until.empty() ? "active" : "active, token until " + clean(until, 40);
}

void warn_of_captures(const context& with, const json& connections) {
    for (const json& connection : connections) {
        if (!connection.value("captures", false) || !connection.value("active", true)) continue;
        std::printf("%s\n", with.out
                                .paint("warning: the connection \"" + text_of(connection, "name") +
                                           "\" files mail and delivers to nobody",
                                       colour::warn)
                                .c_str());
    }
}

}  // namespace

int list_connections(const context& with) {
    auto answer = get(with, "/v1/connections");
    if (!answer) return fail(with, answer.error());
    if (printed_as_json(with, *answer)) return 0;
    const json connections = answer->value("connections", json::array());
    std::vector<std::vector<std::string>> rows;
    for (const json& connection : connections) {
        rows.push_back({text_of(connection, "name"), text_of(connection, "provider"),
                        text_of(connection, "waiting"), text_of(connection, "in_flight"),
                        state_of(connection)});
    }
    std::fputs(
        rows.empty()
            ? "no connections\n"
            : with.out.table({"NAME", "PROVIDER", "WAITING", "IN FLIGHT", "STATE"}, rows).c_str(),
        stdout);
    warn_of_captures(with, connections);
    return 0;
}

int fail_of_connection(const context& with, const error& failure, const std::string& name) {
    if (failure.kind != error_kind::not_found) {
        error own = failure;  // there is no --from here: it is the connection's file that lacks one
        if (!with.json && own.detail.starts_with("/from ")) own.detail.replace(0, 5, "from_email");
        return fail(with, own);
    }
    auto answer = get(with, "/v1/connections");
    if (!answer) return fail(with, failure);
    std::vector<std::string> names;
    for (const json& connection : answer->value("connections", json::array()))
        names.push_back(text_of(connection, "name"));
    return fail(with, no_such("connection", name, names));
}

int show_connection(const context& with, const std::string& name) {
    auto answer = get(with, "/v1/connections/" + text::percent_encode(name));
    if (!answer) return fail_of_connection(with, answer.error(), name);
    if (!printed_as_json(with, *answer)) std::printf("%s\n", answer->dump(2).c_str());
    return 0;
}

int show_status(const context& with) {
    auto health = get(with, "/v1/health");
    // A sick daemon answers 503 with its cause; that is an answer, not a failure to ask.
    if (!health) return fail(with, health.error());
    auto version = get(with, "/v1/version");
    auto connections = get(with, "/v1/connections");
    if (!version || !connections)
        return fail(with, version ? connections.error() : version.error());
    if (with.json) {
        return printed_as_json(with,
                               {{"health", *health},
                                {"version", *version},
                                {"connections", connections->value("connections", json::array())}}),
               0;
    }
    std::printf("gatepostd %s at %s: %s, %s waiting\n", text_of(*version, "version").c_str(),
                with.socket.c_str(), with.out.status(text_of(*health, "status")).c_str(),
                text_of(*health, "waiting").c_str());
    return list_connections(with);
}

int config_check(const context& with, const std::string& config,
                 const std::vector<std::string>& plugins) {
    std::error_code ignored;
    const auto own =
        std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "gatepostd";
    std::vector<std::string> words = {own.string(), "--check"};
    if (with.json) words.emplace_back("--json");
    if (!config.empty()) words.insert(words.end(), {"--config", config});
    for (const std::string& folder : plugins)
        words.insert(words.end(), {"--plugins", folder});
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(own.c_str(), arguments.data());
    ::execvp("gatepostd", arguments.data());
    std::fprintf(stderr, "gatepost: gatepostd is neither beside this program nor in PATH\n");
    return 69;
}

}  // namespace gatepost::cli
