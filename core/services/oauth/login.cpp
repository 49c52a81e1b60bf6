// Consent, by a person: the device flow (RFC 8628), which the engine polls by itself, and the
// redirect to this machine with PKCE (RFC 8252, RFC 7636). Both end in the same step: the refresh
// token goes to the disk, then the login is done.
//
// From the moment a login has its token, answers to what was asked with the one before are dropped:
// they belong to another lineage.
#include <utility>

#include "base/log.hpp"
#include "services/oauth/engine.hpp"
#include "services/oauth/failure.hpp"
#include "services/oauth/jwt.hpp"

namespace gatepost::services {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr seconds begin_time = 60s;       // until the provider has given a code
constexpr seconds loopback_time = 10min;  // a person with a browser
constexpr seconds slower = 5s;            // RFC 8628 section 3.5
constexpr seconds slowest = 60s;

error not_running() {
    return {error_kind::not_running, "the gateway is shutting down"};
}

error replaced() {
    return {error_kind::conflict, "another login was begun, or this one was cancelled"};
}

}  // namespace

result<engine::client_ptr> engine::may_log_in(const std::string& name) {
    account* const which = configured(name);
    if (stopping_) return not_running();
    if (which == nullptr)
        return error{error_kind::not_found,
                     "the connection \"" + name + "\" is not there or has no [oauth] table"};
    if (which->client->grant != oauth_grant::refresh_token)
        return error{error_kind::conflict, "the connection \"" + name +
                                               "\" needs no login: its grant is \"" +
                                               std::string(name_of(which->client->grant)) + "\""};
    return which->client;
}

login_flow* engine::flow_of(const std::string& name, uint64_t number) {
    const auto found = accounts_.find(name);
    if (found == accounts_.end() || !found->second.login) return nullptr;
    login_flow& flow = *found->second.login;
    const bool open = flow.step == oauth_login_state::step::pending && !flow.keeping;
    return flow.number == number && open ? &flow : nullptr;
}

void engine::end_login(account& which, bool well, std::string sentence) {
    login_flow& flow = *which.login;
    flow.step = well ? oauth_login_state::step::done : oauth_login_state::step::failed;
    flow.sentence = std::move(sentence);
    flow.device_code = flow.verifier = flow.state = secret();
    show(which);
    const log::fields fields{{"connection", which.name}};
    well ? log::info("oauth.login", flow.sentence, fields)
         : log::warn("oauth.login", flow.sentence, fields);
}

void engine::cancel_login(const std::string& connection) {
    line_->post([this, connection] {
        const auto found = accounts_.find(connection);
        if (found == accounts_.end() || !found->second.login) return;
        const login_flow& flow = *found->second.login;
        if (flow.step == oauth_login_state::step::pending && !flow.keeping)
            end_login(found->second, false, "it was cancelled");
    });
}

status engine::logged_in(account& which, const client_ptr& client, const granted& token,
                         std::function<void(status)> told) {
    if (token.refresh_token.empty())
        return error{error_kind::provider,
                     host_of(client->token_url) +
                         " gave no refresh token: the scope must ask for offline access"};
    ++which.lineage;
    which.login->keeping = true;
    account::keeping what;
    what.record = record_for(*client, token.refresh_token, "login");
    what.client = client;
    what.token = hold(token, clock_.mono_now(), clock_.wall_now());
    what.of_login = true;
    what.told = std::move(told);
    keep(which, std::move(what));
    return success{};
}

// ---- device flow --------------------------------------------------------------------------------

void engine::begin_device(const std::string& connection,
                          std::function<void(result<oauth_device_login>)> done) {
    const bool taken = line_->post([this, connection, done] {
        const auto client = may_log_in(connection);
        if (!client) return done(client.error());
        const oauth_client& by = **client;
        if (!by.no_device_flow.empty()) return done(error{error_kind::conflict, by.no_device_flow});
        if (by.device_url.empty())
            return done(error{error_kind::conflict,
                              "this provider has no device flow: there is no device_url"});
        login_flow flow;
        flow.number = next_number_++;
        flow.device = true;
        flow.asking = true;
        flow.until = clock_.mono_now() + begin_time;
        accounts_[connection].login = flow;
        show(accounts_[connection]);
        send(*client, by.device_url, by.owners_device_url, device_begin_form(by),
             [=, this, number = flow.number, client = *client](const oauth_response& answer) {
                 device_begun(connection, number, client, answer, done);
             });
    });
    if (!taken) done(not_running());
}

void engine::device_begun(const std::string& name, uint64_t number, const client_ptr& client,
                          const oauth_response& answer,
                          const std::function<void(result<oauth_device_login>)>& done) {
    login_flow* const flow = flow_of(name, number);
    if (flow == nullptr) return done(replaced());
    flow->asking = false;
    const auto begun = read_device_begin(*client, answer, clock_.wall_now());
    if (!begun) {
        end_login(accounts_[name], false, begun.error().detail);
        return done(begun.error());
    }
    const mono_time now = clock_.mono_now();
    flow->device_code = begun->device_code;
    flow->interval = begun->shown.interval;
    flow->until = now + begun->shown.expires_in;
    flow->next_poll = now + flow->interval;
    show(accounts_[name]);
    done(begun->shown);
}

