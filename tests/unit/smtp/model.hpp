// A server without sense: answers with a given stream of random choices, breaks off anywhere, and
// remembers what a truthful referee needs. For the model test and the fuzz target.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "session.hpp"

namespace smtp_model {

// Choices from bytes; zeros when they are used up. Or by a plan, which says what is chosen at each
// turn, zeros behind its end, and hears how many could have been: so every run can be had.
class choices {
  public:
    explicit choices(std::string_view bytes) : bytes_(bytes) {}
    choices(const std::vector<uint32_t>& plan, std::vector<uint32_t>& heard)
        : plan_(&plan), heard_(&heard) {}
    bool empty() const { return plan_ == nullptr && bytes_.empty(); }
    uint32_t below(uint32_t most) {
        if (plan_ != nullptr) {
            heard_->push_back(most);
            return heard_->size() <= plan_->size() ? (*plan_)[heard_->size() - 1] : 0;
        }
        if (bytes_.empty()) return 0;
        const auto first = static_cast<unsigned char>(bytes_[0]);
        bytes_.remove_prefix(1);
        return first % most;
    }
    // 0 nearly always; once in `turns` one of 1 to `kinds`. A plan has all of them.
    uint32_t surprise(uint32_t turns, uint32_t kinds = 1) {
        if (plan_ != nullptr) return below(kinds + 1);
        if (below(turns) != turns - 1) return 0;
        return kinds == 1 ? 1 : 1 + below(kinds);
    }

  private:
    std::string_view bytes_;
    const std::vector<uint32_t>* plan_ = nullptr;
    std::vector<uint32_t>* heard_ = nullptr;
};

inline constexpr const char* odd_answers[] = {
    "250 2.0.0 ok\r\n",
    "250 2.0.0 ok\r\n",
    "250 2.0.0 ok\r\n",
    "354 go ahead\r\n",
    "354 go ahead\r\n",
    "250 Ok: queued as X\r\n",
    "550 5.1.1 no\r\n",
    "451 4.3.0 later\r\n",
    "452 4.5.3 too many\r\n",
    "421 4.3.2 closing\r\n",
    "503 5.5.1 sequence\r\n",
    "220 mx\r\n",
    "334 YQ==\r\n",
    "535 5.7.8 no\r\n",
    "250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n",
    "250-mx\r\n250-PIPELINING\r\n250-LIMITS RCPTMAX=2 MAILMAX=3\r\n250 SIZE 100\r\n",
    "250-mx\r\n250-STARTTLS\r\n250-PIPELINING\r\n250 CHUNKING\r\n",
    "garbage\r\n",
    "25\r\n",
    "250-never ends",
    "",
    "250 one\r\n250 two\r\n",
    "2",
    "235 2.7.0 in\r\n"};
inline constexpr uint32_t odd_count = static_cast<uint32_t>(std::size(odd_answers));

struct verdict_of_run {
    bool accepted = false, unknown = false;
    std::string problem;  // empty: every promise was kept
    int steps = 0;
};

// Drives one session against the choices and checks what session.hpp promises.
class referee {
  public:
    referee(const smtp::options& how, const smtp::envelope& mail, choices from)
        : how_(how), mail_(mail), from_(from), into_(mail) {}

    verdict_of_run run() {
        smtp::beginning begin;
        begin.secured = how_.security == smtp::security::tls;
        if (from_.surprise(3) == 1) {
            greeted_ = true;
            begin.parked.emplace();
            begin.parked->what.pipelining = from_.below(2) == 1;
            begin.parked->what.chunking = from_.below(2) == 1;
            begin.parked->mails_done = 1;
        }
        smtp::session machine(how_, &mail_, into_, begin);
        for (; out_.steps < 5000; ++out_.steps) {
            const smtp::action wish = machine.next();
            if (wish.what == smtp::need::done) return judge(machine);
            obey(machine, wish);
            if (!out_.problem.empty()) return out_;
        }
        return fail("the session never ends");
    }

  private:
    verdict_of_run fail(const std::string& why) {
        out_.problem = why;
        return out_;
    }

