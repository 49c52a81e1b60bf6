// The plugin as the host sees it: settings, modes, refusals before acceptance, and tests.
#include "host.hpp"

#include <algorithm>

using namespace sendgrid_test;

namespace {

bool objects_to(const check::message& mail, const std::string& pointer) {
    const auto found = objections(mail);
    return std::find(found.begin(), found.end(), pointer) != found.end();
}

// Refused by the check and, should it come all the same, by send, which asks nobody.
void refused_at(const check::message& mail, const std::string& pointer) {
    INFO(pointer);
    CHECK(objects_to(mail, pointer));
    running run(always({}));
    const check::outcome said = run.send(mail);
    CHECK(said.verdict == GATEPOST_REJECTED);
    CHECK(said.blame == GATEPOST_BLAME_MESSAGE);
    CHECK(!said.text.empty());
    CHECK(run.seen.empty());
}

// Answers by path: the scopes, and everything else.
check::http_script answering(check::http_answer scopes, check::http_answer checked,
                             check::http_answer sent) {
    return [=](const check::http_seen& one) {
        if (one.method == "GET") return scopes;
        return one.body.find("sandbox_mode") == std::string::npos ? sent : checked;
    };
}
const check::http_answer may_send{.http_status = 200, .body = R"({"scopes":["mail.send"]})"};

}  // namespace

TEST_CASE("the id of SendGrid is the answer's X-Message-Id") {
    running run(always({.headers = {{"x-message-id", "14c5d75ce93e473d9a9a6e"}}}));
    const check::outcome said = run.send();
    CHECK(said.verdict == GATEPOST_ACCEPTED);
    CHECK(said.provider_message_id == "14c5d75ce93e473d9a9a6e");
    CHECK(said.code == 202);
    CHECK((said.flags & GATEPOST_OUTCOME_CAPTURED) == 0);
}

TEST_CASE("a mail that SendGrid carries is not objected to") {
    CHECK(objections(plain_mail()).empty());
}

