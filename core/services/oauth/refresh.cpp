// A token is got, by whichever grant; and the one order that nothing may change: a refresh token
// that came with it is on disk before the access token is given to anybody.
//
// If the disk does not take it, the old refresh token may be dead already, so the new one stays in
// memory and is offered to the disk again and again; who asks meanwhile is told that it is the
// gateway's own disk. A token that would be lost by the next restart is never used: the mail that
// went out with it would be the last.
#include <utility>

#include "base/log.hpp"
#include "services/oauth/engine.hpp"
#include "services/oauth/failure.hpp"

namespace gatepost::services {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr auto permanent_time = 30min;  // DESIGN: a refused credential is tried again after that
constexpr auto same_clock = 60s;

}  // namespace

result<secret> engine::make_form(account& which, question& what, oauth_failure& failure) {
    const oauth_client& client = *which.client;
    switch (client.grant) {
        case oauth_grant::client_credentials: return client_credentials_form(client);
        case oauth_grant::service_account: {
            auto form =
                service_account_form(client, clock_.wall_now() + which.clock_ahead.value_or(0s));
            if (!form)
                failure = {
                    oauth_blame::credential, "no token: " + form.error().detail, {}, {}, true};
            return form;
        }
        case oauth_grant::refresh_token: break;
    }
    chosen_token chosen = choose_refresh_token(client, which.record, which.lost);
    if (chosen.token.empty()) {
        failure = login_needed(which.name, chosen.problem);
        return error{error_kind::config, failure.sentence};
    }
    what.refresh_token = std::move(chosen.token);
    return refresh_form(client, what.refresh_token);
}

void engine::begin(account& which, bool second_clock) {
    question what{which.name, which.client, which.lineage, {}, second_clock};
    oauth_failure why;
    auto form = make_form(which, what, why);
    if (!form) return failed(which, std::move(why));
    which.running = true;
    const client_ptr client = which.client;
    send(client, client->token_url, client->owners_token_url, *std::move(form),
         [this, what = std::move(what)](const oauth_response& answer) { answered(what, answer); });
}

void engine::answered(const question& what, const oauth_response& answer) {
    account& which = accounts_[what.name];
    which.running = false;
    if (what.lineage != which.lineage) return ask_again(which);  // somebody logged in meanwhile
    const wall_time wall_now = clock_.wall_now();
    grant_answer got = read_grant(*what.client, answer, wall_now, what.refresh_token);
    const bool same_settings = which.client && *which.client == *what.client;
    if (!got.token) {
        if (!same_settings) return ask_again(which);
        const auto off = got.clock_ahead.value_or(0s) - which.clock_ahead.value_or(0s);
        if (got.clock_ahead && !what.second_clock && (off > same_clock || off < -same_clock)) {
            which.clock_ahead = got.clock_ahead;
            log::warn("oauth.clock", "this machine's clock differs from the provider's",
                      {{"connection", which.name}, {"seconds", -got.clock_ahead->count()}});
            return begin(which, true);
        }
        return failed(which, std::move(got.failure));
    }
    const held_token token = hold(*got.token, clock_.mono_now(), wall_now);
    const secret& next = got.token->refresh_token;
    const bool refreshing = what.client->grant == oauth_grant::refresh_token;
    if (!refreshing || next.empty() || next == what.refresh_token)
        return accept(which, what.client, token);
    account::keeping keep_it;
    keep_it.record = record_for(*what.client, next, "rotation");
    keep_it.client = what.client;
    keep_it.token = token;
    keep(which, std::move(keep_it));
}

void engine::failed(account& which, oauth_failure why) {
    const mono_time now = clock_.mono_now();
    ++which.failures;
    if (why.permanent) {
        which.problem_until = now + permanent_time;
    } else {
        why.retry_after = std::max(back_off(which.failures), why.retry_after.value_or(0s));
        which.problem_until = now + *why.retry_after;
    }
    if (!which.problem || which.problem->sentence != why.sentence)
        log::warn("oauth.problem", why.sentence,
                  {{"connection", which.name},
                   {"again_in_seconds",
                    std::chrono::duration_cast<seconds>(which.problem_until - now).count()}});
    which.problem = std::move(why);
    show(which);
    const bool old = which.held && left(*which.held) > still_useful;
    answer_all(which, old ? in_hand(which) : problem_of(which));
}

void engine::accept(account& which, const client_ptr& asked, held_token token) {
    if (!which.client || !(*which.client == *asked)) {
        show(which);
        return ask_again(which);
    }
    which.held = std::move(token);
    which.failures = 0;
    which.last_refresh = clock_.wall_now();
    if (std::exchange(which.problem, std::nullopt))
        log::info("oauth.well", "the provider gives tokens again", {{"connection", which.name}});
    show(which);
    // It may have waited long for the disk.
    const bool over = which.held->lifetime > 0s && left(*which.held) <= 0s;
    over ? ask_again(which) : answer_all(which, in_hand(which));
}

// ---- onto the disk ------------------------------------------------------------------------------

void engine::keep(account& which, account::keeping what) {
    what.number = next_number_++;
    const auto before = std::exchange(which.unkept, std::nullopt);
    which.unkept = std::move(what);
    if (before && before->told)
        before->told(error{error_kind::conflict, "another login was finished meanwhile"});
    try_to_keep(which);
}

void engine::try_to_keep(account& which) {
    account::keeping& what = *which.unkept;
    what.under_way = true;
    how_.store->keep(which.name, write_record(what.record),
                     [this, line = line_, name = which.name, number = what.number](status how) {
                         line->post([=, this] { kept(name, number, how); });
                     });
}

void engine::kept(const std::string& name, uint64_t number, const status& how) {
    account& which = accounts_[name];
    if (!which.unkept || which.unkept->number != number) return;
    which.unkept->under_way = false;
    if (!how) return not_kept(which, how.error());
    account::keeping done = *std::exchange(which.unkept, std::nullopt);
    which.record = std::move(done.record);
    which.lost.clear();
    if (done.of_login) end_login(which, true, "the login is kept; tokens are renewed from now on");
    accept(which, done.client, std::move(done.token));
    if (done.told) done.told(success{});
    if (done.of_login && on_login_) on_login_(name);
}

void engine::not_kept(account& which, const error& why) {
    account::keeping& what = *which.unkept;
    const mono_time now = clock_.mono_now();
    const seconds wait = back_off(++what.failures);
    what.next = now + wait;
    const oauth_failure failure{oauth_blame::storage,
                                "a new refresh token could not be kept: " + why.detail +
                                    "; its access token is used when it is on disk",
                                {},
                                wait,
                                false};
    if (!which.problem || which.problem->sentence != failure.sentence)
        log::error("oauth.storage", failure.sentence, {{"connection", which.name}});
    which.problem = failure;
    which.problem_until = what.next;
    show(which);
    answer_all(which, {std::nullopt, failure});
    if (const auto told = std::exchange(what.told, nullptr))
        told(error{error_kind::storage, failure.sentence});
}

}  // namespace gatepost::services
