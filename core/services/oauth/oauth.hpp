// OAuth2 for connections: who asks gets an access token that is valid for a while yet; it is got
// once however many ask, renewed before it expires, and never written down or logged. What must
// outlive a restart, the refresh token, goes through `oauth_store` to the disk BEFORE the access
// token that came with it is given to anybody.
//
// How it fails: every answer is a token or an oauth_failure, whose sentence says what to do. One
// that will pass comes with the time to wait; until then everybody gets the same answer and the
// provider is left alone. One that will not (invalid_grant ...) is remembered until the settings
// change, somebody logs in, or half an hour has passed.
//
// Plain values and one abstract class: no Asio and no libcurl are seen here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "plugin/oauth_profile.hpp"

namespace gatepost::services {

// ---- what the settings say -------------------------------------------------------------------

enum class oauth_grant : uint8_t { refresh_token, client_credentials, service_account };
std::string_view name_of(oauth_grant grant);
std::optional<oauth_grant> grant_named(std::string_view name);

// The [oauth] table of a connection, secrets resolved; then completed by complete_client.
struct oauth_client {
    std::string connection;
    std::string profile;
    oauth_grant grant = oauth_grant::refresh_token;
    std::string client_id;
    secret client_secret, refresh_token;
    std::string scope, tenant, subject;
    secret service_account;  // the JSON key file's content
    std::string token_url, authorize_url, device_url;
    std::string ca_file;
    secret proxy;  // an URL; it may hold a password
    bool allow_http = false;

    // Filled by complete_client. A host that the table names may stand anywhere, also in this
    // network; one of a profile may not.
    bool owners_token_url = false, owners_device_url = false;
    bool scope_on_refresh = false;  // the provider wants it said again
    std::vector<std::pair<std::string, std::string>> authorize_parameters;
    std::string no_device_flow;

    bool operator==(const oauth_client&) const = default;
};

// The host's own profiles ("google", "microsoft") with what a manifest says laid over them.
plugin::oauth_profiles oauth_profiles_with(const plugin::oauth_profiles& of_manifest);

// Puts the profile's values where the table says nothing. What is missing or contradicts itself is
// in the error's `fields`: pointer is the key ("/client_id"), detail the rest of a sentence.
result<oauth_client> complete_client(oauth_client given, const plugin::oauth_profiles& known);

// ---- answers ---------------------------------------------------------------------------------

struct oauth_token {
    secret value;
    wall_time expires_at{};
};

enum class oauth_blame : uint8_t {
    none,
    config,      // there is no [oauth] table
    credential,  // the provider refuses the client, the consent or the key
    provider,    // it answers, but not with a token
    network,     // it cannot be reached
    storage,     // the gateway's own disk: a rotated refresh token could not be kept
};

struct oauth_failure {
    oauth_blame blame = oauth_blame::none;
    std::string sentence;  // for people, safe to log
    std::string code;      // "invalid_grant", as the provider said it; may be empty
    std::optional<std::chrono::seconds> retry_after;
    bool permanent = false;
    bool operator==(const oauth_failure&) const = default;
};

struct oauth_outcome {
    std::optional<oauth_token> token;
    oauth_failure failure;  // if there is no token
};

// For `status` and the API.
struct oauth_state {
    bool configured = false;
    std::string grant, profile;
    bool logged_in = false;    // what the grant needs is there: a refresh token, a secret, a key
    std::string token_source;  // of the refresh token: "login", "rotation", "settings", or empty
    std::optional<wall_time> expires_at;    // of the access token in hand
    std::optional<wall_time> last_refresh;  // that brought a token, since the gateway started
    std::string problem;                    // of the last try; empty if all is well
    bool permanent = false;                 // the problem will not pass by itself
};

// ---- login -----------------------------------------------------------------------------------

struct oauth_device_login {
    std::string user_code;
    std::string verification_uri, verification_uri_complete;  // the second may be empty
    std::chrono::seconds interval{}, expires_in{};
};

struct oauth_loopback_login {
    std::string authorize_url;  // with PKCE (S256)
    std::string state;          // what the redirect must bring back
    std::chrono::seconds expires_in{};
};

// Of the last login that was begun for a connection; the engine polls by itself.
struct oauth_login_state {
    enum class step : uint8_t { none, pending, done, failed };
    step now = step::none;
    std::string sentence;  // why it failed; or that it is done
    std::chrono::seconds expires_in{};
};

// ---- what the engine needs -------------------------------------------------------------------

// Keeps one small secret for a connection so that a crash does not lose it. `done` runs once, on
// any thread, with success only when it is on disk.
class oauth_store {
  public:
    virtual ~oauth_store() = default;
    virtual void keep(const std::string& connection, secret what,
                      std::function<void(status)> done) = 0;
};

struct oauth_request {
    std::string url;
    secret body;  // application/x-www-form-urlencoded
    std::string ca_file;
    secret proxy;
    bool anywhere = false;    // the owner named the host
    bool allow_http = false;  // http:// may be asked
};

struct oauth_response {
    int http_status = 0;  // 0: no answer, `problem` says why
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string problem;                                       // a sentence
    bool denied = false;  // it was not asked: the address is not allowed
    std::string header(std::string_view name) const;
};

// Sends one request; `done` runs once, on any thread, never inline.
using oauth_transport =
    std::function<void(oauth_request, std::function<void(oauth_response)> done)>;

struct oauth_options {
    const gatepost::clock* clock = &machine_clock();
    std::shared_ptr<oauth_store> store;
    std::map<std::string, secret> kept;       // what the store gave back at start, by connection
    std::map<std::string, std::string> lost;  // what it could not give back, and why
    oauth_transport transport = {};           // nothing: libcurl on threads of its own
};

// ---- the engine ------------------------------------------------------------------------------

class oauth_engine {
  public:
    static std::unique_ptr<oauth_engine> make(oauth_options how);
    virtual ~oauth_engine() = default;

