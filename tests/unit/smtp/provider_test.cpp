// The provider through its table: streams taken, driven and parked; every way a mail can end.
#include <set>

#include "host.hpp"

using namespace smtp_test;

namespace {

plan chunking() {
    plan how;
    how.offers.push_back("CHUNKING");
    return how;
}

// Answers `line` (a beginning) with `text`, every time.
plan answering(plan how, const std::string& start, const std::string& text, bool close = false) {
    how.answer = [=](const std::string& line, bool& closing) {
        if (!line.starts_with(start)) return std::string();
        closing = close;
        return text;
    };
    return how;
}

const check::recipient_outcome* row(const check::outcome& said, uint32_t index) {
    for (const auto& one : said.recipients) {
        if (one.index == index) return &one;
    }
    return nullptr;
}

}  // namespace

TEST_CASE("a mail goes in two writes after the greeting, and the stream is parked for the next") {
    running run;
    REQUIRE(run.status == GATEPOST_OK);
    const check::outcome first = run.send();
    CHECK(first.verdict == GATEPOST_ACCEPTED);
    CHECK(first.text == "250 2.0.0 Ok: queued as A1B2C3");
    CHECK(first.provider_message_id == "A1B2C3");
    REQUIRE(run.saw->writes.size() == 3);
    CHECK(run.saw->writes[1].starts_with("MAIL FROM:<sender@example.org> SIZE="));
    CHECK(
        run.saw->writes[1].ends_with(" BODY=8BITMIME\r\nRCPT TO:<first@example.net>\r\nDATA\r\n"));
    CHECK(run.saw->writes[2].ends_with("\r\n..dot\r\n\r\n.\r\n"));
    CHECK(run.saw->flags == std::vector<uint32_t>{0, 0, GATEPOST_COMMITS});
    REQUIRE(run.saw->messages.size() == 1);
    CHECK(run.saw->messages[0] == check::whole_of(check::simple_message()));

    const size_t before = run.host->requests();
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    // take, open, write, read, look, write, read, park
    CHECK(run.host->requests() - before == 8);
    CHECK(run.saw->connections == 1);
    CHECK(run.saw->count("EHLO") == 1);
    CHECK(run.saw->count("RSET") == 0);
    CHECK(run.saw->messages.size() == 2);
}

TEST_CASE("with CHUNKING a mail on a parked stream is one write") {
    running run(chunking());
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    const size_t before = run.host->requests();
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    // take, open, write, read, park
    CHECK(run.host->requests() - before == 5);
    REQUIRE(run.saw->writes.size() == 3);
    CHECK(run.saw->flags.back() == GATEPOST_COMMITS);
    CHECK(run.saw->messages[1] == check::whole_of(check::simple_message()));
}

TEST_CASE("chunking = false and pipelining = false are heeded") {
    running run(chunking(),
                R"({"host":"h","security":"none","chunking":false,"pipelining":false})");
    CHECK(run.send(mail_to(2)).verdict == GATEPOST_ACCEPTED);
    CHECK(run.saw->count("BDAT") == 0);
    CHECK(run.saw->writes.size() == 6);  // EHLO MAIL RCPT RCPT DATA message
}

