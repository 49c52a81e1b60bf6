// One SMTP or LMTP session as a state machine without I/O: events go in, next() says what to do.
// Whoever drives it (the provider, the fuzzer, the model test) obeys the action and reports back.
//
//     session machine(settings, &mail, results, {});
//     for (action wish = machine.next(); wish.what != need::done; wish = machine.next()) ...
//
// Promises: every recipient is ruled at most once, and by the answer that was meant for it; the
// message is offered for take-over (`commits`) once per transaction and only when a recipient may
// get it; `unknown` is ruled only where all of that write was handed over and its answer is
// missing; bytes that come before they are asked for end the session, and right before the write
// that commits it is looked whether there are any; secrets are written as secrets, and only where
// the settings allow.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extensions.hpp"
#include "payload.hpp"
#include "reply.hpp"
#include "results.hpp"
#include "sasl.hpp"
#include "settings.hpp"
#include "verdict.hpp"

namespace smtp {

enum class need : uint8_t { write, read, start_tls, digest, token, open_body, done };
enum class body_form : uint8_t { none, plain, stuffed };

struct action {
    need what = need::done;
    std::string bytes;                       // write: first; digest: the text
    body_form body = body_form::none;        // write: between; open_body: which
    uint64_t body_from = 0, body_bytes = 0;  // write: that window of it; 0 bytes: all
    std::string_view after{};                // write: last
    bool secret = false, commits = false;
    bool fresh = false;              // token: the server refused the last one
    uint32_t body_flags = 0;         // open_body: GATEPOST_BODY_*
    std::chrono::seconds timeout{};  // read; 0: what is there already, and nothing is quiet()
    bool more = false;  // read: of the same answer, whose time began with the read before
};

// Sees the stages of a test as they happen.
class journal {
  public:
    virtual ~journal() = default;
    virtual void started(std::string_view id, std::string_view title) = 0;
    virtual void passed(std::string_view id, std::string_view text) = 0;
    virtual void failed(std::string_view id, const ruling& why) = 0;
    virtual void skipped(std::string_view id, std::string_view text) = 0;
};

// How a session begins: on a fresh stream, or on one that was parked.
struct beginning {
    bool secured = false;      // TLS stands already
    bool without_tls = false;  // STARTTLS failed on an earlier stream, and may be left out
    // Renewed on an earlier stream of the same call: no other is asked for.
    std::string_view token{};
    std::optional<parked_notes> parked{};
    journal* watcher = nullptr;
};

class session {
  public:
    // Without a mail: to the login and no further.
    session(const options& how, const envelope* mail, results& into, beginning from);
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    action next();

    void written();  // all bytes of the write were handed over
    void write_failed(std::string_view why);
    void received(std::string_view bytes);
    void quiet();  // nothing was there
    // Nothing more will come: the end, a reset, or nothing within the time.
    void lost(std::string_view why);
    void secured();
    void not_secured(uint32_t failed_at, gatepost::sdk::service_status status,
                     std::string_view why);
    void digested(std::string_view raw);
    void not_digested(std::string_view why);
    void lent(std::string_view token);
    void not_lent(ruling why);
    void opened(uint64_t length);
    // permanent: it will never be possible in this form.
    void not_opened(bool permanent, std::string_view why);
    // The call is over before the session is: what is known is ruled.
    void stopped(gatepost::sdk::blame who, std::string_view why);

    // After the end. The stream may serve another mail, with these notes.
    bool reusable() const noexcept { return clean_ && logged_in_ && !used_up(); }
    // QUIT may be said.
    bool polite() const noexcept { return clean_; }
    parked_notes notes() const { return {offer_, mails_done_}; }
    // A parked stream that had died unseen: nothing was ruled, and it counts for nothing.
    bool stale() const noexcept { return stale_; }
    // Opportunistic TLS failed; a session without it may be tried on a new stream.
    bool wants_clear() const noexcept { return wants_clear_; }
    // The server left before it heard the renewed token, which may be tried on a new stream.
    bool wants_login() const noexcept { return wants_login_; }
    // The session itself failed (not a recipient); for tests without a mail.
    const std::optional<ruling>& failure() const noexcept { return failure_; }

