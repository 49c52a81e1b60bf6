// A dozen routes: they are compared one after the other, segment by segment.
#include "api/router.hpp"

#include <optional>

#include "api/handlers.hpp"
#include "base/text.hpp"

namespace gatepost::api {
namespace {

constexpr route table[] = {
    {"POST", "/v1/messages", post_message},
    {"GET", "/v1/messages", list_messages},
    {"GET", "/v1/messages/{id}", show_message},
    {"GET", "/v1/messages/{id}/content", message_content},
    {"POST", "/v1/messages/{id}/cancel", cancel_message},
    {"POST", "/v1/messages/{id}/retry", retry_message},
    {"GET", "/v1/providers", list_providers},
    {"GET", "/v1/connections", list_connections},
    {"GET", "/v1/connections/{name}", show_connection},
    {"POST", "/v1/connections/{name}/test", test_connection},
    {"POST", "/v1/connections/{name}/oauth/device", oauth_device},
    {"POST", "/v1/connections/{name}/oauth/authorize", oauth_authorize},
    {"POST", "/v1/connections/{name}/oauth/finish", oauth_finish},
    {"POST", "/v1/test", test_settings},
    {"GET", "/v1/health", health},
    {"GET", "/v1/version", version},
    {"GET", "/v1/openapi.json", openapi},
};

std::string_view take_segment(std::string_view& path) {
    const std::string_view out = path.substr(0, path.find('/', 1));
    path.remove_prefix(out.size());
    return out;
}

// The argument, or nothing if the path is another one.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
    std::string argument;
    while (!pattern.empty() && !path.empty()) {
        const std::string_view wanted = take_segment(pattern);
        const std::string_view given = take_segment(path);
        if (wanted == given) continue;
        if (!wanted.starts_with("/{") || given.size() < 2) return std::nullopt;
        auto decoded = text::percent_decode(given.substr(1));
        if (!decoded || !text::is_utf8(*decoded)) return std::nullopt;
        argument = *std::move(decoded);
    }
    if (!pattern.empty() || !path.empty()) return std::nullopt;
    return argument;
}

bool belongs_to_later(std::string_view path) {
    for (const std::string_view begin : {"/v1/templates", "/v1/route", "/v1/events", "/metrics"}) {
        if (path == begin || (path.starts_with(begin) && path[begin.size()] == '/')) return true;
    }
    return false;
}

response no_such_path(const request& what) {
    const std::string path = text::sanitize(what.path, 200);
    return problem({error_kind::not_found,
                    belongs_to_later(what.path)
                        ? path + " is not offered by this version of the gateway"
                        : "there is no " + path + "; GET /v1/openapi.json lists what there is"});
}

response no_such_method(const request& what, const std::string& allowed) {
    auto out = problem(
        {error_kind::method_not_allowed, text::sanitize(what.method, 40) + " is not offered for " +
                                             text::sanitize(what.path, 200) + "; use " + allowed});
    out.headers += "Allow: " + allowed + "\r\n";
    return out;
}

}  // namespace

std::span<const route> routes() {
    return table;
}

handling dispatch(service& with, const request& what, exchange_ptr to) {
    std::string allowed;
    for (const route& each : table) {
        const auto argument = match(each.path, what.path);
        if (!argument) continue;
        if (each.method == what.method) return each.handle(with, what, *argument, std::move(to));
        if (!allowed.empty()) allowed += ", ";
        allowed += each.method;
    }
    to->answer(allowed.empty() ? no_such_path(what) : no_such_method(what, allowed));
    return {};
}

}  // namespace gatepost::api
