// What the engine knows of one connection, and the decisions about it that need no thread: which
// refresh token counts, how long a token is good, how long to wait after a failure. Pure.
//
// The record is what outlives a restart. It says of which configured refresh token it descends and
// for which client and host it was given, because a token that was kept must not be sent to another
// server just because somebody changed an address in the settings.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "services/oauth/grant.hpp"
#include "services/oauth/oauth.hpp"

namespace gatepost::services {

struct refresh_record {
    secret token;
    std::string source;  // "login" or "rotation"
    std::string from;    // mark_of the configured one at that time
    std::string client_id, host;
};
secret write_record(const refresh_record& record);
std::optional<refresh_record> read_record(const secret& text);
// A hash; empty for no token.
std::string mark_of(const secret& configured);
refresh_record record_for(const oauth_client& client, const secret& token, std::string source);

struct chosen_token {
    secret token;
    std::string source;
    std::string problem;  // if there is none: why, as a sentence
};
// The kept one wins over the configured one, unless that was changed since.
chosen_token choose_refresh_token(const oauth_client& client,
                                  const std::optional<refresh_record>& kept,
                                  const std::string& lost);

struct held_token {
    secret value;
    std::chrono::seconds lifetime{};
    mono_time until;
    wall_time expires_at;
};
held_token hold(const granted& token, mono_time now, wall_time wall_now);
// The lesser of both clocks: one stands still while the machine sleeps, the other may be set.
std::chrono::milliseconds left_of(const held_token& token, mono_time now, wall_time wall_now);

enum class readiness : uint8_t {
    good,
    renew,  // good, and about to expire
    wait,   // too little is left to begin something with it
};
// With this much left it is given all the same, when no other can be had.
inline constexpr std::chrono::milliseconds still_useful = std::chrono::seconds(10);
readiness readiness_of(const held_token& token, std::chrono::milliseconds left);

// After so many failures in a row, from 1: 1, 2, 5, 10, 20, 40, 60 seconds.
std::chrono::seconds back_off(unsigned failures);

struct login_flow {
    uint64_t number = 0;
    bool device = false;
    secret device_code, verifier, state;
    std::string redirect_uri;
    std::chrono::seconds interval{};
    mono_time until, next_poll;
    bool asking = false;   // a request is under way
    bool keeping = false;  // there is a token; it goes to the disk
    oauth_login_state::step step = oauth_login_state::step::pending;
    std::string sentence;
};

struct account {
    std::string name;
    std::shared_ptr<const oauth_client> client;  // null: no table
    std::optional<refresh_record> record;
    std::string lost;

    std::optional<held_token> held;
    std::vector<oauth_engine::token_handler> waiting;
    bool running = false;      // a token is being got
    uint64_t lineage = 0;      // grows with every login: what was asked before counts no more
    mono_time forced_until{};  // the token in hand is not thrown away again before
    std::optional<std::chrono::seconds> clock_ahead;
    std::optional<wall_time> last_refresh;

    std::optional<oauth_failure> problem;
    mono_time problem_until{};
    unsigned failures = 0;

    // A refresh token that is not on disk yet; its access token is given to nobody.
    struct keeping {
        uint64_t number = 0;
        refresh_record record;
        std::shared_ptr<const oauth_client> client;
        held_token token;
        unsigned failures = 0;
        bool under_way = false;
        mono_time next;
        bool of_login = false;
        std::function<void(status)> told;  // of a login; once
    };
    std::optional<keeping> unkept;
    std::optional<login_flow> login;
};

}  // namespace gatepost::services
