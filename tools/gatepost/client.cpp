#include "gatepost/client.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "api_types/problem.hpp"

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

int fail(const context& with, const error& failure) {
    if (with.json) {
        std::printf("%s\n", api_types::write_problem(failure).c_str());
        return facts_of(failure.kind).exit_code;
    }
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

std::string text_of(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return {};
    return found->is_string() ? found->get<std::string>() : found->dump();
}

}  // namespace gatepost::cli