TEST_CASE("a large mail waits for the answers to RCPT before it goes, and its end for silence") {
    running run(chunking());
    check::message mail = check::simple_message();
    mail.parts[0].content = std::string(100'000, 'x');
    CHECK(run.send(mail).verdict == GATEPOST_ACCEPTED);
    REQUIRE(run.saw->writes.size() == 4);
    CHECK(run.saw->writes[2].starts_with("BDAT 100"));
    CHECK((run.saw->flags[2] & GATEPOST_COMMITS) == 0);
    CHECK(run.saw->writes[3].size() == 1);
    CHECK(run.saw->flags[3] == GATEPOST_COMMITS);
    CHECK(run.saw->messages[0] == check::whole_of(mail));
}

TEST_CASE("a message of 64 KiB goes in one write by BDAT, and one octet more in two") {
    for (const size_t size : {size_t{65'536}, size_t{65'537}}) {
        for (const char* pipelining : {"true", "false"}) {
            running run(chunking(), std::string(R"({"host":"h","security":"none","pipelining":)") +
                                        pipelining + "}");
            check::message mail = mail_to(2);
            mail.parts[0].content.clear();
            mail.parts[0].content = std::string(size - check::whole_of(mail).size(), 'x');
            REQUIRE(check::whole_of(mail).size() == size);
            CHECK(run.send(mail).verdict == GATEPOST_ACCEPTED);
            REQUIRE(run.saw->messages.size() == 1);
            CHECK(run.saw->messages[0] == check::whole_of(mail));
            CHECK(run.saw->flags.back() == GATEPOST_COMMITS);
            CHECK((run.saw->writes.back().size() == 1) == (size == 65'537));
        }
    }
}

TEST_CASE("a large message goes to whom the server takes, in as many transactions as it wants") {
    plan how = chunking();
    how.answer = [](const std::string& line, bool&) -> std::string {
        return line.starts_with("RCPT TO:<r1@") ? "550 5.1.1 no such user\r\n" : "";
    };
    running run(how, R"({"host":"h","security":"none","max_recipients":2})");
    check::message mail = mail_to(4);
    mail.parts[0].content = std::string(100'000, 'x');
    const check::outcome said = run.send(mail);
    CHECK(said.verdict == GATEPOST_ACCEPTED);
    REQUIRE(said.recipients.size() == 1);
    CHECK(row(said, 1)->verdict == GATEPOST_REJECTED);
    REQUIRE(run.saw->messages.size() == 2);
    CHECK(run.saw->messages[0] == check::whole_of(mail));
    CHECK(run.saw->messages[1] == check::whole_of(mail));
    CHECK(run.saw->count("RSET") == 0);
}

TEST_CASE("one refused recipient never stops the others") {
    for (const bool bdat : {false, true}) {
        plan how = bdat ? chunking() : plan();
        how.answer = [](const std::string& line, bool&) -> std::string {
            if (line.starts_with("RCPT TO:<r1@")) return "550 5.1.1 no such user\r\n";
            if (line.starts_with("RCPT TO:<r2@")) return "450 4.2.1 too quickly\r\n";
            return "";
        };
        running run(how);
        const check::outcome said = run.send(mail_to(4));
        CHECK(said.verdict == GATEPOST_ACCEPTED);
        REQUIRE(said.recipients.size() == 2);
        CHECK(row(said, 1)->verdict == GATEPOST_REJECTED);
        CHECK(row(said, 1)->blame == GATEPOST_BLAME_RECIPIENT);
        CHECK(row(said, 1)->code == 550);
        CHECK(row(said, 2)->verdict == GATEPOST_DEFERRED);
        CHECK(run.saw->messages.size() == 1);
        CHECK(run.saw->count("RSET") == 0);
    }
}

TEST_CASE("if nobody is accepted, nothing is sent, also where DATA was answered with 354") {
    plan how = answering({}, "RCPT", "550 5.1.1 no\r\n");
    running refused(how);
    CHECK(refused.send(mail_to(2)).verdict == GATEPOST_REJECTED);
    CHECK(refused.saw->count("RSET") == 1);

    how.answer = [](const std::string& line, bool&) -> std::string {
        if (line.starts_with("RCPT")) return "550 5.1.1 no\r\n";
        return line == "DATA" ? "354 go\r\n" : "";
    };
    running eager(how);
    CHECK(eager.send(mail_to(2)).verdict == GATEPOST_REJECTED);
    REQUIRE(eager.saw->writes.size() == 4);
    CHECK(eager.saw->writes[2] == ".\r\n");
    CHECK(eager.saw->flags[2] == 0);
    CHECK(eager.saw->writes[3] == "RSET\r\n");
    CHECK_FALSE(eager.record.commits_begun);
    CHECK(eager.send().verdict == GATEPOST_REJECTED);
    CHECK(eager.saw->connections == 1);
}

TEST_CASE("recipients beyond RCPTMAX or 452 4.5.3 follow in another transaction") {
    plan how = chunking();
    how.offers.push_back("LIMITS RCPTMAX=2");
    running stated(how);
    CHECK(stated.send(mail_to(5)).recipients.empty());
    CHECK(stated.saw->messages.size() == 3);
    CHECK(stated.saw->connections == 1);

    auto taken = std::make_shared<int>(0);
    how = plan();
    how.answer = [taken](const std::string& line, bool&) -> std::string {
        if (line.starts_with("MAIL")) *taken = 0;
        if (line.starts_with("RCPT") && ++*taken > 2) return "452 4.5.3 too many recipients\r\n";
        return "";
    };
    running found_out(how);
    const check::outcome said = found_out.send(mail_to(5));
    CHECK(said.verdict == GATEPOST_ACCEPTED);
    CHECK(said.recipients.empty());
    CHECK(found_out.saw->messages.size() == 3);
    CHECK(found_out.saw->count("RCPT") == 5 + 2 + 1);
}

TEST_CASE("MAILMAX and max_messages_per_connection end a session politely") {
    plan how;
    how.offers.push_back("LIMITS MAILMAX=1 RCPTMAX=2");
    running run(how);
    CHECK(run.send(mail_to(4)).verdict == GATEPOST_ACCEPTED);
    CHECK(run.saw->connections == 2);
    CHECK(run.saw->quits == 2);
    running two({}, R"({"host":"h","security":"none","max_messages_per_connection":2})");
    for (int i = 0; i < 4; ++i)
        CHECK(two.send().verdict == GATEPOST_ACCEPTED);
    CHECK(two.saw->connections == 2);
    CHECK(two.saw->quits == 2);
}

TEST_CASE("RCPTDOMAINMAX keeps domains apart") {
    plan how;
    how.offers.push_back("LIMITS RCPTDOMAINMAX=1");
    running run(how);
    check::message mail = mail_to(3);
    mail.recipients[1].who.address = "b@example.com";
    CHECK(run.send(mail).recipients.empty());
    CHECK(run.saw->messages.size() == 2);
}

TEST_CASE("a thousand recipients go in batches that are answered before the next") {
    running run(chunking());
    CHECK(run.send(mail_to(1000)).recipients.empty());
    CHECK(run.saw->messages.size() == 1);
    CHECK(run.saw->count("RCPT") == 1000);
    CHECK(run.saw->writes.size() == 1 + 10);
}

TEST_CASE("a parked stream that had died is retried on a new one, and nobody hears of it") {
    for (const std::string& how_it_died :
         {std::string("unseen"), std::string("421"), std::string("read")}) {
        for (const bool bdat : {false, true}) {
            running run(bdat ? chunking() : plan());
            CHECK(run.send().verdict == GATEPOST_ACCEPTED);
            bool bad = true;
            if (how_it_died == "unseen") {
                run.last->close();
            } else {
                // The old server says 421, or nothing, to the next MAIL.
                if (how_it_died == "read" && bdat) continue;  // that is unknown: see below
                const bool says = how_it_died == "421";
                running again(answering(bdat ? chunking() : plan(), "none", ""));
                plan dying = bdat ? chunking() : plan();
                auto mails = std::make_shared<int>(0);
                dying.answer = [mails, says](const std::string& line, bool& close) -> std::string {
                    if (!line.starts_with("MAIL") || ++*mails != 2) return "";
                    close = true;
                    return says ? "421 4.4.2 idle too long\r\n" : "-";
                };
                running second(dying);
                CHECK(second.send().verdict == GATEPOST_ACCEPTED);
                CHECK(second.send().verdict == GATEPOST_ACCEPTED);
                CHECK(second.saw->connections == 2);
                CHECK(second.saw->messages.size() == 2);
                bad = false;
            }
            if (bad) {
                CHECK(run.send().verdict == GATEPOST_ACCEPTED);
                CHECK(run.saw->connections == 2);
            }
        }
    }
}

TEST_CASE("a parked stream that takes the whole message and dies without a word is unknown") {
    plan how = chunking();
    auto mails = std::make_shared<int>(0);
    how.answer = [mails](const std::string& line, bool& close) -> std::string {
        if (!line.starts_with("MAIL") || ++*mails != 2) return "";
        close = true;
        return "-";
    };
    running run(how);
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    const check::outcome said = run.send();
    CHECK(said.verdict == GATEPOST_UNKNOWN);
    CHECK(said.blame == GATEPOST_BLAME_NETWORK);
    CHECK(run.saw->connections == 1);
}

TEST_CASE("no answer after the final dot is unknown, and never anything else") {
    for (const bool bdat : {false, true}) {
        for (const bool close : {false, true}) {
            running run(answering(bdat ? chunking() : plan(), "message", "-", close));
            const check::outcome said = run.send(mail_to(2));
            CHECK(said.verdict == GATEPOST_UNKNOWN);
            CHECK(said.blame == GATEPOST_BLAME_NETWORK);
            CHECK(said.recipients.empty());
        }
    }
    plan how;
    how.answer = [](const std::string& line, bool& close) -> std::string {
        if (line.starts_with("RCPT TO:<r0")) return "550 5.1.1 no\r\n";
        close = line == "message";
        return close ? "-" : "";
    };
    running partly(how);
    const check::outcome said = partly.send(mail_to(2));
    CHECK(said.verdict == GATEPOST_REJECTED);  // the message was never for r0
    CHECK(row(said, 1)->verdict == GATEPOST_UNKNOWN);
}

TEST_CASE("421 at any time defers in the server's words, and no QUIT is said to it") {
    for (const std::string& at :
         {std::string("greeting"), std::string("EHLO"), std::string("MAIL"), std::string("RCPT"),
          std::string("DATA"), std::string("message")}) {
        running run(answering({}, at, "421 4.3.2 going down\r\n", true));
        const check::outcome said = run.send(mail_to(2));
        CHECK(said.verdict == GATEPOST_DEFERRED);
        CHECK(said.blame == GATEPOST_BLAME_PROVIDER);
        CHECK(said.code == 421);
        CHECK(said.recipients.empty());
        CHECK(run.saw->quits == 0);
        CHECK(run.saw->connections == 1);
    }
}

TEST_CASE("a connection lost before the message was whole is deferred") {
    for (const std::string& at : {std::string("greeting"), std::string("EHLO"), std::string("MAIL"),
                                  std::string("RCPT"), std::string("DATA")}) {
        for (const std::string& words : {std::string("-"), std::string("garbage\r\n"),
                                         std::string("25\r\n"), std::string("250-a\r\n")}) {
            running run(answering({}, at, words, true));
            const check::outcome said = run.send();
            INFO(at << " " << words);
            CHECK(said.verdict == GATEPOST_DEFERRED);
            CHECK((said.blame == GATEPOST_BLAME_NETWORK || said.blame == GATEPOST_BLAME_PROVIDER));
        }
    }
}

TEST_CASE("answers that nobody asked for end the session before the message goes") {
    running run(answering({}, "DATA", "354 go\r\n250 2.0.0 Ok: queued already\r\n"));
    const check::outcome said = run.send();
    CHECK(said.verdict == GATEPOST_DEFERRED);
    CHECK(said.blame == GATEPOST_BLAME_PROVIDER);
    CHECK_FALSE(run.record.commits_begun);
    CHECK(run.saw->quits == 0);
}

TEST_CASE("LMTP answers for each recipient after the dot") {
    plan how;
    how.lmtp = true;
    auto answers = std::make_shared<int>(0);
    how.answer = [answers](const std::string& line, bool&) -> std::string {
        if (line.starts_with("RCPT TO:<r0")) return "550 5.1.1 no\r\n";
        if (line == "message" && ++*answers == 2) return "452 4.2.2 mailbox full\r\n";
        return "";
    };
    running run(how, R"({"host":"unix:/run/lmtp","protocol":"lmtp"})");
    REQUIRE(run.status == GATEPOST_OK);
    const check::outcome said = run.send(mail_to(4));
    CHECK(run.saw->lines[0].starts_with("LHLO "));
    CHECK(said.verdict == GATEPOST_REJECTED);
    CHECK(row(said, 1)->verdict == GATEPOST_ACCEPTED);
    CHECK(row(said, 2)->verdict == GATEPOST_DEFERRED);
    CHECK(row(said, 2)->code == 452);
    CHECK(row(said, 3)->verdict == GATEPOST_ACCEPTED);
    CHECK(run.connected[0].host == "unix:/run/lmtp");
}

TEST_CASE("STARTTLS: taken where it is offered, missed where it was stripped") {
    plan how;
    how.offers = {"STARTTLS", "PIPELINING"};
    how.offers_after_tls = {"PIPELINING", "8BITMIME", "AUTH PLAIN LOGIN"};
    const std::string secure = R"({"host":"h","username":"u@example.org","password":"secret"})";
    running good(how, secure);
    CHECK(good.send().verdict == GATEPOST_ACCEPTED);
    CHECK(good.connected[0].port == 587);
    CHECK(good.connected[0].tls == 0);
    CHECK(good.saw->count("EHLO") == 2);
    CHECK(good.saw->lines[3] == "AUTH PLAIN AHVAZXhhbXBsZS5vcmcAc2VjcmV0");
    CHECK(good.saw->flags[3] == GATEPOST_STREAM_SECRET);

    how.offers = {"PIPELINING", "AUTH PLAIN LOGIN"};
    running stripped(how, secure);
    const check::outcome said = stripped.send();
    CHECK(said.verdict == GATEPOST_DEFERRED);
    CHECK(said.blame == GATEPOST_BLAME_CONFIG);
    CHECK(stripped.saw->count("AUTH") == 0);
    CHECK(stripped.saw->count("MAIL") == 0);

    how.offers = {"STARTTLS"};
    running injected(answering(how, "STARTTLS", "220 go\r\n250 injected\r\n"), secure);
    CHECK(injected.send().verdict == GATEPOST_DEFERRED);
    CHECK(injected.saw->count("EHLO") == 1);
    running busy(answering(how, "STARTTLS", "454 4.7.0 TLS not available\r\n"), secure);
    CHECK(busy.send().verdict == GATEPOST_DEFERRED);
    CHECK(busy.saw->count("MAIL") == 0);
    how.refuses_tls = GATEPOST_AT_CERTIFICATE;
    running expired(how, secure);
    CHECK(expired.send().blame == GATEPOST_BLAME_CONFIG);
    CHECK(expired.saw->count("MAIL") == 0);
    how.refuses_tls = GATEPOST_AT_TLS;
    running old(how, secure);  // the fake host says that it failed, not that the network did
    const check::outcome too_old = old.send();
    CHECK(too_old.blame == GATEPOST_BLAME_PROVIDER);
    CHECK(too_old.advice.find("must speak TLS 1.2 or newer") != std::string::npos);
    running newest(how, R"({"host":"h","security":"starttls","minimum_tls":"1.3"})");
    CHECK(newest.send().blame == GATEPOST_BLAME_CONFIG);
}

TEST_CASE("opportunistic TLS goes on without, on the same stream or on a new one") {
    const std::string settings = R"({"host":"h","security":"opportunistic"})";
    plan how;
    how.offers = {"STARTTLS", "PIPELINING"};
    running refused(answering(how, "STARTTLS", "454 4.7.0 not now\r\n"), settings);
    CHECK(refused.send().verdict == GATEPOST_ACCEPTED);
    CHECK(refused.saw->connections == 1);
    how.refuses_tls = GATEPOST_AT_TLS;
    running broken(how, settings);
    CHECK(broken.send().verdict == GATEPOST_ACCEPTED);
    CHECK(broken.saw->connections == 2);
}

TEST_CASE("logins fail with the credential blamed and the mail kept") {
    plan how;
    how.offers = {"AUTH LOGIN PLAIN XOAUTH2 OAUTHBEARER"};
    const std::string token =
        R"({"host":"h","security":"none","allow_plaintext_auth":true,"username":"u","token":"t",
            "auth_method":"xoauth2"})";
    // Google: the refusal is a challenge, and the 535 comes after an empty line.
    how.answer = [](const std::string& line, bool&) -> std::string {
        if (line.starts_with("AUTH XOAUTH2"))
            return "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=\r\n";
        return line.empty() ? "535-5.7.8 Username and Password not accepted.\r\n"
                              "535 5.7.8 see https://support.google.com - gsmtp\r\n"
                            : "";
    };
    running google(how, token);
    check::outcome said = google.send();
    CHECK(said.verdict == GATEPOST_DEFERRED);
    CHECK(said.blame == GATEPOST_BLAME_CREDENTIAL);
    CHECK(said.code == 535);
    CHECK(said.text.find("\"status\":\"400\"") != std::string::npos);
    CHECK(google.saw->lines ==
          std::vector<std::string>{google.saw->lines[0], google.saw->lines[1], "", "QUIT"});
    // Microsoft: straight away.
    running microsoft(answering(how, "AUTH", "535 5.7.3 Authentication unsuccessful [h]\r\n"),
                      token);
    CHECK(microsoft.send().blame == GATEPOST_BLAME_CREDENTIAL);
    CHECK(microsoft.saw->count("MAIL") == 0);
    // Too many logins are nobody's wrong password.
    running throttled(answering(how, "AUTH", "454 4.7.0 Too many login attempts\r\n"), token);
    said = throttled.send();
    CHECK(said.blame == GATEPOST_BLAME_QUOTA);
    CHECK(said.retry_after == 600'000'000'000);
    how.answer = {};
    how.offers = {"AUTH GSSAPI"};
    running unknown(how, token);
    CHECK(unknown.send().blame == GATEPOST_BLAME_CONFIG);
}

TEST_CASE("LOGIN and CRAM-MD5 answer their challenges as secrets") {
    plan how;
    how.offers = {"AUTH LOGIN"};
    const std::string password =
        R"({"host":"h","security":"none","allow_plaintext_auth":true,"username":"tim",
            "password":"tanstaaftanstaaf"})";
    running login(how, password);
    CHECK(login.send().verdict == GATEPOST_ACCEPTED);
    CHECK(login.saw->lines[2] == "dGlt");
    CHECK(login.saw->lines[3] == "dGFuc3RhYWZ0YW5zdGFhZg==");
    CHECK(login.saw->flags[3] == GATEPOST_STREAM_SECRET);
    how.offers = {"AUTH CRAM-MD5"};
    running cram(how, password);
    CHECK(cram.send().verdict == GATEPOST_ACCEPTED);
    CHECK(cram.saw->flags[2] == GATEPOST_STREAM_SECRET);
}

TEST_CASE("SMTPUTF8 is said where it is needed and offered; else that recipient alone is lost") {
    check::message mail = mail_to(2);
    mail.flags = GATEPOST_MESSAGE_SMTPUTF8;
    mail.recipients[0].who = {"žofie@example.org", "", true};
    running able;
    CHECK(able.send(mail).verdict == GATEPOST_ACCEPTED);
    CHECK(able.saw->lines[1].ends_with(" SMTPUTF8"));
    CHECK(able.saw->lines[2] == "RCPT TO:<žofie@example.org>");
    plan how;
    how.offers = {"PIPELINING"};
    running unable(how);
    const check::outcome said = unable.send(mail);
    CHECK(said.verdict == GATEPOST_REJECTED);
    CHECK(said.blame == GATEPOST_BLAME_RECIPIENT);
    CHECK(row(said, 1)->verdict == GATEPOST_ACCEPTED);
}

TEST_CASE("a message that is too large is refused before a byte of it, in clear words") {
    plan how;
    how.offers = {"SIZE 200"};
    running run(how);
    check::message mail = check::simple_message();
    mail.parts[0].content = std::string(1000, 'x');
    const check::outcome said = run.send(mail);
    CHECK(said.verdict == GATEPOST_REJECTED);
    CHECK(said.blame == GATEPOST_BLAME_MESSAGE);
    CHECK(said.text.find("the server takes 200") != std::string::npos);
    CHECK(run.saw->count("MAIL") == 0);
    // On the border dots that are stuffed do not count.
    const std::string dots = check::whole_of(check::simple_message());
    how.offers = {"SIZE " + std::to_string(dots.size())};
    running border(how);
    CHECK(border.send().verdict == GATEPOST_ACCEPTED);
}

TEST_CASE("DSN is passed on where it is offered") {
    check::message mail = check::rich_message();
    mail.recipients.erase(mail.recipients.begin() + 1);
    mail.flags = 0;
    running run;
    CHECK(run.send(mail).verdict == GATEPOST_ACCEPTED);
    CHECK(run.saw->lines[1].ends_with(" RET=HDRS ENVID=QQ314159"));
    CHECK(run.saw->lines[2] ==
          "RCPT TO:<first@example.net> NOTIFY=FAILURE ORCPT=rfc822;first@example.net");
    CHECK(run.saw->lines[3] == "RCPT TO:<copy@example.net> NOTIFY=NEVER");
    running without({}, R"({"host":"h","security":"none","dsn":false})");
    CHECK(without.send(mail).verdict == GATEPOST_ACCEPTED);
    CHECK(without.saw->lines[2] == "RCPT TO:<first@example.net>");
}

TEST_CASE("an old server is spoken to with HELO, step by step") {
    running run(answering({}, "EHLO", "502 5.5.1 what\r\n"));
    CHECK(run.send(mail_to(2)).verdict == GATEPOST_ACCEPTED);
    CHECK(run.saw->lines[1].starts_with("HELO "));
    CHECK(run.saw->lines[2] == "MAIL FROM:<sender@example.org>");
    CHECK(run.saw->writes.size() == 7);
}

TEST_CASE("answers cut at every byte change nothing") {
    check::host_options one_byte;
    one_byte.stream_read_most = 1;
    running run(chunking(), in_clear, std::move(one_byte));
    CHECK(run.send(mail_to(3)).recipients.empty());
    CHECK(run.send(mail_to(3)).verdict == GATEPOST_ACCEPTED);
    CHECK(run.saw->messages.size() == 2);
}

TEST_CASE("a test shows every stage, ends with QUIT, and leaves no stream behind") {
    plan how;
    how.offers = {"STARTTLS"};
    how.offers_after_tls = {"PIPELINING", "AUTH PLAIN"};
    const std::string settings = R"({"host":"h","username":"u","password":"p"})";
    running run(how, settings);
    CHECK(run.test_without_mail().verdict == GATEPOST_ACCEPTED);
    CHECK(run.stages() ==
          "greeting:1 greeting:2 ehlo:1 ehlo:2 starttls:1 starttls:2 ehlo:1 ehlo:2 login:1 login:2 "
          "message:1 message:4 ");
    CHECK(run.saw->quits == 1);
    check::call_options with_mail;
    with_mail.kind = GATEPOST_TEST;
    CHECK(run.call(with_mail).verdict == GATEPOST_ACCEPTED);
    CHECK(run.stages().ends_with(
        "login:2 sender:1 sender:2 recipient:1 recipient:2 message:1 message:2 "));
    CHECK(run.saw->connections == 2);
    CHECK(run.saw->quits == 2);
    running wrong(answering(how, "AUTH", "534 5.7.9 Application-specific password required\r\n"),
                  settings);
    const check::outcome said = wrong.test_without_mail();
    CHECK(said.verdict == GATEPOST_REJECTED);
    CHECK(said.blame == GATEPOST_BLAME_CREDENTIAL);
    CHECK(said.advice.find("app password") != std::string::npos);
    CHECK(wrong.stages().find("login:3") != std::string::npos);
}

TEST_CASE("a test that went well says what was tried, and what was not") {
    running run(plan{});
    CHECK(run.test_without_mail().text ==
          "mx.example.org: connection works; --to ADDRESS tries sender and recipient too");
    plan how;
    how.offers = {"AUTH PLAIN"};
    running login(how, R"({"host":"h","security":"tls","username":"u","password":"p"})");
    CHECK(login.test_without_mail().text ==
          "h: connection and login work; --to ADDRESS tries sender and recipient too");
    check::call_options with_mail;
    with_mail.kind = GATEPOST_TEST;
    const check::outcome one = run.call(with_mail);
    CHECK(one.text.starts_with("a test mail for first@example.net was taken over: 250 "));
    with_mail.mail = mail_to(3);
    CHECK(run.call(with_mail).text.starts_with(
        "a test mail for r0@example.net and 2 more was taken over: 250 "));
    running refused(answering({}, "MAIL", "553 5.7.1 not yours\r\n"));
    CHECK(refused.call(with_mail).text.find("553") == 0);
}

TEST_CASE("a server that is silent because it waits for TLS is not waited for in a test") {
    running run(answering({}, "greeting", "-"), R"({"host":"h"})");
    check::outcome said = run.test_without_mail();
    CHECK(said.text.find("waiting for the greeting") != std::string::npos);
    CHECK(said.advice.find("set security = \"tls\"") != std::string::npos);
    running secure(answering({}, "greeting", "-"), R"({"host":"h","security":"tls"})");
    said = secure.test_without_mail();
    CHECK(said.advice.empty());
}

TEST_CASE("a stage that fails has its title, and says a thing once") {
    running stripped({}, R"({"host":"h","security":"starttls"})");
    CHECK(stripped.test_without_mail().verdict == GATEPOST_REJECTED);
    CHECK(stripped.stages().ends_with("ehlo:2 starttls:1 starttls:3 "));
    CHECK(stripped.record.stages[stripped.record.stages.size() - 2].title == "STARTTLS");
    plan how;
    how.offers = {"STARTTLS"};
    how.refuses_tls = GATEPOST_AT_CERTIFICATE;
    running expired(how, R"({"host":"h"})");
    CHECK(expired.test_without_mail().text.find("STARTTLS") == std::string::npos);
}

TEST_CASE("a cancelled call ends at once before the message, and knows who was accepted after it") {
    for (size_t answers = 0; answers < 12; ++answers) {
        for (const uint32_t why :
             {uint32_t{GATEPOST_WHY_CALLER}, uint32_t{GATEPOST_WHY_SHUTDOWN}}) {
            plan how;
            how.offers.push_back("LIMITS RCPTMAX=1");
            running run(how);
            const gatepost_call call = run.host->start({.mail = mail_to(2)});
            for (size_t i = 0; i < answers; ++i)
                run.host->step();
            run.host->cancel(call, why);
            REQUIRE(run.host->run());
            for (const check::violation& one : run.host->violations())
                FAIL(one.rule << ": " << one.text);
            const check::call_record& record = run.host->at(call);
            REQUIRE(record.completions == 1);
            if (run.saw->messages.empty() || record.outcome.kind != GATEPOST_OUTCOME_DONE) continue;
            CHECK(record.outcome.verdict != GATEPOST_REJECTED);
        }
    }
}

TEST_CASE("the call's deadline says what was waited for, and knows whether it was handed over") {
    std::set<std::string> places;
    for (const bool bdat : {false, true}) {
        for (size_t at = 1; at < 12; ++at) {
            running run(bdat ? chunking() : plan());
            run.host->script({.at = at, .stall = true});
            const check::outcome said = run.send();
            if (said.verdict == GATEPOST_ACCEPTED) continue;
            INFO("request " << at << ": " << said.text);
            if (said.kind != GATEPOST_OUTCOME_DONE) continue;  // no session stood yet
            const bool handed_over = said.text.starts_with("the message was handed over, and then");
            CHECK(said.verdict == (handed_over ? GATEPOST_UNKNOWN : GATEPOST_DEFERRED));
            CHECK(said.blame == GATEPOST_BLAME_NETWORK);
            CHECK(said.text.find("no answer before the deadline") != std::string::npos);
            places.insert(said.text.substr(said.text.find('(')));
        }
    }
    CHECK(places.contains("(waiting for the greeting)"));
    CHECK(places.contains("(waiting for the answer to EHLO)"));
    CHECK(places.contains("(waiting for the answer to MAIL)"));
    CHECK(places.contains("(waiting for the answer to the message)"));
}

TEST_CASE("every request of a send that goes wrong leaves a verdict that the ledger bears out") {
    for (const bool bdat : {false, true}) {
        for (const gatepost_status status :
             {GATEPOST_FAILED, GATEPOST_TIMEOUT, GATEPOST_DISCONNECTED, GATEPOST_LIMIT}) {
            for (const bool refuse : {false, true}) {
                for (size_t at = 1; at < 14; ++at) {
                    running run(bdat ? chunking() : plan());
                    run.host->script({.at = at, .status = status, .refuse = refuse});
                    const check::outcome said = run.send(check::rich_message());
                    const bool more = said.verdict == GATEPOST_ACCEPTED;
                    INFO("request " << at);
                    CHECK((more || run.saw->messages.empty() || said.verdict == GATEPOST_UNKNOWN));
                }
            }
        }
    }
}
