// How a connection's OAuth2 stands, and the beginnings of a login, as JSON. No token is in it.
#include "api/answers.hpp"
#include "api_types/json_writer.hpp"

namespace gatepost::api {
namespace {

using api_types::json_writer;
using services::oauth_login_state;

std::string_view name_of(oauth_login_state::step which) {
    switch (which) {
        case oauth_login_state::step::pending: return "pending";
        case oauth_login_state::step::done: return "done";
        case oauth_login_state::step::failed: return "failed";
        case oauth_login_state::step::none: break;
    }
    return "none";
}

void write_login(json_writer& json, const oauth_login_state& login) {
    if (login.now == oauth_login_state::step::none) return;
    json.key("login")
        .begin_object()
        .member("state", name_of(login.now))
        .member_if("text", login.sentence);
    if (login.now == oauth_login_state::step::pending)
        json.member("expires_in", login.expires_in.count());
    json.end_object();
}

}  // namespace

std::string write_oauth(const services::oauth_engine& engine, const std::string& connection,
                        std::string_view settings) {
    const services::oauth_state now = engine.state(connection);
    if (!now.configured) return {};
    std::string out;
    json_writer json(out);
    json.begin_object()
        .member("grant", now.grant)
        .member_if("profile", now.profile)
        .member("logged_in", now.logged_in)
        .member_if("token_source", now.token_source)
        .member("expires_at", now.expires_at)
        .member("last_refresh", now.last_refresh)
        .member_if("problem", now.problem);
    if (!now.problem.empty()) json.member("permanent", now.permanent);
    write_login(json, engine.login(connection));
    if (!settings.empty()) json.key("settings").raw(settings);
    json.end_object();
    return out;
}

std::string write_device_login(const services::oauth_device_login& begun) {
    std::string out;
    json_writer(out)
        .begin_object()
        .member("user_code", begun.user_code)
        .member("verification_uri", begun.verification_uri)
        .member_if("verification_uri_complete", begun.verification_uri_complete)
        .member("interval", begun.interval.count())
        .member("expires_in", begun.expires_in.count())
        .end_object();
    return out;
}

std::string write_loopback_login(const services::oauth_loopback_login& begun) {
    std::string out;
    json_writer(out)
        .begin_object()
        .member("authorize_url", begun.authorize_url)
        .member("state", begun.state)
        .member("expires_in", begun.expires_in.count())
        .end_object();
    return out;
}

}  // namespace gatepost::api
