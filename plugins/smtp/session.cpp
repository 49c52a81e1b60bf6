// The frame of the session: reading, writing, and every way in which it ends before it should.
#include "session.hpp"

#include <algorithm>

namespace smtp {
namespace {

using gatepost::sdk::blame;
using gatepost::sdk::verdict;

// For people, of the stage of a test.
std::string_view title_of(phase at) {
    switch (at) {
        case phase::greeting: return "Greeting";
        case phase::hello: return "EHLO";
        case phase::starttls: return "STARTTLS";
        case phase::login: return "Login";
        case phase::sender: return "Sender";
        case phase::recipient: return "Recipient";
        case phase::data:
        case phase::message: break;
    }
    return "Message";
}

constexpr auto watched_greeting = std::chrono::seconds(15);
constexpr std::string_view silent_advice =
    "Check host and port; if this port begins with TLS, set security = \"tls\".";

std::string_view words_of(phase at) {
    switch (at) {
        case phase::greeting: return "the greeting";
        case phase::hello: return "the answer to EHLO";
        case phase::starttls: return "the answer to STARTTLS";
        case phase::login: return "the answer to AUTH";
        case phase::sender: return "the answer to MAIL";
        case phase::recipient: return "the answer to RCPT";
        case phase::data: return "the answer to DATA";
        case phase::message: break;
    }
    return "the answer to the message";
}

ruling lost_ruling(blame who, std::string text, verdict what = verdict::deferred) {
    ruling out;
    out.verdict = what;
    out.blame = who;
    out.text = std::move(text);
    return out;
}

}  // namespace

session::session(const options& how, const envelope* mail, results& into, beginning from)
    : how_(how), mail_(mail), results_(into), watcher_(from.watcher) {
    secured_ = from.secured;
    without_tls_ = from.without_tls;
    if (!from.token.empty()) {
        lent_ = how.login;
        lent_.token = from.token;
        renewed_ = true;
    }
    if (from.parked) {
        parked_ = logged_in_ = true;
        offer_ = from.parked->what;
        mails_done_ = from.parked->mails_done;
        begin_transaction();
    } else {
        note_started(phase::greeting, "Greeting");
        await_reply();
    }
}

action session::next() {
    return std::exchange(wish_, action());
}

// ---- reading and writing --------------------------------------------------------------------

// Whatever came and was not asked for was said before we spoke: never an answer to what follows.
void session::say(action write, state then) {
    if (parser_.pending()) return out_of_turn();
    if (broken_) return interrupted(blame::network, "the connection was lost");
    state_ = then;
    wish_ = std::move(write);
    wish_.what = need::write;
}

void session::say(std::string bytes, state then) {
    action write;
    write.bytes = std::move(bytes);
    say(std::move(write), then);
}

// For a write that commits: an answer that is there before it is not its answer.
void session::say_in_silence(action write, state then) {
    held_ = std::move(write);
    held_then_ = then;
    // Where it was looked at a moment ago: when it was taken.
    if (parked_ && replies_ == 0) return quiet();
    look_around();
}

void session::look_around() {
    state_ = state::hush;
    wish_ = action();
    wish_.what = need::read;
}

void session::quiet() {
    if (state_ == state::over) return;
    say(std::exchange(held_, action()), held_then_);
    if (wish_.what == need::write) wish_.commits = committing_ = true;
}

void session::await_reply(bool more) {
    wish_ = action();
    wish_.what = need::read;
    wish_.timeout = broken_ ? std::chrono::seconds(1) : patience();
    wish_.more = more;
}

void session::written() {
    if (state_ == state::over) return;
    if (state_ == state::content) return look_around();
    if (committing_) handed_over_ = true;
    committing_ = false;
    await_reply();
}

// The host reads ahead, so that what the peer said before it closed can still be read.
void session::write_failed(std::string_view why) {
    if (state_ == state::over) return;
    broken_ = true;
    broken_why_ = why;
    committing_ = false;
    if (parked_ && replies_ == 0) return interrupted(blame::network, why);
    await_reply();
}

void session::received(std::string_view bytes) {
    if (state_ == state::over) return;
    parser_.feed(bytes);
    read_on();
}

void session::read_on() {
    wish_ = action();
    const std::size_t before = replies_;
    reply said;
    while (wish_.what == need::done && state_ != state::over && parser_.next(said))
        take(said);
    if (state_ == state::over || wish_.what != need::done) return;
    if (parser_.failed()) {
        return interrupted(blame::provider,
                           "the server does not speak SMTP: " + std::string(parser_.problem()));
    }
    if (state_ == state::hush) return out_of_turn();
    await_reply(replies_ == before);
}

void session::take(const reply& said) {
    ++replies_;
    switch (state_) {
        case state::greeting: return take_greeting(said);
        case state::hello: return take_hello(said);
        case state::helo: return take_helo(said);
        case state::starttls: return take_starttls(said);
        case state::login: return take_login(said);
        case state::group: return take_group(said);
        case state::content:
        case state::hush: return take_early(said);
        case state::message: return take_message(said);
        case state::lone_dot:
            if (said.closing()) return closed_by(said);
            return conclude();
        case state::reset: return said.positive() ? after_transaction() : end(false);
        default: return out_of_turn();
    }
}

void session::out_of_turn() {
    reply early;
    if (parser_.next(early) && early.closing()) return closed_by(early);
    interrupted(blame::provider, "the server spoke before it was asked");
}

std::chrono::seconds session::patience() const {
    switch (state_) {
        // Somebody watches a test; 300 seconds of silence are no answer to them.
        case state::greeting:
            return watcher_ == nullptr ? how_.greeting_timeout
                                       : std::min(how_.greeting_timeout, watched_greeting);
        case state::message: return how_.final_timeout;
        case state::group:
            if (answered_ == content_at()) return chunked_ ? how_.final_timeout : how_.data_timeout;
            return how_.command_timeout;
        default: return how_.command_timeout;
    }
}

phase session::current() const {
    switch (facing()) {
        case state::greeting: return phase::greeting;
        case state::hello:
        case state::helo: return phase::hello;
        case state::starttls:
        case state::securing: return phase::starttls;
        case state::login:
        case state::digesting:
        case state::lending: return phase::login;
        case state::group:
            if (answered_ == 0) return phase::sender;
            if (answered_ < content_at()) return phase::recipient;
            return chunked_ ? phase::message : phase::data;
        default: return phase::message;
    }
}

bool session::used_up() const noexcept {
    const uint32_t most = how_.max_mails;
    return (most != 0 && mails_done_ >= most) || (offer_.mails != 0 && mails_done_ >= offer_.mails);
}

// ---- the end --------------------------------------------------------------------------------

void session::end(bool clean) {
    clean_ = clean && !broken_ && !parser_.pending() && !parser_.failed();
    state_ = state::over;
    wish_ = action();
}

// The session cannot carry mail, and says why.
void session::give_up(phase at, ruling why) {
    note_failed(at, why);
    const bool closing = why.code == 421;
    results_.decide_open(why);
    failure_ = std::move(why);
    logged_in_ = false;
    end(!closing && at != phase::starttls);
}

void session::closed_by(const reply& said) {
    if (left_unheard()) return;
    // The first words of a parked stream: the server had ended it before our mail came.
    if (parked_ && replies_ <= 1) {
        stale_ = true;
        return end(false);
    }
    ruling why = judge(current(), said);
    why.verdict = verdict::deferred;
    give_up(current(), std::move(why));
    clean_ = false;
}

void session::lost(std::string_view why) {
    if (state_ == state::over) return;
    // What made the write fail says more than the end that followed.
    interrupted(blame::network, broken_ ? std::string_view(broken_why_) : why);
}

void session::stopped(blame who, std::string_view why) {
    if (state_ == state::over) return;
    parked_ = unheard_ = false;
    interrupted(who, why);
}

void session::interrupted(blame who, std::string_view why) {
    const phase at = current();
    const bool all_ruled = mail_ != nullptr && results_.open() == 0;
    if (state_ == state::reset || state_ == state::over || all_ruled) return end(false);
    if (left_unheard()) return;
    if (parked_ && replies_ == 0 && !handed_over_) {
        stale_ = true;
        return end(false);
    }
    std::string text(why);
    text.append(" (waiting for ").append(words_of(at)).append(")");
    ruling unsent = lost_ruling(who, text);
    // A server that waits for our TLS says nothing.
    if (at == phase::greeting && !secured_ && !how_.lmtp) unsent.advice = silent_advice;
    note_failed(at, unsent);
    failure_ = unsent;
    if (handed_over_ && !delivered_) {
        const ruling unheard =
            lost_ruling(who, "the message was handed over, and then: " + text, verdict::unknown);
        rule_missing(unheard);
    }
    results_.decide_open(unsent);
    end(false);
}

// ---- the stages of a test -------------------------------------------------------------------

void session::note_started(phase at, std::string_view title) {
    noted_ = stage_of(at);
    if (watcher_ != nullptr) watcher_->started(noted_, title);
}
void session::note_passed(phase at, std::string_view text) const {
    if (watcher_ != nullptr) watcher_->passed(stage_of(at), text);
}
// In words only where somebody reads them.
void session::note_passed(phase at, const reply& said) const {
    if (watcher_ != nullptr) watcher_->passed(stage_of(at), in_words(said));
}
// What fails before its time has come is given its title first.
void session::note_failed(phase at, const ruling& why) {
    if (watcher_ == nullptr) return;
    if (noted_ != stage_of(at)) note_started(at, title_of(at));
    watcher_->failed(stage_of(at), why);
}

}  // namespace smtp