    // All connections that have a table, completed. Those that read as before are not touched; what
    // was learned of the others is forgotten, but for their refresh tokens. Any thread.
    virtual void configure(std::vector<oauth_client> clients) = 0;

    // Any thread; `done` runs once, on the engine's thread, never inline. `refused` is the token
    // that the provider did not take: if it is the one in hand, a new one is got. Whoever asks with
    // an older one, or while one is being got, gets that one. Without a token but `force`, the one
    // in hand is taken as refused.
    using token_handler = std::function<void(oauth_outcome)>;
    virtual void token(const std::string& connection, bool force, secret refused,
                       token_handler done) = 0;

    // Any thread.
    virtual oauth_state state(const std::string& connection) const = 0;

    // Login. Both keep the refresh token on disk before they say success. A new login replaces one
    // that is under way. `not_found`: no such table; `conflict`: the grant needs no login, or not
    // this kind; `provider`: the provider said no. Any thread; `done` on the engine's thread.
    virtual void begin_device(const std::string& connection,
                              std::function<void(result<oauth_device_login>)> done) = 0;
    virtual result<oauth_loopback_login> begin_loopback(const std::string& connection,
                                                        const std::string& redirect_uri) = 0;
    virtual void finish_loopback(const std::string& connection, const std::string& state,
                                 const std::string& code, std::function<void(status)> done) = 0;
    virtual oauth_login_state login(const std::string& connection) const = 0;
    virtual void cancel_login(const std::string& connection) = 0;
    // Whom to tell that somebody has logged in; on the engine's thread.
    virtual void on_login(std::function<void(const std::string& connection)>) {}

    // Answers everybody who waits with a failure, and ends its threads. Again is harmless.
    virtual void stop() = 0;
    // Does what is due by the clock; the engine's own thread does the same. For a clock that stands
    // still. Returns when that, and all that was asked before, is done.
    virtual void check_clock() = 0;
};

}  // namespace gatepost::services
