// What a person reads who presses Test connection: the words of every stage, and the advice of one
// that failed. Name, connect and TLS are the host's own stages: unit/services.
#include "host.hpp"

using namespace smtp_test;

namespace {

const std::string with_login = R"({"host":"h","username":"u","password":"p"})";

plan answering(const std::string& start, const std::string& text) {
    plan how;
    how.offers = {"PIPELINING", "8BITMIME"};
    how.answer = [=](const std::string& line, bool&) {
        return line.starts_with(start) ? text : std::string();
    };
    return how;
}

check::outcome test_with_mail(running& run, int recipients = 1) {
    check::call_options what;
    what.kind = GATEPOST_TEST;
    what.mail = mail_to(recipients);
    return run.call(what);
}

}  // namespace

TEST_CASE("a test that goes well shows the server's own words, and what EHLO offers") {
    plan how;
    how.offers = {"STARTTLS", "PIPELINING"};
    how.offers_after_tls = {"PIPELINING", "AUTH LOGIN PLAIN", "SIZE 35882577", "8BITMIME",
                            "LIMITS RCPTMAX=7"};
    running run(how, with_login);
    CHECK(test_with_mail(run).verdict == GATEPOST_ACCEPTED);
    std::vector<std::string> said;
    for (const check::stage& one : run.record.stages) {
        CHECK(one.advice.empty());
        if (one.state != GATEPOST_STARTED) said.push_back(one.id + ": " + one.text);
    }
    CHECK(said == std::vector<std::string>{
                      "greeting: 220 mx.example.org ESMTP",
                      "ehlo: the server offers STARTTLS, PIPELINING", "starttls: encrypted",
                      "ehlo: the server offers PIPELINING, 8BITMIME, SIZE 35882577, AUTH PLAIN "
                      "LOGIN, RCPTMAX=7",
                      "login: 235 2.7.0 Accepted", "sender: 250 2.1.0 ok",
                      "recipient: 250 2.1.5 ok", "message: 250 2.0.0 Ok: queued as A1B2C3"});
    std::string titles;
    for (const check::stage& one : run.record.stages) {
        if (one.state == GATEPOST_STARTED) titles += one.title + ", ";
    }
    CHECK(titles == "Greeting, EHLO, STARTTLS, EHLO, Login, Sender, Recipient, Message, ");
}

TEST_CASE("by BDAT the message is a stage as it is by DATA: begun, with its title, and passed") {
    plan how;
    how.offers = {"PIPELINING", "CHUNKING"};
    running run(how);
    CHECK(test_with_mail(run).verdict == GATEPOST_ACCEPTED);
    CHECK(run.saw->count("BDAT") == 1);
    CHECK(run.last_stage("message") == "2 250 2.0.0 Ok: queued as A1B2C3");
    CHECK(run.stages().ends_with("recipient:1 recipient:2 message:1 message:2 "));
    CHECK(run.record.stages[run.record.stages.size() - 2].title == "Message");
}

TEST_CASE("a server that offers nothing, or knows no EHLO, is said to") {
    plan how;
    how.offers = {};
    running bare(how);
    CHECK(bare.test_without_mail().verdict == GATEPOST_ACCEPTED);
    CHECK(bare.last_stage("ehlo") == "2 the server offers nothing");
    CHECK(bare.last_stage("login") == "4 no username is set");
    CHECK(bare.last_stage("message") == "4 no recipient was given");
    running old(answering("EHLO", "502 5.5.1 what\r\n"));
    CHECK(old.test_without_mail().verdict == GATEPOST_ACCEPTED);
    CHECK(old.last_stage("ehlo") == "2 the server knows no extensions");
}

TEST_CASE("a sender that is refused is advised about") {
    running other(answering("MAIL", "554 5.2.252 SendAsDenied; not allowed to send as that\r\n"));
    CHECK(test_with_mail(other).blame == GATEPOST_BLAME_SENDER);
    CHECK(other.last_stage("sender") ==
          "3 554 5.2.252 SendAsDenied; not allowed to send as that | Send from the address of the "
          "account that logs in, or allow it to send as this one; sender = \"force\" writes the "
          "connection's own address.");
    CHECK(other.record.stages.back().code == 554);
    CHECK(other.last_stage("recipient") == "none");
    running login(answering("MAIL", "530 5.7.0 Authentication required\r\n"));
    CHECK(test_with_mail(login).blame == GATEPOST_BLAME_CREDENTIAL);
    CHECK(login.last_stage("sender") ==
          "3 530 5.7.0 Authentication required | Set username and password: this server sends only "
          "for those who log in.");
    running clear(answering("MAIL", "530 5.7.0 Must issue a STARTTLS command first\r\n"));
    test_with_mail(clear);
    CHECK(clear.last_stage("sender") ==
          "3 530 5.7.0 Must issue a STARTTLS command first | Set security = \"starttls\" (port "
          "587) or security = \"tls\" (port 465).");
    running plainly(answering("MAIL", "553 5.7.1 not yours\r\n"));
    test_with_mail(plainly);
    CHECK(plainly.last_stage("sender") == "3 553 5.7.1 not yours");
}