    void obey(smtp::session& machine, const smtp::action& wish) {
        switch (wish.what) {
            case smtp::need::write: return take_write(machine, wish);
            case smtp::need::read: {
                const bool look = wish.timeout.count() == 0;
                if (look && wish.more) fail("a look that goes on");
                if (look && from_.surprise(16) == 0) {
                    looked_ = true;
                    return machine.quiet();
                }
                const std::string said = from_.empty() ? "" : answer();
                if (said.empty()) return machine.lost("the end");
                unanswered_ = false;
                return machine.received(said);
            }
            case smtp::need::start_tls:
                return from_.surprise(3) == 1
                           ? machine.not_secured(4, gatepost::sdk::service_status::connect, "no")
                           : machine.secured();
            case smtp::need::digest: return machine.digested("digest");
            case smtp::need::token: return lend(machine, wish);
            case smtp::need::open_body:
                return from_.surprise(8) == 1 ? machine.not_opened(true, "no")
                                              : machine.opened(length());
            case smtp::need::done: return;
        }
    }

    // Some are more than an offered SIZE, some large enough to go without their end.
    uint64_t length() {
        static constexpr uint64_t lengths[] = {50, 120, 70'000};
        return lengths[from_.below(3)];
    }

    void lend(smtp::session& machine, const smtp::action& wish) {
        if (!how_.login.lent) fail("a token that nobody promised");
        if (wish.fresh != asked_token_) fail("not one token and then a fresh one");
        if (renewed_) fail("a token renewed twice");
        asked_token_ = true;
        renewed_ = wish.fresh;
        if (from_.surprise(4) == 1) return machine.not_lent({});
        const bool same = wish.fresh && from_.surprise(4) == 1;
        machine.lent(wish.fresh && !same ? "fresh" : "token");
    }

    // Mostly what a server with sense would say to the commands that stand open.
    std::string answer() {
        if (const uint32_t odd = from_.surprise(8, odd_count); odd > 0) return odd_answers[odd - 1];
        if (!greeted_) {
            greeted_ = true;
            return "220 mx\r\n";
        }
        std::string out;
        for (const std::string& one : asked_)
            out += sensible(one);
        asked_.clear();
        return out.empty() ? odd_answers[from_.below(odd_count)] : out;
    }
    std::string sensible(const std::string& command) {
        static constexpr const char* to_recipient[] = {"250 2.1.5 ok\r\n", "250 2.1.5 ok\r\n",
                                                       "550 5.1.1 no\r\n", "452 4.5.3 too many\r\n",
                                                       "450 4.2.0 later\r\n"};
        static constexpr const char* offers[] = {
            "250-mx\r\n250-STARTTLS\r\n250-AUTH PLAIN XOAUTH2\r\n250 PIPELINING\r\n",
            "250-mx\r\n250-CHUNKING\r\n250-AUTH LOGIN\r\n250 PIPELINING\r\n",
            "250-mx\r\n250-STARTTLS\r\n250-LIMITS RCPTMAX=1 MAILMAX=2\r\n250 CHUNKING\r\n",
            "250-mx\r\n250-SIZE 100\r\n250 PIPELINING\r\n"};
        if (command.starts_with("EHLO") || command.starts_with("LHLO"))
            return offers[from_.below(4)];
        if (command.starts_with("RCPT")) return to_recipient[from_.below(5)];
        if (command.starts_with("AUTH"))
            return from_.surprise(4) == 1 ? "535 5.7.8 no\r\n" : "235 2.7.0 in\r\n";
        if (command == "DATA") return from_.surprise(6) == 1 ? "554 5.5.1 no\r\n" : "354 go\r\n";
        if (command == "STARTTLS") return "220 go\r\n";
        return from_.surprise(8) == 1 ? "554 5.7.1 no\r\n" : "250 2.0.0 ok\r\n";
    }

    void note_commands(std::string_view bytes) {
        while (!bytes.empty()) {
            const std::size_t end = std::min(bytes.find("\r\n"), bytes.size());
            asked_.emplace_back(bytes.substr(0, end));
            bytes.remove_prefix(std::min(bytes.size(), end + 2));
        }
    }

    void take_write(smtp::session& machine, const smtp::action& wish) {
        note_commands(wish.bytes);
        if (!wish.after.empty()) asked_.emplace_back(wish.after);
        const bool broken = from_.surprise(32) == 1;
        for (const char letter : wish.bytes) {
            if (letter == '\0') fail("a NUL in a command");
        }
        if (!wish.bytes.empty() && !wish.bytes.ends_with("\r\n")) fail("a command without an end");
        if (wish.bytes.starts_with("AUTH") != wish.secret && wish.bytes.starts_with("AUTH"))
            fail("a login in the open");
        if (wish.bytes.starts_with("AUTH") && ++logins_ > 1 && !renewed_)
            fail("a second login with the same token");
        if (logins_ > 2) fail("a third login");
        if (wish.bytes.starts_with("MAIL")) begun_ = true;
        if (wish.bytes == "RSET\r\n") {
            if (!begun_) fail("RSET without a transaction");
            begun_ = false;
        }
        const bool body = wish.body != smtp::body_form::none;
        if (wish.commits && !body && !content_said_) fail("commits without a message");
        if (body && !wish.commits && !wish.after.empty()) fail("a message without commits");
        if (wish.commits && into_.open() == 0) fail("a message for nobody");
        if (wish.commits && greeted_by_us_ && !looked_) fail("commits without a look around");
        content_said_ = body && !wish.commits;
        looked_ = false;
        greeted_by_us_ = true;
        if (broken) return machine.write_failed("reset");
        if (wish.commits) handed_over_ = unanswered_ = true;
        machine.written();
    }

    verdict_of_run judge(const smtp::session& machine) {
        const bool again = machine.stale() || machine.wants_clear() || machine.wants_login();
        if (machine.wants_login() && !renewed_) return fail("a login again without a new token");
        if (machine.stale() && into_.any()) return fail("a stale stream ruled somebody");
        // Some may be left for another session, but never all: else it would go on for ever.
        if (!again && !into_.any()) return fail("nobody was ruled");
        bool denied = false;
        for (std::size_t at = 0; at < mail_.to.size(); ++at) {
            if (!into_.at(at)) continue;
            using gatepost::sdk::verdict;
            const verdict what = into_.at(at)->verdict;
            out_.accepted = out_.accepted || what == verdict::accepted;
            out_.unknown = out_.unknown || what == verdict::unknown;
            if (what == verdict::accepted && !handed_over_) return fail("accepted, but not sent");
            if (what == verdict::unknown && !handed_over_) return fail("unknown, but not sent");
            denied = denied || what == verdict::deferred || what == verdict::rejected;
        }
        if (denied && unanswered_ && !out_.unknown) return fail("denied, but nobody answered");
        const auto said = into_.take();
        std::set<uint32_t> named;
        for (const auto& one : said.recipients) {
            if (!named.insert(one.index).second) return fail("two results for one recipient");
        }
        return out_;
    }

    const smtp::options& how_;
    const smtp::envelope& mail_;
    choices from_;
    smtp::results into_;
    verdict_of_run out_;
    std::vector<std::string> asked_;
    bool greeted_ = false, begun_ = false, handed_over_ = false, unanswered_ = false;
    bool asked_token_ = false, renewed_ = false;
    bool looked_ = false, content_said_ = false;
    bool greeted_by_us_ = false;  // the first write of a parked session was looked at by the host
    int logins_ = 0;
};

inline smtp::envelope usual_envelope(int recipients) {
    static const std::vector<std::string> addresses = {"a@example.org", "b@example.net",
                                                       "c@example.org", "d@example.com"};
    smtp::envelope mail;
    mail.from = mail.from_ascii = "s@example.org";
    for (int i = 0; i < recipients; ++i) {
        const std::string& address = addresses[static_cast<std::size_t>(i) % addresses.size()];
        mail.to.push_back({static_cast<uint32_t>(i), address, address, 0, ""});
    }
    return mail;
}

// Settings and envelope from the first choices, then one session.
inline verdict_of_run run_model(std::string_view bytes) {
    choices from(bytes);
    smtp::options how;
    how.host = "h";
    how.hello_name = "gate.example.org";
    how.security = static_cast<smtp::security>(from.below(4));
    how.lmtp = from.below(4) == 3;
    how.pipelining = from.below(4) != 3;
    how.chunking = from.below(4) != 3;
    how.plaintext_auth = from.below(2) == 1;
    how.max_mails = 1 + from.below(5);
    how.max_recipients = from.below(3);
    const uint32_t login = from.below(4);
    if (login != 0) how.login.username = "u";
    if (login == 2) how.login.token = "t";
    if (login == 1) how.login.password = "p";
    how.login.lent = login == 3;
    const smtp::envelope mail = usual_envelope(static_cast<int>(1 + from.below(4)));
    return referee(how, mail, from).run();
}

}  // namespace smtp_model