TEST_CASE("what SendGrid would refuse is refused first, by its field") {
    check::message mail = plain_mail();
    SECTION("no To") {
        mail.recipients = {{{"a@example.net", ""}, GATEPOST_BCC}};
        refused_at(mail, "/to");
    }
    SECTION("the same address in To and Cc, letter case aside") {
        mail.recipients = {{{"a@example.net", ""}}, {{"A@Example.net", ""}, GATEPOST_CC}};
        refused_at(mail, "/cc/0");
    }
    SECTION("the same address twice in To") {
        mail.recipients = {{{"a@example.net", ""}}, {{"a@example.net", ""}}};
        refused_at(mail, "/to/1");
    }
    SECTION("an address that needs SMTPUTF8") {
        mail.recipients = {{{"zweite@example.net", "", false}}, {{"ž@example.net", "", true}}};
        refused_at(mail, "/to/1");
    }
    SECTION("a sender that needs SMTPUTF8") {
        mail.from = {"ž@example.net", "", true};
        refused_at(mail, "/from");
    }
    SECTION("too many recipients") {
        for (int i = 0; i < 1000; ++i)
            mail.recipients.push_back({{"r" + std::to_string(i) + "@example.net", ""}});
        refused_at(mail, "/to");
    }
    SECTION("reserved headers") {
        for (const char* name : {"X-SG-ID", "x-sg-eid", "Received", "DKIM-Signature"}) {
            mail.headers = {{name, "x"}};
            refused_at(mail, std::string("/headers/") + name);
        }
    }
    SECTION("a header with two values") {
        mail.headers = {{"X-A", "1"}, {"x-a", "2"}};
        refused_at(mail, "/headers/x-a");
    }
    SECTION("no text") {
        mail.parts = {{GATEPOST_PART_TEXT, "text/plain", "", "", ""}};
        refused_at(mail, "/text");
    }
    SECTION("no subject") {
        mail.subject.clear();
        refused_at(mail, "/subject");
    }
    SECTION("an empty file") {
        mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "application/pdf", "a.pdf", "", ""});
        refused_at(mail, "/attachments/0");
    }
    SECTION("more than 30 MB in base64") {
        mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "application/zip", "a.zip", "",
                              std::string(24 * 1024 * 1024, 'x')});
        refused_at(mail, "");
    }
    SECTION("too many categories") {
        for (int i = 0; i < 11; ++i)
            mail.tags.push_back("t" + std::to_string(i));
        refused_at(mail, "/tags");
    }
    SECTION("a category that is too long") {
        mail.tags = {std::string(256, 't')};
        refused_at(mail, "/tags");
    }
    SECTION("too much metadata") {
        mail.metadata = {{"a", std::string(10'000, 'x')}};
        refused_at(mail, "/metadata");
    }
    SECTION("too many substitutions") {
        const auto of_size = [](std::size_t size) {
            return json{{"substitutions", {{"-name-", std::string(size, 'x')}}}}.dump();
        };
        mail.options_json = of_size(9'900);
        CHECK(objections(mail).empty());
        mail.options_json = of_size(10'000);
        refused_at(mail, "/provider_options/sendgrid/substitutions");
    }
    SECTION("too late a schedule") {
        mail.options_json = json{{"send_at", mail.accepted_at / 1000 + 72 * 3600 + 1}}.dump();
        refused_at(mail, "/provider_options/sendgrid/send_at");
        mail.flags = GATEPOST_MESSAGE_RAW;  // its Date header says nothing about that
        mail.date = 0;
        refused_at(mail, "/provider_options/sendgrid/send_at");
        mail.options_json = json{{"send_at", mail.accepted_at / 1000 + 72 * 3600}}.dump();
        CHECK(objections(mail).empty());
    }
    SECTION("the same reply address twice") {
        mail.reply_to = {{"a@example.net", ""}, {"A@example.net", ""}};
        refused_at(mail, "/reply_to/1");
    }
    SECTION("signed mail") {
        mail.flags = GATEPOST_MESSAGE_RAW | GATEPOST_MESSAGE_RAW_ONLY;
        refused_at(mail, "");
    }
}

TEST_CASE("raw mail loses its trace, which is no reason to refuse it") {
    check::message mail = plain_mail();
    mail.flags = GATEPOST_MESSAGE_RAW;
    mail.headers = {{"Received", "from a"},
                    {"Received", "from b"},
                    {"DKIM-Signature", "v=1"},
                    {"X-Kept", "ünïcode"}};
    CHECK(objections(mail).empty());
    running run(always({}));
    CHECK(run.send(mail).verdict == GATEPOST_ACCEPTED);
    const json headers = json::parse(run.seen.at(0).body)["headers"];
    CHECK(headers.size() == 2);
    CHECK(headers["X-Kept"] == "=?UTF-8?B?w7xuw69jb2Rl?=");
}

TEST_CASE("a partly sent mail without anybody in To is not sent to the rest alone") {
    check::message mail = plain_mail();
    mail.recipients.push_back({{"copy@example.net", ""}, GATEPOST_CC});
    running run(always({}));
    check::call_options what{.mail = mail};
    what.carry = {1};
    CHECK(run.call(what).verdict == GATEPOST_REJECTED);
    CHECK(run.seen.empty());
    what.carry = {0};
    CHECK(run.call(what).verdict == GATEPOST_ACCEPTED);
    CHECK(run.seen.at(0).body.find("copy@") == std::string::npos);
}

TEST_CASE(
    "files and types are made fit: a name where there is none, no parameters, ASCII domains") {
    check::message mail = plain_mail();
    mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "text/csv; charset=utf-8", "", "", "a,b"});
    running run(always({}));
    CHECK(run.send(mail).verdict == GATEPOST_ACCEPTED);
    const json file = json::parse(run.seen.at(0).body)["attachments"][0];
    CHECK(file["filename"] == "attachment-1");
    CHECK(file["type"] == "text/csv");
    CHECK(file["content"] == "YSxi");
}

TEST_CASE("the sandbox is the connection's or the message's, and its mail is captured") {
    const check::http_answer checked{.http_status = 200};
    check::message mail = plain_mail();
    const auto enabled = [](const running& run) {
        return json::parse(run.seen.at(0).body)["mail_settings"]["sandbox_mode"]["enable"] == true;
    };
    SECTION("by the connection, whatever the message says") {
        mail.options_json =
            R"({"sandbox":false,"mail_settings":{"sandbox_mode":{"enable":false}}})";
        running run(always(checked), R"({"api_key":"SG.x","sandbox":true})");
        const check::outcome said = run.send(mail);
        CHECK(said.verdict == GATEPOST_ACCEPTED);
        CHECK((said.flags & GATEPOST_OUTCOME_CAPTURED) != 0);
        CHECK(enabled(run));
    }
    SECTION("by the message, in short") {
        mail.options_json = R"({"sandbox":true})";
        running run(always(checked));
        CHECK((run.send(mail).flags & GATEPOST_OUTCOME_CAPTURED) != 0);
        CHECK(enabled(run));
    }
}

TEST_CASE("settings choose host, subuser, tracking and pool") {
    running run(always({}),
                R"({"api_key":"SG.x","region":"eu","on_behalf_of":"sub","tracking":"off",
                    "ip_pool_name":"pool"})");
    check::message mail = plain_mail();
    mail.options_json = R"({"tracking_settings":{"open_tracking":{"enable":true}}})";
    CHECK(run.send(mail).verdict == GATEPOST_ACCEPTED);
    CHECK(run.seen.at(0).url == "https://api.eu.sendgrid.com/v3/mail/send");
    CHECK(header_of(run.seen[0], "on-behalf-of") == "sub");
    const json body = json::parse(run.seen[0].body);
    CHECK(body["ip_pool_name"] == "pool");
    CHECK(body["tracking_settings"]["open_tracking"]["enable"] == true);
    CHECK(body["tracking_settings"]["click_tracking"]["enable"] == false);
    CHECK(body["tracking_settings"]["click_tracking"]["enable_text"] == false);
    CHECK(body["tracking_settings"]["subscription_tracking"]["enable"] == false);
}

TEST_CASE("an endpoint of one's own is used; http:// only where a setting allows it in words") {
    running clear(always({}), R"({"api_key":"SG.x","endpoint":"http://127.0.0.1:8080/",
                                  "allow_http":true})");
    REQUIRE(clear.status == GATEPOST_OK);
    CHECK(clear.send().verdict == GATEPOST_ACCEPTED);
    CHECK(clear.seen.at(0).url == "http://127.0.0.1:8080/v3/mail/send");
    CHECK(clear.seen[0].clear_text);
    for (const char* wrong :
         {R"({"api_key":"SG.x","endpoint":"http://127.0.0.1"})",
          R"({"api_key":"SG.x","endpoint":"ftp://example.com"})",
          R"({"api_key":"SG.x","endpoint":"https://user@example.com"})",
          R"({"api_key":"SG.x","endpoint":"https://"})", R"({"api_key":"SG. x"})", "{}"}) {
        running run(always({}), wrong);
        INFO(wrong);
        CHECK(run.status != GATEPOST_OK);
        REQUIRE(!run.host->diagnostics().empty());
    }
}

TEST_CASE("a test reads the key's permissions, checks the sender in the sandbox, then sends") {
    running run(answering(may_send, {.http_status = 200}, {}));
    CHECK(run.test().verdict == GATEPOST_ACCEPTED);
    CHECK(run.stages() == "credentials+ sender+ message+ ");
    REQUIRE(run.seen.size() == 3);
    CHECK_FALSE(run.seen[1].commits);
    CHECK(run.seen[2].commits);
    CHECK(run.test(false).verdict == GATEPOST_ACCEPTED);
    CHECK(run.stages() == "credentials+ sender? message? ");
}

TEST_CASE("each known failure of a test is a sentence to act on") {
    const auto body = [](const char* text) {
        return json{{"errors", {{{"message", text}, {"field", nullptr}}}}}.dump();
    };
    const auto failing = [](check::http_answer scopes, check::http_answer checked,
                            const std::string& stages, uint32_t blame, const std::string& advice) {
        running run(answering(std::move(scopes), std::move(checked), {}));
        const check::outcome said = run.test();
        INFO(said.text << " / " << said.advice);
        CHECK(said.verdict != GATEPOST_ACCEPTED);
        CHECK(said.blame == blame);
        CHECK(said.advice.find(advice) != std::string::npos);
        CHECK(run.stages() == stages);
    };
    const std::string first = "credentials- ";
    const std::string second = "credentials+ sender- ";
    failing({.http_status = 401, .body = body("authorization required")}, {}, first,
            GATEPOST_BLAME_CREDENTIAL, "region");
    failing({.http_status = 200, .body = R"({"scopes":["stats.read"]})"}, {}, first,
            GATEPOST_BLAME_CREDENTIAL, "Mail Send");
    failing({.http_status = 200, .body = "<html>"}, {}, first, GATEPOST_BLAME_CONFIG, "endpoint");
    failing({.http_status = 403, .body = body("The requestor's IP is not on the access list")}, {},
            first, GATEPOST_BLAME_CREDENTIAL, "IP Access Management");
    failing({.http_status = 401, .body = body("Maximum credits exceeded")}, {}, first,
            GATEPOST_BLAME_QUOTA, "credits");
    failing({.http_status = 0, .status = GATEPOST_CONNECT, .failed_at = GATEPOST_AT_NAME}, {},
            first, GATEPOST_BLAME_NETWORK, "DNS");
    failing({.http_status = 404}, {}, first, GATEPOST_BLAME_CONFIG, "endpoint");
    failing(may_send,
            {.http_status = 403, .body = body("does not match a verified Sender Identity")}, second,
            GATEPOST_BLAME_SENDER, "Sender Authentication");
    // A restricted key may not list its permissions, and may send all the same.
    failing({.http_status = 403, .body = body("access forbidden")},
            {.http_status = 403, .body = body("access forbidden")}, second,
            GATEPOST_BLAME_CREDENTIAL, "Mail Send");
}

TEST_CASE("whatever goes wrong with any request, the call ends once and never as accepted") {
    const auto full = [] {
        check::message mail = plain_mail();
        mail.parts.push_back({GATEPOST_PART_HTML, "text/html", "", "", "<p>x</p>"});
        mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "a/b", "f", "", "x"});
        return mail;
    }();
    const gatepost_status spoilt[] = {GATEPOST_FAILED, GATEPOST_TIMEOUT, GATEPOST_LIMIT,
                                      GATEPOST_DENIED, -4242};
    for (size_t at = 1; at <= 4; ++at) {  // three bodies, one request
        for (const gatepost_status status : spoilt) {
            for (const bool at_once : {false, true}) {
                INFO(at << " " << status << " " << at_once);
                running run(always({}));
                run.host->script({.at = at, .status = status, .refuse = at_once});
                const check::outcome said = run.send(full);
                CHECK(said.verdict == GATEPOST_DEFERRED);
            }
        }
    }
}