void engine::poll(account& which) {
    login_flow& flow = *which.login;
    const client_ptr client = which.client;
    flow.asking = true;
    send(client, client->token_url, client->owners_token_url,
         device_poll_form(*client, flow.device_code),
         [this, name = which.name, number = flow.number, client](const oauth_response& answer) {
             polled(name, number, client, answer);
         });
}

void engine::polled(const std::string& name, uint64_t number, const client_ptr& client,
                    const oauth_response& answer) {
    login_flow* const flow = flow_of(name, number);
    if (flow == nullptr) return;
    account& which = accounts_[name];
    flow->asking = false;
    const grant_answer got = read_grant(*client, answer, clock_.wall_now(), flow->device_code);
    if (got.token) {
        if (auto done = logged_in(which, client, *got.token, nullptr); !done)
            end_login(which, false, done.error().detail);
        return;
    }
    const std::string& code = got.failure.code;
    if (code == "access_denied") return end_login(which, false, "it was refused at the provider");
    if (code == "expired_token")
        return end_login(which, false, "it was not finished in time; begin again");
    if (got.failure.permanent) return end_login(which, false, got.failure.sentence);
    if (code == "slow_down")
        flow->interval += slower;
    else if (code != "authorization_pending")
        flow->interval = std::max(flow->interval, std::min(flow->interval * 2, slowest));
    flow->next_poll = clock_.mono_now() + flow->interval;
}

// ---- redirect to this machine -------------------------------------------------------------------

result<oauth_loopback_login> engine::begin_loopback(const std::string& connection,
                                                    const std::string& redirect_uri) {
    result<oauth_loopback_login> out = not_running();
    do_and_wait([&] { out = start_loopback(connection, redirect_uri); });
    return out;
}

result<oauth_loopback_login> engine::start_loopback(const std::string& name,
                                                    const std::string& redirect_uri) {
    const auto client = may_log_in(name);
    if (!client) return client.error();
    const oauth_client& by = **client;
    if (by.authorize_url.empty())
        return error{error_kind::conflict,
                     "this provider has no login with a browser: there is no authorize_url"};
    if (!is_loopback_address(redirect_uri))
        return error{error_kind::invalid,
                     "the redirect must lead to this machine: http://127.0.0.1:PORT/"};
    const std::string state = random_word(), verifier = random_word();
    if (state.empty() || verifier.empty())
        return error{error_kind::internal, "the system has no randomness"};
    login_flow flow;
    flow.number = next_number_++;
    flow.state = secret(state);
    flow.verifier = secret(verifier);
    flow.redirect_uri = redirect_uri;
    flow.until = clock_.mono_now() + loopback_time;
    accounts_[name].login = std::move(flow);
    show(accounts_[name]);
    return oauth_loopback_login{
        authorize_address(by, redirect_uri, state, pkce_challenge(verifier)), state, loopback_time};
}

void engine::finish_loopback(const std::string& connection, const std::string& state,
                             const std::string& code, std::function<void(status)> done) {
    const bool taken = line_->post([=, this] { exchange(connection, state, code, done); });
    if (!taken) done(not_running());
}

// A state is good for one try: what comes with it is a code that somebody may have seen.
void engine::exchange(const std::string& name, const std::string& state, const std::string& code,
                      std::function<void(status)> done) {
    const auto client = may_log_in(name);
    if (!client) return done(client.error());
    account& which = accounts_[name];
    const bool open = which.login && !which.login->device && !which.login->asking &&
                      flow_of(name, which.login->number) != nullptr;
    if (!open || !(which.login->state == secret(state)))
        return done(error{error_kind::conflict,
                          "no login waits for this answer; begin again, and use the newest link"});
    if (code.empty()) return done(error{error_kind::invalid, "there is no code"});
    login_flow& flow = *which.login;
    flow.asking = true;
    send(*client, (*client)->token_url, (*client)->owners_token_url,
         code_form(**client, code, flow.verifier, flow.redirect_uri),
         [=, this, number = flow.number, client = *client](const oauth_response& answer) {
             exchanged(name, number, client, answer, done);
         });
}

void engine::exchanged(const std::string& name, uint64_t number, const client_ptr& client,
                       const oauth_response& answer, const std::function<void(status)>& done) {
    if (flow_of(name, number) == nullptr) return done(replaced());
    account& which = accounts_[name];
    const grant_answer got = read_grant(*client, answer, clock_.wall_now(), which.login->verifier);
    status how = got.token ? logged_in(which, client, *got.token, done)
                           : status(error{error_kind::provider, got.failure.sentence});
    if (how) return;  // told when it is on disk
    end_login(which, false, how.error().detail);
    done(how.error());
}

}  // namespace gatepost::services
