#include "gatepost/client.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "api_types/problem.hpp"
#include "base/text.hpp"

namespace gatepost::cli {
namespace {

result<nlohmann::json> read_answer(result<http_response> answer) {
    if (!answer) return answer.error();
    if (answer->status / 100 != 2) return api_types::read_problem(answer->body, answer->status);
    auto document = nlohmann::json::parse(answer->body, nullptr, false);
    if (document.is_discarded()) return error{error_kind::io, "the daemon's answer is not JSON"};
    return document;
}

}  // namespace

std::string default_socket() {
    if (const char* named = std::getenv("GATEPOST_SOCKET"); named != nullptr && *named != '\0')
        return named;
    const std::string system = "/run/gatepost/gatepost.sock";
    if (::geteuid() == 0) return system;
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const char* home = std::getenv("HOME");
    const std::string own = runtime != nullptr && *runtime == '/'
                                ? std::string(runtime) + "/gatepost/gatepost.sock"
                                : std::string(home != nullptr ? home : "") +
                                      "/.local/state/gatepost/run/gatepost/gatepost.sock";
    return ::access(own.c_str(), F_OK) == 0 ? own : system;
}

result<nlohmann::json> get(const context& with, const std::string& target) {
    return read_answer(ask(with.socket, {"GET", target, {}, {}, {}}));
}

result<nlohmann::json> post(const context& with, const std::string& target,
                            const std::string& body) {
    return read_answer(ask(with.socket, {"POST", target, {}, body, "application/json"}));
}

// The option that a pointer of the API stands for: /to/0 is --to, /query/status is --status.
// Nothing for what has no option of its own.
std::string option_of(std::string_view pointer) {
    static constexpr std::pair<std::string_view, std::string_view> options[] = {
        {"from", "--from"},
        {"to", "--to"},
        {"cc", "--cc"},
        {"bcc", "--bcc"},
        {"reply_to", "--reply-to"},
        {"subject", "--subject"},
        {"text", "--text"},
        {"html", "--html"},
        {"headers", "--header"},
        {"attachments", "--attach"},
        {"tags", "--tag"},
        {"tag", "--tag"},
        {"priority", "--priority"},
        {"connection", "--connection"},
        {"send_at", "--send-at"},
        {"expires_at", "--expires-at"},
        {"status", "--status"},
        {"recipient", "--recipient"},
        {"limit", "--limit"},
        {"cursor", "--cursor"}};
    if (pointer.starts_with("/query/")) pointer.remove_prefix(6);
    if (!pointer.starts_with('/')) return {};
    const std::string_view name = pointer.substr(1, pointer.find('/', 1) - 1);
    for (const auto& [known, option] : options) {
        if (known != name) continue;
        const size_t rest = pointer.find('/', 1);
        // The name of a header or an attachment's member still says which one is meant.
        const bool number = rest == pointer.npos ||
                            pointer.find_first_not_of("0123456789", rest + 1) == pointer.npos;
        return std::string(option) + (number ? "" : " (" + clean(pointer.substr(rest + 1)) + ")");
    }
    return {};
}

error in_options(error failure) {
    for (field_error& field : failure.fields) {
        const std::string option = option_of(field.pointer);
        if (option.empty()) continue;
        if (failure.detail.starts_with(field.pointer + " "))
            failure.detail.replace(0, field.pointer.size(), option);
        field.pointer = option;
    }
    return failure;
}

int fail(const context& with, const error& problem) {
    if (with.json) {
        std::printf("%s\n", api_types::write_problem(problem).c_str());
        return facts_of(problem.kind).exit_code;
    }
    const error failure = in_options(problem);
    std::fprintf(stderr, "gatepost: %s\n", clean(failure.detail, 2000).c_str());
    for (const field_error& field : failure.fields) {
        // A single problem stands in the sentence already.
        if (failure.detail.find(field.detail) != std::string::npos) continue;
        std::fprintf(stderr, "  %s: %s\n",
                     field.pointer.empty() ? "message" : clean(field.pointer).c_str(),
                     clean(field.detail, 1000).c_str());
    }
    return facts_of(failure.kind).exit_code;
}

bool printed_as_json(const context& with, const nlohmann::json& document) {
    if (with.json) std::printf("%s\n", document.dump().c_str());
    return with.json;
}

error no_such(const std::string& what, const std::string& name,
              const std::vector<std::string>& names) {
    std::string detail = "there is no " + what + " \"" + clean(name) + "\"";
    if (const auto near = text::nearest(name, names)) detail += "; did you mean \"" + *near + "\"?";
    std::string all;
    for (const std::string& each : names)
        all += (all.empty() ? "" : ", ") + each;
    detail += all.empty()             ? "; there is none at all"
              : detail.ends_with("?") ? " There are: " + all
                                      : "; there are: " + all;
    return {error_kind::not_found, detail};
}

std::string text_of(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return {};
    return found->is_string() ? found->get<std::string>() : found->dump();
}

}  // namespace gatepost::cli
