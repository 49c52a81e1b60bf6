// The login of a connection whose mail goes by OAuth2: the device flow, and the redirect to the
// machine where somebody has a browser. Administrators only. The engine keeps what it gets; no
// token and no secret ever passes through here.
//
// A device flow that was begun goes on by itself: GET /v1/connections/NAME shows how it stands.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "api/answers.hpp"
#include "api/handlers.hpp"
#include "api_types/send_fields.hpp"
#include "base/text.hpp"
#include "schema/json.hpp"

namespace gatepost::api {
namespace {

using json = nlohmann::json;
using members = std::map<std::string, std::string>;

// All of `wanted`, which are strings, and nothing else.
result<members> read_members(const std::string& body, const std::vector<std::string>& wanted) {
    const bool empty = text::trim(body).empty();
    auto document = empty ? result<json>(json::object()) : schema::parse_json(body);
    if (!document) return document.error();
    if (!document->is_object()) return api_types::invalid_request({{"", "must be an object"}});
    members out;
    std::vector<field_error> problems;
    for (const auto& [name, value] : document->items()) {
        if (std::ranges::find(wanted, name) == wanted.end())
            problems.push_back({"/" + name, api_types::unknown_name("member", name, wanted)});
        else if (!value.is_string() || value.get<std::string>().empty())
            problems.push_back({"/" + name, "must be a string that is not empty"});
        else
            out[name] = value.get<std::string>();
    }
    for (const std::string& name : wanted) {
        if (!document->contains(name)) problems.push_back({"/" + name, "is missing"});
    }
    if (!problems.empty()) return api_types::invalid_request(std::move(problems));
    return out;
}

using act = std::function<void(const members&)>;

// The caller, the connection and the body are what they must be; then `work`.
handling begin(service& with, const request& what, const std::string& name, const exchange_ptr& to,
               std::vector<std::string> wanted, act work) {
    const auto refuse = [&](error why) {
        to->answer(problem(why));
        return handling{};
    };
    if (!what.caller.admin)
        return refuse({error_kind::forbidden,
                       "only root and the gateway's own user, on an admin socket, may log in"});
    if (!with.options.config()->connections.contains(name))
        return refuse(
            {error_kind::not_found, "there is no connection " + text::sanitize(name, 100)});
    if (with.options.oauth == nullptr)
        return refuse({error_kind::not_found, "this gateway does not offer OAuth"});
    return {std::make_unique<body_collector>(
                [to, wanted = std::move(wanted), work = std::move(work)](const std::string& body) {
                    const auto given = read_members(body, wanted);
                    given ? work(*given) : to->answer(problem(given.error()));
                }),
            limits::small_request_bytes};
}

}  // namespace

handling oauth_device(service& with, const request& what, const std::string& name,
                      exchange_ptr to) {
    return begin(with, what, name, to, {}, [&with, name, to](const members&) {
        with.options.oauth->begin_device(
            name, [&with, to](result<services::oauth_device_login> begun) {
                with.loop.post([to, begun = std::move(begun)] {
                    to->answer(begun ? ok(write_device_login(*begun)) : problem(begun.error()));
                });
            });
    });
}

handling oauth_authorize(service& with, const request& what, const std::string& name,
                         exchange_ptr to) {
    return begin(with, what, name, to, {"redirect_uri"}, [&with, name, to](const members& given) {
        const auto begun = with.options.oauth->begin_loopback(name, given.at("redirect_uri"));
        to->answer(begun ? ok(write_loopback_login(*begun)) : problem(begun.error()));
    });
}

handling oauth_finish(service& with, const request& what, const std::string& name,
                      exchange_ptr to) {
    return begin(with, what, name, to, {"state", "code"}, [&with, name, to](const members& given) {
        with.options.oauth->finish_loopback(
            name, given.at("state"), given.at("code"), [&with, name, to](const status& done) {
                with.loop.post([&with, name, to, done] {
                    to->answer(done ? ok(write_oauth(*with.options.oauth, name))
                                    : problem(done.error()));
                });
            });
    });
}

}  // namespace gatepost::api
