// What @sendgrid/mail 8.1.6 sent to a recorder, held against what the plugin sends for the same
// message: method, path, significant headers, and the JSON field by field. What is different on
// purpose is listed here, with the reason, and nothing else may differ:
//
//   custom_args.gatepost_id   the gateway's id comes back in every event: the safe way to correlate
//   headers.Message-ID        the same at every attempt, so that a mailbox may find a duplicate
//   names in to, cc, bcc      without ';' and ',', which the documentation forbids there
//   mail's headers            not repeated as headers of the HTTP request: no part of the contract
//   Accept-Encoding           the host asks for no content coding
//   User-Agent                the host's own
//   GET with Content-Type     a request without a body has no type
//
// Out of scope: send-multiple-personalizations, which is one request for several mails that differ
// in their recipients; the gateway's callers send those as messages of their own.
#include "host.hpp"

using namespace sendgrid_test;

namespace {

check::message with_texts(std::string subject, const std::string& text, const std::string& html) {
    check::message mail = plain_mail();
    mail.subject = std::move(subject);
    mail.parts.clear();
    if (!text.empty()) mail.parts.push_back({GATEPOST_PART_TEXT, "text/plain", "", "", text});
    if (!html.empty()) mail.parts.push_back({GATEPOST_PART_HTML, "text/html", "", "", html});
    mail.recipients = {{{"ana@example.org", ""}}};
    return mail;
}

// Removes what the plugin adds on purpose, after a look at it.
json without_additions(json body, const check::message& mail) {
    CHECK(body["custom_args"]["gatepost_id"] == mail.id);
    CHECK(body["headers"]["Message-ID"] == "<" + mail.message_id + ">");
    body["custom_args"].erase("gatepost_id");
    body["headers"].erase("Message-ID");
    for (const char* name : {"custom_args", "headers"}) {
        if (body[name].empty()) body.erase(name);
    }
    return body;
}

void same_as(const std::string& name, const check::message& mail, json expected_body) {
    const json request = capture(name)["request"];
    running run(always({}));
    REQUIRE(run.status == GATEPOST_OK);
    CHECK(run.send(mail).verdict == GATEPOST_ACCEPTED);
    REQUIRE(run.seen.size() == 1);
    const check::http_seen& sent = run.seen[0];
    CHECK(sent.method == request["method"].get<std::string>());
    CHECK(sent.url == "https://api.sendgrid.com" + request["path"].get<std::string>());
    CHECK(header_of(sent, "authorization") ==
          request["headers"]["Authorization"].get<std::string>());
    CHECK(header_of(sent, "content-type") == request["headers"]["Content-Type"].get<std::string>());
    CHECK(header_of(sent, "accept") == request["headers"]["Accept"].get<std::string>());
    CHECK(sent.commits);
    CHECK_FALSE(sent.clear_text);
    CHECK(without_additions(json::parse(sent.body), mail) == expected_body);
}

void same_as(const std::string& name, const check::message& mail) {
    same_as(name, mail, json::parse(capture(name)["request"]["body"].get<std::string>()));
}

check::message full_mail() {
    check::message mail =
        with_texts("Žluťoučký kůň – 你好 ✅", "Plain line one\r\nline two\r\n",
                   "<html><body><p>Héllo</p><img src=\"cid:logo-1\"></body></html>");
    mail.from = {"news@example.com", "Zprávy ✅"};
    mail.reply_to = {{"support@example.com", "Support Team"}};
    mail.recipients = {{{"josef@example.org", "Josef Němec"}},
                       {{"li@example.net", "李小龙"}},
                       {{"cc@example.org", "Doe, John \"JD\""}, GATEPOST_CC},
                       {{"audit@example.com", ""}, GATEPOST_BCC}};
    mail.parts.push_back(
        {GATEPOST_PART_ATTACHMENT, "application/pdf", "résumé.pdf", "", "%PDF-1.4 fake"});
    mail.parts.push_back(
        {GATEPOST_PART_INLINE, "image/png", "logo.png", "logo-1", "\x89PNG\r\n\x1A\n"});
    mail.headers = {{"X-Campaign", "autumn"}};
    mail.tags = {"invoices"};
    mail.metadata = {{"gateway_id", "m-0001"}};
    mail.accepted_at = 1'798'700'000'000;
    mail.options_json = R"({
        "categories": ["prod"], "custom_args": {"tenant": "t1"}, "send_at": 1798761600,
        "batch_id": "fakebatchid", "asm": {"group_id": 42, "groups_to_display": [42, 43]},
        "ip_pool_name": "transactional",
        "mail_settings": {"sandbox_mode": {"enable": true},
                          "bypass_list_management": {"enable": false}},
        "tracking_settings": {"click_tracking": {"enable": false, "enable_text": false},
                              "open_tracking": {"enable": false},
                              "subscription_tracking": {"enable": false}}})";
    return mail;
}

}  // namespace

TEST_CASE("a text and html mail goes as the official SDK sends it") {
    same_as("send-simple", with_texts("Invoice 1042", "Your invoice is ready.",
                                      "<p>Your invoice is <b>ready</b>.</p>"));
}

TEST_CASE("a mail with every field goes as the official SDK sends it") {
    json expected = json::parse(capture("send-full")["request"]["body"].get<std::string>());
    json& copy = expected["personalizations"][0]["cc"][0]["name"];
    CHECK(copy == "Doe, John \"JD\"");
    copy = "Doe John \"JD\"";
    same_as("send-full", full_mail(), expected);
}

TEST_CASE("several reply addresses go as a list") {
    check::message mail = with_texts("Reply to list", "x", "");
    mail.reply_to = {{"r1@example.com", "R One"}, {"r2@example.com", ""}};
    same_as("send-reply-to-list", mail);
}

TEST_CASE("a dynamic template needs neither subject nor text") {
    check::message mail = with_texts("", "", "");
    mail.parts = {{GATEPOST_PART_TEXT, "text/plain", "", "", ""}};
    mail.options_json = R"({"template_id": "d-0123456789abcdef0123456789abcdef",
                            "dynamic_template_data": {"name": "Ána", "total": 12.5}})";
    same_as("send-template", mail);
}

TEST_CASE("the key is checked as the official client does it") {
    const json request = capture("verify-scopes")["request"];
    running run(always({.http_status = 200, .body = R"({"scopes":["mail.send"]})"}));
    CHECK(run.test(false).verdict == GATEPOST_ACCEPTED);
    REQUIRE(run.seen.size() == 1);
    CHECK(run.seen[0].method == request["method"].get<std::string>());
    CHECK(run.seen[0].url == "https://api.sendgrid.com" + request["path"].get<std::string>());
    CHECK(run.seen[0].body.empty());
    CHECK(header_of(run.seen[0], "authorization") ==
          request["headers"]["Authorization"].get<std::string>());
    CHECK_FALSE(run.seen[0].commits);
}
