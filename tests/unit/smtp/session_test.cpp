// The session step by step: what it writes, how long it waits, what it rules.
#include "session.hpp"

#include "model.hpp"
#include "support/catch.hpp"

using namespace smtp;

namespace {

constexpr uint64_t large = 100'000;

// A fresh session in clear, fed by hand.
struct by_hand {
    explicit by_hand(int recipients, bool lmtp = false)
        : mail(smtp_model::usual_envelope(recipients)), into(mail) {
        how.host = "h";
        how.hello_name = "gate.example.org";
        how.security = security::none;
        how.lmtp = lmtp;
        machine.emplace(how, &mail, into, beginning());
    }
    // The bytes of the next write.
    std::string write() {
        action wish = machine->next();
        if (wish.what == need::open_body) {
            machine->opened(size);
            wish = machine->next();
        }
        if (wish.what == need::read && wish.timeout.count() == 0) {
            machine->quiet();
            wish = machine->next();
        }
        last = wish;
        REQUIRE(wish.what == need::write);
        commits = wish.commits;
        const std::string bytes = wish.bytes;
        machine->written();
        return bytes;
    }
    // The write that waits until it was looked whether anybody speaks.
    action in_silence() {
        const action look = machine->next();
        REQUIRE(look.what == need::read);
        REQUIRE(look.timeout.count() == 0);
        machine->quiet();
        return machine->next();
    }
    // To the 354, with PIPELINING.
    void to_data() { to_message("250 PIPELINING\r\n", "354 go\r\n"); }
    // To where a large message goes by BDAT.
    void to_bdat() {
        size = large;
        to_message("250-PIPELINING\r\n250 CHUNKING\r\n", "");
    }
    void to_message(const std::string& offers, const std::string& last_answer) {
        read("220 mx\r\n");
        write();
        read("250-mx\r\n" + offers);
        write();
        std::string answers;
        for (std::size_t i = 0; i <= mail.to.size(); ++i)
            answers += "250 ok\r\n";
        read(answers + last_answer);
    }
    std::chrono::seconds read(std::string_view answer) {
        const action wish = machine->next();
        REQUIRE(wish.what == need::read);
        machine->received(answer);
        return wish.timeout;
    }
    options how;
    envelope mail;
    results into;
    std::optional<session> machine;
    bool commits = false;
    action last;
    uint64_t size = 50;
};

}  // namespace

TEST_CASE("each answer is waited for as long as RFC 5321 says") {
    by_hand run(1);
    CHECK(run.read("220 mx\r\n").count() == 300);
    run.write();
    CHECK(run.read("250-mx\r\n250 PIPELINING\r\n").count() == 300);
    run.write();
    CHECK(run.read("250 ok\r\n").count() == 300);
    CHECK(run.read("250 ok\r\n").count() == 300);
    CHECK(run.read("354 go\r\n").count() == 120);
    run.write();
    CHECK(run.commits);
    CHECK(run.read("250 ok\r\n").count() == 600);
    CHECK(run.machine->next().what == need::done);
    CHECK(run.machine->reusable());
}

TEST_CASE("without PIPELINING every command waits for its answer") {
    by_hand run(2);
    run.read("220 mx\r\n");
    CHECK(run.write() == "EHLO gate.example.org\r\n");
    run.read("250 mx\r\n");
    CHECK(run.write() == "MAIL FROM:<s@example.org>\r\n");
    run.read("250 ok\r\n");
    CHECK(run.write() == "RCPT TO:<a@example.org>\r\n");
    run.read("550 5.1.1 no\r\n");
    CHECK(run.write() == "RCPT TO:<b@example.net>\r\n");
    run.read("550 5.1.1 no\r\n");
    CHECK(run.write() == "RSET\r\n");  // DATA for nobody is not even asked
    run.read("250 ok\r\n");
    CHECK(run.machine->next().what == need::done);
    CHECK(run.machine->reusable());
}

