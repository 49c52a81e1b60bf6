// Every row of the providers' reply tables: which verdict, whose fault.
#include "verdict.hpp"

#include "support/catch.hpp"
#include "verdict_table.hpp"

using namespace smtp;
using gatepost::sdk::blame;
using gatepost::sdk::verdict;

namespace {

reply said(std::string_view line) {
    reply_parser parser;
    parser.feed(std::string(line) + "\r\n");
    reply out;
    REQUIRE(parser.next(out));
    return out;
}

struct row {
    phase at;
    const char* line;
    verdict what;
    blame who;
    int retry_seconds = 0;
};

constexpr auto deferred = verdict::deferred;
constexpr auto rejected = verdict::rejected;

const row rows[] = {
    // The plain rule.
    {phase::greeting, "554 5.3.2 no service here", deferred, blame::provider},
    {phase::greeting, "421 4.3.2 too busy", deferred, blame::provider},
    {phase::hello, "550 5.7.1 invalid HELO name", deferred, blame::config},
    {phase::hello, "450 4.3.2 later", deferred, blame::provider},
    {phase::starttls, "454 4.7.0 TLS not available", deferred, blame::provider},
    {phase::sender, "451 4.3.0 later", deferred, blame::provider},
    {phase::sender, "550 5.7.1 sender refused", rejected, blame::sender},
    {phase::recipient, "450 4.2.0 greylisted", deferred, blame::recipient},
    {phase::recipient, "451 4.7.1 try again", deferred, blame::recipient},
    {phase::recipient, "452 4.2.2 mailbox full", deferred, blame::recipient},
    {phase::recipient, "550 5.1.1 no such user", rejected, blame::recipient},
    {phase::recipient, "551 5.1.6 moved", rejected, blame::recipient},
    {phase::recipient, "553 5.1.3 bad address", rejected, blame::recipient},
    {phase::recipient, "550 no", rejected, blame::recipient},
    {phase::recipient, "552 5.2.2 mailbox full", rejected, blame::recipient},
    {phase::data, "451 4.3.0 later", deferred, blame::provider},
    {phase::message, "450 4.0.0 later", deferred, blame::provider},
    {phase::message, "550 5.7.1 looks like spam", rejected, blame::message},
    {phase::message, "554 refused", rejected, blame::message},
    // Sizes.
    {phase::sender, "552 5.3.4 too big", rejected, blame::message},
    {phase::sender, "552 too big", rejected, blame::message},
    {phase::message, "554 5.3.4 too big", rejected, blame::message},
    {phase::message, "552 5.2.3 too big", rejected, blame::message},
    // Who may come in.
    {phase::sender, "530 5.7.0 Authentication required", deferred, blame::credential},
    {phase::sender, "530 5.7.0 Must issue a STARTTLS command first", deferred, blame::config},
    {phase::login, "535 5.7.8 bad credentials - gsmtp", deferred, blame::credential},
    {phase::login, "535 5.7.3 Authentication unsuccessful [h]", deferred, blame::credential},
    {phase::login, "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
     deferred, blame::credential},
    {phase::login, "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant", deferred,
     blame::credential},
    {phase::login, "534 5.7.9 Application-specific password required", deferred, blame::credential},
    {phase::login, "534 5.7.14 Please log in via your web browser", deferred, blame::credential},
    {phase::login, "538 5.7.11 Encryption required", deferred, blame::config},
    {phase::login, "530 5.7.0 Must issue a STARTTLS command first", deferred, blame::config},
    {phase::login, "454 4.7.0 Temporary authentication failure", deferred, blame::provider},
    {phase::login, "454 4.7.0 Too many login attempts, please try again later.", deferred,
     blame::quota, 600},
    {phase::login, "454 Throttling failure: Maximum sending rate exceeded", deferred, blame::quota,
     60},
    {phase::login, "454 Throttling failure: Daily message quota exceeded", deferred, blame::quota,
     3600},
    {phase::login, "451 Authentication failed: Maximum credits exceeded", deferred, blame::quota,
     3600},
    {phase::login, "432 4.3.2 Concurrent connections limit exceeded", deferred, blame::quota, 60},
    {phase::login, "550 5.7.30 Basic authentication is not supported for Client Submission.",
     deferred, blame::credential},
    {phase::sender, "550 5.7.30 Basic authentication is not supported for Client Submission.",
     deferred, blame::credential},
    {phase::login, "421 4.7.66 TLS 1.0 and 1.1 are not supported", deferred, blame::config},
    {phase::sender, "421 4.7.66 TLS 1.0 and 1.1 are not supported", deferred, blame::config},
    // Quotas and rates.
    {phase::message, "550 5.4.5 Daily user sending limit exceeded.", deferred, blame::quota, 14400},
    {phase::message, "550 5.4.5 Daily SMTP relay limit exceeded", deferred, blame::quota, 14400},
    {phase::message, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", deferred,
     blame::quota, 60},
    {phase::sender,
     "421 4.4.2 Message submission rate for this client has exceeded the configured limit",
     deferred, blame::quota, 60},
    {phase::message, "554 5.2.0 STOREDRV; SubmissionQuotaExceededException; x", deferred,
     blame::quota, 14400},
    {phase::message, "550 5.7.232 tenant limit", deferred, blame::quota, 14400},
    {phase::message, "550 5.7.233 tenant limit", deferred, blame::quota, 14400},
    {phase::message, "454 Throttling failure: Maximum sending rate exceeded.", deferred,
     blame::quota, 60},
    // Senders.
    {phase::message, "554 5.2.252 SendAsDenied; x not allowed to send as y", rejected,
     blame::sender},
    {phase::message, "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
     rejected, blame::sender},
    {phase::message, "554 Message rejected: Email address is not verified.", rejected,
     blame::sender},
    {phase::sender, "553 5.1.8 sender domain does not exist", rejected, blame::sender},
    {phase::sender, "555 5.5.2 Syntax error", rejected, blame::sender},
    {phase::recipient, "555 5.5.2 Syntax error", rejected, blame::recipient},
    {phase::recipient, "554 5.7.1 <a@b>: Relay access denied", deferred, blame::config},
    {phase::recipient, "550 5.7.1 Authentication required", deferred, blame::credential},
    {phase::sender, "503 5.5.1 Authentication is required before sending", deferred,
     blame::credential},
    // 421 defers wherever it comes; a positive answer where none was possible too.
    {phase::recipient, "421 4.3.2 shutting down", deferred, blame::provider},
    {phase::message, "421 4.3.2 shutting down", deferred, blame::provider},
    {phase::data, "250 ok", deferred, blame::provider},
    {phase::message, "354 go", deferred, blame::provider},
};

}  // namespace

