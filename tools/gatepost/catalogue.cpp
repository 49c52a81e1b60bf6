// gatepost providers, connections, test, status, config check.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <map>
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
    return connection.value("active", true) ? "active" : "not active";
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

// A stage says its title when it starts, and need not say it again.
using stage_titles = std::map<std::string, std::string>;

std::string title_of(stage_titles& titles, const json& stage) {
    std::string& known = titles[text_of(stage, "id")];
    if (const std::string said = text_of(stage, "title"); !said.empty()) known = said;
    return known.empty() ? text_of(stage, "id") : known;
}

std::string stage_line(const context& with, const json& stage, const std::string& title) {
    const std::string state = text_of(stage, "state");
    std::string line = state == "passed"   ? with.out.paint("ok    ", colour::good)
                       : state == "failed" ? with.out.paint("FAILED", colour::bad)
                                           : with.out.paint("skip  ", colour::dim);
    line += " " + clean(title, 60);
    const std::string text = text_of(stage, "text"), advice = text_of(stage, "advice");
    if (!text.empty()) line += ": " + clean(text, 300);
    if (!advice.empty()) line += "\n         " + clean(advice, 300);
    return line + "\n";
}

std::string trace_line(const context& with, const json& line) {
    return with.out.paint(
               "       " + text_of(line, "direction") + " " + clean(text_of(line, "text"), 1000),
               colour::dim) +
           "\n";
}

// Lines of NDJSON out of pieces.
class line_splitter {
  public:
    explicit line_splitter(std::function<void(const std::string&)> give) : give_(std::move(give)) {}
    void feed(std::string_view piece) {
        for (const char c : piece) {
            if (c != '\n') {
                line_ += c;
            } else if (!line_.empty()) {
                give_(std::exchange(line_, {}));
            }
        }
    }

  private:
    std::function<void(const std::string&)> give_;
    std::string line_;
};

}  // namespace

int list_providers(const context& with) {
    auto answer = get(with, "/v1/providers");
    if (!answer) return fail(with, answer.error());
    if (printed_as_json(with, *answer)) return 0;
    std::vector<std::vector<std::string>> rows;
    for (const json& provider : answer->value("providers", json::array())) {
        rows.push_back({text_of(provider, "id"), text_of(provider, "version"),
                        clean(text_of(provider, "name"), 30),
                        clean(text_of(provider, "description"), 100)});
    }
    std::fputs(rows.empty()
                   ? "no providers are loaded\n"
                   : with.out.table({"ID", "VERSION", "NAME", "DESCRIPTION"}, rows).c_str(),
               stdout);
    for (const json& refused : answer->value("refused", json::array())) {
        std::printf("%s %s: %s\n", with.out.paint("refused", colour::bad).c_str(),
                    clean(text_of(refused, "file")).c_str(),
                    clean(text_of(refused, "reason"), 500).c_str());
    }
    return 0;
}

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

int show_connection(const context& with, const std::string& name) {
    auto answer = get(with, "/v1/connections/" + text::percent_encode(name));
    if (!answer) return fail(with, answer.error());
    if (!printed_as_json(with, *answer)) std::printf("%s\n", answer->dump(2).c_str());
    return 0;
}

int test_connection(const context& with, const test_options& options) {
    json body = json::object();
    if (!options.to.empty()) body["to"] = options.to;
    if (options.trace) body["trace"] = true;
    http_request request{"POST",
                         "/v1/connections/" + text::percent_encode(options.name) + "/test",
                         {},
                         body.dump(-1, ' ', false, json::error_handler_t::replace),
                         "application/json"};
    if (!with.json) request.headers.emplace_back("Accept", "application/x-ndjson");
    json last;
    stage_titles titles;
    line_splitter lines([&](const std::string& line) {
        json document = json::parse(line, nullptr, false);
        if (document.is_discarded()) return;
        if (document.contains("trace") && !document.contains("success")) {
            std::fputs(trace_line(with, document["trace"]).c_str(), stdout);
            std::fflush(stdout);
            return;
        }
        if (!document.contains("stage")) {  // the end: {"result": ...} of NDJSON, or all there is
            last = document.contains("result") ? document["result"] : std::move(document);
            return;
        }
        const json& stage = document["stage"];
        const std::string title = title_of(titles, stage);
        if (with.json || text_of(stage, "state") == "started") return;
        std::fputs(stage_line(with, stage, title).c_str(), stdout);
        std::fflush(stdout);
    });
    auto answer = ask(with.socket, request, [&](std::string_view piece) {
        if (with.json) {
            std::fwrite(piece.data(), 1, piece.size(), stdout);
        }
        lines.feed(piece);
    });
    if (!answer) return fail(with, answer.error());
    if (answer->status / 100 != 2)
        return fail(with, api_types::read_problem(answer->body, answer->status));
    lines.feed("\n");
    if (with.json) {
        std::fputs("\n", stdout);
    } else {
        std::printf("%s\n", clean(text_of(last, "message"), 500).c_str());
    }
    return last.value("success", false) ? 0 : 69;
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