  private:
    enum class state : uint8_t {
        greeting,
        hello,
        helo,
        starttls,
        securing,
        login,
        digesting,
        lending,
        opening,
        measuring,
        group,
        content,  // the message without its end, which commits nothing yet
        hush,     // before a write that commits: does anybody speak?
        message,
        lone_dot,
        reset,
        over
    };

    // session.cpp: the frame
    void say(std::string bytes, state then);
    void say(action write, state then);
    void say_in_silence(action write, state then);
    void look_around();
    void await_reply(bool more = false);
    void read_on();
    void take(const reply& said);
    void out_of_turn();
    state facing() const noexcept { return state_ == state::hush ? held_then_ : state_; }
    void give_up(phase at, ruling why);
    void end(bool clean);
    void interrupted(gatepost::sdk::blame who, std::string_view why);
    std::chrono::seconds patience() const;
    phase current() const;
    bool used_up() const noexcept;
    void note_started(phase at, std::string_view title);
    void note_passed(phase at, std::string_view text) const;
    void note_passed(phase at, const reply& said) const;
    void note_failed(phase at, const ruling& why);

    // session_login.cpp: up to the first MAIL
    void take_greeting(const reply& said);
    void say_hello();
    void take_hello(const reply& said);
    void take_helo(const reply& said);
    bool wants_tls() const noexcept;
    void after_hello();
    void take_starttls(const reply& said);
    void authenticate();
    void ask_token(bool fresh);
    void say_login();
    void take_login(const reply& said);
    bool left_unheard();
    void logged_in();

    // session_mail.cpp: transactions
    void begin_transaction();
    void pick();
    bool pick_one(std::size_t position, std::vector<std::string_view>& domains);
    void open_body(body_form form, state then);
    bool too_large(uint64_t length);
    void send_group();
    void add_content(action& to) const;
    void take_group(const reply& said);
    void take_recipient(std::size_t position, const reply& said);
    void take_content(const reply& said);
    void group_done();
    void send_message();
    void send_chunk();
    void send_before_the_end(action all_but_the_end, action the_end);
    void take_message(const reply& said);
    void take_early(const reply& said);
    void conclude();
    void after_transaction();
    void closed_by(const reply& said);
    void rule_missing(const ruling& unheard);
    std::size_t content_at() const noexcept { return picked_.size() + 1; }

    const options& how_;
    const envelope* mail_;
    results& results_;
    journal* watcher_;
    std::string_view noted_;  // the stage that was started last

    state state_ = state::greeting;
    action wish_;
    action held_;  // the write that waits for silence
    state held_then_ = state::over;
    reply_parser parser_;
    offered offer_;
    uint32_t mails_done_ = 0;
    std::optional<sasl_exchange> exchange_;
    mechanism mechanism_ = mechanism::none;
    credentials lent_;  // how_.login with the host's token
    std::optional<ruling> refusal_of_token_;
    bool renewed_ = false;  // no token after this one
    bool unheard_ = false;  // it was renewed on this stream, and AUTH with it has no answer yet
    std::optional<ruling> failure_;
    bool secured_ = false, without_tls_ = false, parked_ = false;
    std::size_t replies_ = 0;
    bool broken_ = false;  // a write failed; only last words are read
    std::string broken_why_;
    bool committing_ = false;  // the write under way commits
    bool logged_in_ = false;   // or nobody asked for it
    bool clean_ = false, stale_ = false, wants_clear_ = false, wants_login_ = false;

    // the body
    body_form form_ = body_form::none;  // that is open
    uint64_t length_ = 0;
    // the transaction
    bool utf8_ = false, chunked_ = false;
    std::vector<uint32_t> picked_, accepted_, too_many_;  // positions in mail_->to
    std::size_t said_ = 0, answered_ = 0;  // commands: 0 MAIL, then RCPT, then DATA or BDAT
    std::size_t lmtp_answers_ = 0;
    bool mail_ok_ = false;                    // the server has begun it
    bool started_ = false;                    // 354
    bool handed_over_ = false;                // all of the committing write
    bool delivered_ = false;                  // a positive final answer
    std::optional<ruling> refusal_;           // of MAIL, DATA or the message
    std::optional<ruling> refused_too_many_;  // the first 452 4.5.3
};

}  // namespace smtp