TEST_CASE("every reply of the facts sheet has its verdict, blame and time") {
    for (const row& one : rows) {
        const ruling found = judge(one.at, said(one.line));
        INFO(one.line << " at " << stage_of(one.at));
        CHECK(found.verdict == one.what);
        CHECK(found.blame == one.who);
        CHECK(found.retry_after.count() == one.retry_seconds);
        CHECK(found.code == std::stoi(one.line));
        CHECK(found.text == one.line);
    }
}

TEST_CASE("nothing before MAIL ever rejects a mail") {
    for (int code = 400; code < 600; ++code) {
        for (const phase at : {phase::greeting, phase::hello, phase::starttls, phase::login})
            CHECK(judge(at, said(std::to_string(code) + " words")).verdict == deferred);
    }
}

TEST_CASE("every peculiar row can be reached, and speaks in sentences") {
    for (const peculiar& one : table::rows) {
        CHECK(one.verdict != verdict::accepted);
        CHECK(one.verdict != verdict::unknown);
        if (!one.advice.empty()) CHECK(one.advice.ends_with('.'));
        CHECK((one.code == 0 || one.code == 4 || one.code == 5 || one.code >= 400));
    }
}

TEST_CASE("too many recipients is told from other 452s") {
    CHECK(is_too_many_recipients(said("452 4.5.3 anything")));
    CHECK(is_too_many_recipients(said("451 4.5.3 anything")));
    CHECK(is_too_many_recipients(said("452 Too many recipients")));
    CHECK_FALSE(is_too_many_recipients(said("452 4.2.2 mailbox full")));
    CHECK_FALSE(is_too_many_recipients(said("452 insufficient storage")));
    CHECK_FALSE(is_too_many_recipients(said("552 5.5.3 too many")));
}

TEST_CASE("queue ids are found in the words of the servers that say them") {
    CHECK(queue_id("250 2.0.0 Ok: queued as 4XyZ9k1") == "4XyZ9k1");
    CHECK(queue_id("250 OK id=1tABCD-000123-4E") == "1tABCD-000123-4E");
    CHECK(queue_id("250 Ok 0100018f-abc-000000") == "0100018f-abc-000000");
    CHECK(queue_id("250 2.0.0 OK 1795355100 fake-queue-id - gsmtp").empty());
    CHECK(queue_id("250 Ok").empty());
}

TEST_CASE("a file of ours that cannot be used is no handshake that failed") {
    using gatepost::sdk::service_status;
    smtp::options how;
    how.ca_file = "/etc/ca.pem";
    how.key_file = "/etc/key.pem";
    const auto judged = [&](const char* why) {
        return smtp::judge_connection(GATEPOST_AT_TLS, service_status::connect, why, how);
    };
    const auto ca = judged("cannot use the CA file /etc/ca.pem: No such file or directory");
    CHECK(ca.blame == gatepost::sdk::blame::config);
    CHECK(ca.advice.starts_with("Check ca_file"));
    CHECK(ca.text == "cannot use the CA file /etc/ca.pem: No such file or directory");
    const auto key = judged("cannot use the client key /etc/key.pem: it does not belong");
    CHECK(key.blame == gatepost::sdk::blame::config);
    CHECK(key.advice.starts_with("Check certificate_file and key_file"));
    const auto handshake = judged("no TLS with h:587: it answered in clear");
    CHECK(handshake.blame == gatepost::sdk::blame::network);
    CHECK(handshake.advice.starts_with("Check port and security"));
}