TEST_CASE("what is said about the sender holds for all, and needs no RSET") {
    by_hand run(2);
    run.read("220 mx\r\n");
    run.write();
    run.read("250-mx\r\n250 PIPELINING\r\n");
    run.write();
    run.read("550 5.7.1 not you\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n");
    CHECK(run.machine->next().what == need::done);
    REQUIRE(run.into.open() == 0);
    CHECK(run.into.at(1)->blame == gatepost::sdk::blame::sender);
    CHECK(run.machine->reusable());
}

TEST_CASE("a refused message is followed by RSET, and the stream lives on") {
    by_hand run(1);
    run.read("220 mx\r\n");
    run.write();
    run.read("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    CHECK(run.write().ends_with("BDAT 50 LAST\r\n"));
    CHECK(run.commits);
    run.read("250 ok\r\n250 ok\r\n554 5.7.1 spam\r\n");
    CHECK(run.write() == "RSET\r\n");
    CHECK_FALSE(run.commits);
    run.read("250 ok\r\n");
    CHECK(run.machine->next().what == need::done);
    CHECK(run.into.at(0)->verdict == gatepost::sdk::verdict::rejected);
    CHECK(run.machine->reusable());
}

TEST_CASE("early last words are heard behind a write that failed") {
    by_hand run(1);
    run.read("220 mx\r\n");
    run.write();
    run.read("250 mx\r\n");
    for (int i = 0; i < 3; ++i) {
        run.write();
        run.read(i == 2 ? "354 go\r\n" : "250 ok\r\n");
    }
    CHECK(run.in_silence().commits);
    run.machine->write_failed("reset by peer");
    CHECK(run.read("552 5.3.4 too big\r\n").count() == 1);
    CHECK(run.machine->next().what == need::done);
    CHECK(run.into.at(0)->code == 552);
    CHECK_FALSE(run.machine->polite());
}

TEST_CASE("a write that failed says why, and the mail is certainly not taken over") {
    for (const uint64_t size : {uint64_t{50}, large}) {
        by_hand run(1);
        run.size = size;
        run.to_data();
        if (size == large)
            CHECK_FALSE(run.machine->next().commits);
        else
            CHECK(run.in_silence().commits);
        run.machine->write_failed("h:25: did not take what was sent in time");
        CHECK(run.machine->next().timeout.count() == 1);
        run.machine->lost("h:25: closed");
        CHECK(run.into.at(0)->verdict == gatepost::sdk::verdict::deferred);
        CHECK(run.into.at(0)->text ==
              "h:25: did not take what was sent in time (waiting for the answer to the message)");
    }
}

TEST_CASE("a server that takes a message which was not sent whole is not believed") {
    by_hand run(1);
    run.read("220 mx\r\n");
    run.write();
    run.read("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    CHECK(run.machine->next().what == need::open_body);
    run.machine->opened(50);
    CHECK(run.in_silence().commits);
    run.machine->write_failed("reset by peer");
    run.read("250 ok\r\n250 ok\r\n250 queued\r\n");
    CHECK(run.into.at(0)->verdict == gatepost::sdk::verdict::deferred);
}

TEST_CASE("a large message goes without its end, and the dot commits it when nobody speaks") {
    by_hand run(1);
    run.size = large;
    run.to_data();
    run.write();
    CHECK(run.last.body == body_form::stuffed);
    CHECK(run.last.after.empty());
    CHECK_FALSE(run.commits);
    const action dot = run.in_silence();
    CHECK(dot.what == need::write);
    CHECK(dot.body == body_form::none);
    CHECK(dot.after == ".\r\n");
    CHECK(dot.commits);
    run.machine->written();
    run.read("250 ok\r\n");
    CHECK(run.into.at(0)->verdict == gatepost::sdk::verdict::accepted);
    CHECK(run.machine->reusable());
}

TEST_CASE("a large message by BDAT goes without its last octet, which commits it in silence") {
    by_hand run(1);
    run.to_bdat();
    CHECK(run.write() == "BDAT 100000 LAST\r\n");
    CHECK(run.last.body == body_form::plain);
    CHECK(run.last.body_from == 0);
    CHECK(run.last.body_bytes == large - 1);
    CHECK_FALSE(run.commits);
    const action end = run.in_silence();
    CHECK(end.what == need::write);
    CHECK(end.bytes.empty());
    CHECK(end.body == body_form::plain);
    CHECK(end.body_from == large - 1);
    CHECK(end.body_bytes == 1);
    CHECK(end.commits);
    run.machine->written();
    run.read("250 ok\r\n");
    CHECK(run.into.at(0)->verdict == gatepost::sdk::verdict::accepted);
    CHECK(run.machine->reusable());
}

TEST_CASE("what was said before the end of a message is not the answer to it") {
    using gatepost::sdk::blame;
    using gatepost::sdk::verdict;
    struct row {
        const char* said;
        verdict what;
        blame who;
        int code;
    };
    const row rows[] = {
        {"250 2.0.0 Ok: queued as EARLY\r\n", verdict::deferred, blame::provider, 0},
        {"354 go\r\n", verdict::deferred, blame::provider, 0},
        {"250-and more\r\n", verdict::deferred, blame::provider, 0},
        {"2", verdict::deferred, blame::provider, 0},
        {"garbage\r\n", verdict::deferred, blame::provider, 0},
        {"421 4.3.2 going down\r\n", verdict::deferred, blame::provider, 421},
        {"451 4.3.0 later\r\n", verdict::deferred, blame::provider, 451},
        {"552 5.3.4 too big\r\n250 2.0.0 Ok: queued\r\n", verdict::rejected, blame::message, 552},
    };
    enum class way : uint8_t { small, large, chunk };
    for (const way by : {way::small, way::large, way::chunk}) {
        for (const row& each : rows) {
            INFO(static_cast<int>(by) << " " << each.said);
            by_hand run(2);
            if (by == way::large) run.size = large;
            if (by == way::chunk)
                run.to_bdat();
            else
                run.to_data();
            if (by != way::small) run.write();
            CHECK(run.read(each.said).count() == 0);
            CHECK(run.machine->next().what == need::done);
            for (const std::size_t at : {0U, 1U}) {
                REQUIRE(run.into.at(at));
                CHECK(run.into.at(at)->verdict == each.what);
                CHECK(run.into.at(at)->blame == each.who);
                CHECK(run.into.at(at)->code == each.code);
            }
            // Half a message stands there: not even RSET or QUIT may be said behind it.
            CHECK_FALSE(run.machine->polite());
            CHECK_FALSE(run.machine->reusable());
        }
    }
}

TEST_CASE("a peer that leaves before the end of a message did not get it") {
    for (const bool chunked : {false, true}) {
        by_hand run(1);
        run.size = large;
        if (chunked)
            run.to_bdat();
        else
            run.to_data();
        run.write();
        REQUIRE(run.machine->next().timeout.count() == 0);
        run.machine->lost("the server closed the connection");
        CHECK(run.into.at(0)->verdict == gatepost::sdk::verdict::deferred);
        CHECK(run.into.at(0)->blame == gatepost::sdk::blame::network);
    }
}

TEST_CASE("BDAT waits for silence too, where answers may lie about") {
    by_hand run(1);
    run.read("220 mx\r\n");
    run.write();
    run.read("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    REQUIRE(run.machine->next().what == need::open_body);
    run.machine->opened(50);
    run.read("250 ok\r\n250 ok\r\n250 queued\r\n");
    CHECK(run.machine->next().what == need::done);
    CHECK(run.into.at(0)->verdict == gatepost::sdk::verdict::deferred);
    CHECK(run.into.at(0)->blame == gatepost::sdk::blame::provider);
}

TEST_CASE("3yz to a message is neither yes nor no") {
    for (const bool lmtp : {false, true}) {
        by_hand run(2, lmtp);
        run.to_data();
        run.write();
        run.read("354 go\r\n");
        CHECK(run.machine->next().what == need::done);
        for (const std::size_t at : {0U, 1U}) {
            REQUIRE(run.into.at(at));
            CHECK(run.into.at(at)->verdict == gatepost::sdk::verdict::unknown);
            CHECK(run.into.at(at)->blame == gatepost::sdk::blame::provider);
        }
        CHECK_FALSE(run.machine->polite());
    }
}

TEST_CASE("a server that asks on after a cancelled login is left") {
    by_hand run(1);
    run.how.plaintext_auth = true;
    run.how.login.username = "u";
    run.how.login.password = "p";
    run.read("220 mx\r\n");
    run.write();
    run.read("250-mx\r\n250 AUTH LOGIN\r\n");
    CHECK(run.write() == "AUTH LOGIN\r\n");
    for (const std::string_view said : {"dQ==\r\n", "cA==\r\n", "*\r\n"}) {
        run.read("334 again\r\n");
        CHECK(run.write() == said);
    }
    run.read("334 again\r\n");
    CHECK(run.machine->next().what == need::done);
    CHECK(run.into.at(0)->verdict == gatepost::sdk::verdict::deferred);
    CHECK(run.into.at(0)->blame == gatepost::sdk::blame::provider);
}

TEST_CASE("the time for an answer is for all of it") {
    by_hand run(1);
    bool begun = false;
    for (const std::string_view piece : {"2", "20-", "\r\n2", "20 mx\r", "\n"}) {
        const action wish = run.machine->next();
        REQUIRE(wish.what == need::read);
        CHECK(wish.more == begun);
        begun = true;
        run.machine->received(piece);
    }
    run.write();
    CHECK_FALSE(run.machine->next().more);
    run.machine->received("250-mx\r\n");
    CHECK(run.machine->next().more);
    run.machine->received("250 PIPELINING\r\n");
    run.write();
    run.read("250 ok\r\n250 o");  // to MAIL, and a part of the next
    CHECK_FALSE(run.machine->next().more);
    run.machine->received("k\r");
    CHECK(run.machine->next().more);
}

TEST_CASE("a call that ends says what it waited for, and what is known") {
    using gatepost::sdk::blame;
    using gatepost::sdk::verdict;
    const auto text_of = [](by_hand& run, verdict what) {
        run.machine->stopped(blame::network, "no answer before the deadline");
        CHECK(run.machine->next().what == need::done);
        REQUIRE(run.into.at(0));
        CHECK(run.into.at(0)->verdict == what);
        CHECK(run.into.at(0)->blame == blame::network);
        return run.into.at(0)->text;
    };
    by_hand greeting(1);
    CHECK(text_of(greeting, verdict::deferred) ==
          "no answer before the deadline (waiting for the greeting)");
    by_hand hello(1);
    hello.read("220 mx\r\n");
    hello.write();
    CHECK(text_of(hello, verdict::deferred) ==
          "no answer before the deadline (waiting for the answer to EHLO)");
    by_hand message(1);
    message.to_data();
    message.write();
    CHECK(text_of(message, verdict::unknown) ==
          "the message was handed over, and then: no answer before the deadline (waiting for the "
          "answer to the message)");
}

TEST_CASE("LMTP: answers that are missing are unknown, those that came stand") {
    by_hand run(3, true);
    run.read("220 lmtp\r\n");
    CHECK(run.write() == "LHLO gate.example.org\r\n");
    run.read("250-lmtp\r\n250 PIPELINING\r\n");
    run.write();
    run.read("250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
    run.write();
    run.read("250 2.1.5 delivered\r\n");
    CHECK(run.machine->next().what == need::read);
    run.machine->lost("the end");
    using gatepost::sdk::verdict;
    CHECK(run.into.at(0)->verdict == verdict::accepted);
    CHECK(run.into.at(1)->verdict == verdict::unknown);
    CHECK(run.into.at(2)->verdict == verdict::unknown);
}

TEST_CASE("while somebody watches, the greeting is waited for 15 seconds and no longer") {
    struct : journal {
        void started(std::string_view, std::string_view) override {}
        void passed(std::string_view, std::string_view) override {}
        void failed(std::string_view, const ruling&) override {}
        void skipped(std::string_view, std::string_view) override {}
    } somebody;
    options how;
    const envelope mail;
    results into(mail);
    beginning watched;
    watched.watcher = &somebody;
    CHECK(session(how, nullptr, into, watched).next().timeout.count() == 15);
    CHECK(session(how, nullptr, into, {}).next().timeout.count() == 300);
    how.greeting_timeout = std::chrono::seconds(5);
    CHECK(session(how, nullptr, into, watched).next().timeout.count() == 5);
}