TEST_CASE("a recipient that is refused is advised about, and the others are tried") {
    running relay(answering("RCPT", "554 5.7.1 <r0@example.net>: Relay access denied\r\n"));
    CHECK(test_with_mail(relay).blame == GATEPOST_BLAME_CONFIG);
    CHECK(relay.last_stage("sender") == "2 250 2.1.0 ok");
    CHECK(relay.last_stage("recipient") ==
          "3 554 5.7.1 <r0@example.net>: Relay access denied | Set username and password: this "
          "server sends only for those who log in.");
    CHECK(relay.last_stage("message") == "none");
    running gone(answering("RCPT TO:<r0@", "550 5.1.1 no such user\r\n"));
    test_with_mail(gone, 2);
    CHECK(
        gone.stages().ends_with("sender:1 sender:2 recipient:1 recipient:3 recipient:2 "
                                "message:1 message:2 "));
    running nobody(answering("RCPT", "550 5.1.1 no such user\r\n"));
    test_with_mail(nobody);
    CHECK(nobody.last_stage("recipient") == "3 550 5.1.1 no such user");
}

TEST_CASE("a message that is refused is advised about") {
    running big(answering("message", "552 5.3.4 Message too big\r\n"));
    CHECK(test_with_mail(big).blame == GATEPOST_BLAME_MESSAGE);
    CHECK(big.last_stage("recipient") == "2 250 2.1.5 ok");
    CHECK(big.last_stage("message") ==
          "3 552 5.3.4 Message too big | Send less: the server states the size it takes.");
    running sandbox(answering("message",
                              "554 Message rejected: Email address is not verified. The "
                              "following identities failed the check: a@b\r\n"));
    CHECK(test_with_mail(sandbox).blame == GATEPOST_BLAME_SENDER);
    CHECK(sandbox.last_stage("message") ==
          "3 554 Message rejected: Email address is not verified. The following identities failed "
          "the check: a@b | Verify the sender's address or domain at the provider. In the SES "
          "sandbox recipients must be verified too.");
    running crowded(answering("message",
                              "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit "
                              "exceeded\r\n"));
    CHECK(test_with_mail(crowded).blame == GATEPOST_BLAME_QUOTA);
    CHECK(crowded.last_stage("message").ends_with(
        " | Lower limits.concurrency of this connection: the server counts sessions (Office 365: "
        "3)."));
    plan small;
    small.offers = {"SIZE 10"};
    running stated(small);
    test_with_mail(stated);
    const std::string size = std::to_string(check::whole_of(mail_to(1)).size());
    CHECK(stated.last_stage("message") ==
          "3 the message has " + size +
              " bytes, the server takes 10 | Send less, or send through a connection that takes "
              "more.");
}

TEST_CASE("a login that is refused is advised about") {
    plan how;
    how.offers = {"STARTTLS"};
    how.offers_after_tls = {"AUTH PLAIN"};
    how.answer = [](const std::string& line, bool&) -> std::string {
        return line.starts_with("AUTH") ? "535 5.7.8 Error: authentication failed\r\n" : "";
    };
    running wrong(how, with_login);
    CHECK(wrong.test_without_mail().blame == GATEPOST_BLAME_CREDENTIAL);
    CHECK(wrong.last_stage("login") ==
          "3 535 5.7.8 Error: authentication failed | Check username and password (or token). Many "
          "providers want the whole address as username, and an app password or an API key as "
          "password.");
    how.offers_after_tls = {"PIPELINING"};
    running none(how, with_login);
    CHECK(none.test_without_mail().blame == GATEPOST_BLAME_CONFIG);
    CHECK(none.last_stage("login") ==
          "3 no way to log in that both sides know: the server offers PIPELINING | The server "
          "offers no login here: check port and security, or remove username and password if it "
          "knows this machine by its address.");
}
