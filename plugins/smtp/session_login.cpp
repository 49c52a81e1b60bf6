// From the greeting to the point where MAIL may be said: EHLO (or HELO, LHLO), STARTTLS, EHLO once
// more, AUTH. What was offered before TLS is forgotten with it; a login is never said in clear
// unless two settings allow it in words.
#include <gatepost/abi.h>

#include <utility>

#include "session.hpp"

namespace smtp {
namespace {

using gatepost::sdk::blame;

ruling refused(blame who, std::string text, std::string_view advice) {
    ruling out;
    out.blame = who;
    out.text = std::move(text);
    out.advice = advice;
    return out;
}

constexpr std::string_view no_starttls_advice =
    "Check host and port; if the server begins with TLS at once, set security = \"tls\" and port = "
    "465. A server that used to offer STARTTLS may be hidden by someone in between.";
constexpr std::string_view no_mechanism_advice =
    "Set auth_method to one that the server offers; Microsoft and Google take a token (XOAUTH2).";
constexpr std::string_view no_auth_advice =
    "The server offers no login here: check port and security, or remove username and password if "
    "it knows this machine by its address.";

}  // namespace

void session::take_greeting(const reply& said) {
    if (said.closing()) return closed_by(said);
    if (said.code != 220) return give_up(phase::greeting, judge(phase::greeting, said));
    note_passed(phase::greeting, said);
    say_hello();
}

void session::say_hello() {
    std::string line;
    if (!add_hello(line, how_.lmtp ? "LHLO" : "EHLO", how_.hello_name))
        return give_up(phase::hello, refused(blame::config, "ehlo_name cannot be said",
                                             "Set ehlo_name to a domain of yours."));
    note_started(phase::hello, how_.lmtp ? "LHLO" : "EHLO");
    offer_ = {};
    say(std::move(line), state::hello);
}

bool session::wants_tls() const noexcept {
    if (secured_ || without_tls_) return false;
    return how_.security == security::starttls || how_.security == security::opportunistic;
}

void session::take_hello(const reply& said) {
    if (said.closing()) return closed_by(said);
    if (said.positive()) {
        offer_ = read_offer(said.text);
        if (watcher_ != nullptr) note_passed(phase::hello, "the server offers " + in_words(offer_));
        return after_hello();
    }
    // A server of before 1995 knows HELO; it can neither encrypt nor log in.
    const bool plain_will_do = how_.security != security::starttls && !how_.login.given();
    if (how_.lmtp || said.code < 500 || !plain_will_do)
        return give_up(phase::hello, judge(phase::hello, said));
    std::string line;
    add_hello(line, "HELO", how_.hello_name);
    say(std::move(line), state::helo);
}

void session::take_helo(const reply& said) {
    if (said.closing()) return closed_by(said);
    if (!said.positive()) return give_up(phase::hello, judge(phase::hello, said));
    note_passed(phase::hello, "the server knows no extensions");
    logged_in();
}

void session::after_hello() {
    if (!wants_tls()) return authenticate();
    if (offer_.starttls) {
        note_started(phase::starttls, "STARTTLS");
        return say("STARTTLS\r\n", state::starttls);
    }
    if (how_.security == security::opportunistic) return authenticate();
    give_up(phase::starttls,
            refused(blame::config, "the server does not offer STARTTLS", no_starttls_advice));
}

void session::take_starttls(const reply& said) {
    if (said.closing()) return closed_by(said);
    if (said.code != 220) {
        ruling why = judge(phase::starttls, said);
        if (how_.security != security::opportunistic)
            return give_up(phase::starttls, std::move(why));
        note_failed(phase::starttls, why);
        return authenticate();
    }
    if (parser_.pending())
        return give_up(phase::starttls,
                       refused(blame::network, "bytes in clear behind the answer to STARTTLS",
                               "Somebody between here and the server put them there, or the server "
                               "is broken: nothing was sent."));
    state_ = state::securing;
    wish_ = action();
    wish_.what = need::start_tls;
}

void session::secured() {
    if (state_ != state::securing) return;
    secured_ = true;
    note_passed(phase::starttls, "encrypted");
    say_hello();
}

void session::not_secured(uint32_t failed_at, gatepost::sdk::service_status status,
                          std::string_view why) {
    if (state_ != state::securing) return;
    ruling said = judge_connection(failed_at, status, std::string(why), how_);
    if (how_.security != security::opportunistic) return give_up(phase::starttls, std::move(said));
    note_failed(phase::starttls, said);
    wants_clear_ = true;
    end(false);
}

void session::authenticate() {
    note_started(phase::login, "Login");
    if (!how_.login.given()) {
        if (watcher_ != nullptr) watcher_->skipped(stage_of(phase::login), "no username is set");
        return logged_in();
    }
    const bool in_clear = !secured_ && !(how_.security == security::none && how_.plaintext_auth);
    if (in_clear)
        return give_up(phase::login, refused(blame::config, "no login without encryption",
                                             "Set security = \"starttls\" or \"tls\"."));
    const mechanism chosen = choose_mechanism(offer_, how_.login);
    if (chosen == mechanism::none) {
        const std::string_view advice = offer_.auth ? no_mechanism_advice : no_auth_advice;
        return give_up(phase::login, refused(blame::config,
                                             "no way to log in that both sides know: the server "
                                             "offers " +
                                                 in_words(offer_),
                                             advice));
    }
    mechanism_ = chosen;
    if (how_.login.lent && !renewed_) return ask_token(false);
    say_login();
}

void session::ask_token(bool fresh) {
    state_ = state::lending;
    renewed_ = unheard_ = fresh;
    wish_ = action();
    wish_.what = need::token;
    wish_.fresh = fresh;
}

void session::lent(std::string_view token) {
    if (state_ != state::lending) return;
    // Nothing newer is to be had: what was refused is not said again.
    if (refusal_of_token_ && token == lent_.token)
        return give_up(phase::login, *std::exchange(refusal_of_token_, std::nullopt));
    lent_ = how_.login;
    lent_.token = token;
    say_login();
}

void session::not_lent(ruling why) {
    if (state_ == state::lending) give_up(phase::login, std::move(why));
}

void session::say_login() {
    exchange_.emplace(mechanism_, how_.login.lent ? lent_ : how_.login);
    say(exchange_->first_line(), state::login);
    wish_.secret = wish_.what == need::write;
}

// After a refusal some servers hang up, so that the renewed token is said to nobody.
bool session::left_unheard() {
    if (!unheard_ || (state_ != state::login && state_ != state::lending)) return false;
    wants_login_ = true;
    end(false);
    return true;
}

void session::take_login(const reply& said) {
    if (said.closing()) return closed_by(said);
    unheard_ = false;
    if (said.positive()) {
        note_passed(phase::login, said);
        return logged_in();
    }
    if (said.code != 334) {
        ruling why = judge(phase::login, said);
        if (!exchange_->explanation().empty())
            why.text += " " + clean_text(exchange_->explanation());
        if (takes_token(mechanism_)) why.advice = token_advice(why);
        // Once: a token that is renewed and refused again is not the token's fault.
        const bool may_renew = how_.login.lent && !renewed_ && why.blame == blame::credential;
        if (may_renew) {
            refusal_of_token_ = std::move(why);
            return ask_token(true);
        }
        return give_up(phase::login, std::move(why));
    }
    if (exchange_->cancelled())
        return interrupted(blame::provider, "the server asks on, although the login was cancelled");
    std::string answer;
    const auto what = exchange_->challenged(said.text, answer);
    if (what == sasl_exchange::answer::digest) {
        state_ = state::digesting;
        wish_ = action();
        wish_.what = need::digest;
        wish_.bytes = std::move(answer);
        return;
    }
    say(std::move(answer), state::login);
    wish_.secret = wish_.what == need::write;
}

void session::digested(std::string_view raw) {
    if (state_ != state::digesting) return;
    say(exchange_->digested(raw), state::login);
    wish_.secret = wish_.what == need::write;
}

void session::not_digested(std::string_view why) {
    if (state_ != state::digesting) return;
    give_up(phase::login, refused(blame::config, "CRAM-MD5: " + std::string(why),
                                  "Set auth_method to another one that the server offers."));
}

void session::logged_in() {
    logged_in_ = true;
    if (mail_ == nullptr) return end(true);
    begin_transaction();
}

}  // namespace smtp
