// The session against servers without sense: whatever they say, its promises hold.
#include "session.hpp"

#include <random>

#include "model.hpp"
#include "support/catch.hpp"

using namespace smtp;

namespace {

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
            machine->opened(50);
            wish = machine->next();
        }
        REQUIRE(wish.what == need::write);
        commits = wish.commits;
        const std::string bytes = wish.bytes;
        machine->written();
        return bytes;
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
};

}  // namespace

TEST_CASE("a hundred thousand senseless servers break no promise of the session") {
    std::mt19937 random(20261122);
    int accepted = 0, unknown = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::string bytes(8 + random() % 60, '\0');
        for (char& letter : bytes)
            letter = static_cast<char>(static_cast<unsigned char>(random()));
        const auto found = smtp_model::run_model(bytes);
        INFO("round " << round);
        REQUIRE(found.problem == "");
        accepted += found.accepted ? 1 : 0;
        unknown += found.unknown ? 1 : 0;
    }
    // The walk reaches what matters.
    CHECK(accepted > 5'000);
    CHECK(unknown > 500);
}

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
    const action wish = run.machine->next();
    CHECK(wish.commits);
    run.machine->write_failed("reset by peer");
    CHECK(run.read("552 5.3.4 too big\r\n").count() == 1);
    CHECK(run.machine->next().what == need::done);
    CHECK(run.into.at(0)->code == 552);
    CHECK_FALSE(run.machine->polite());
}

TEST_CASE("a server that takes a message which was not sent whole is not believed") {
    by_hand run(1);
    run.read("220 mx\r\n");
    run.write();
    run.read("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    CHECK(run.machine->next().what == need::open_body);
    run.machine->opened(50);
    CHECK(run.machine->next().commits);
    run.machine->write_failed("reset by peer");
    run.read("250 ok\r\n250 ok\r\n250 queued\r\n");
    CHECK(run.into.at(0)->verdict == gatepost::sdk::verdict::deferred);
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
