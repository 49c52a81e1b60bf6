// What mailgun.js 14.0.1 sent to a recorder, held against what the plugin sends for the same
// message: method, path, significant headers, and the form part by part (name, file name, type,
// content; parts of one name in their order). What is different on purpose is listed here, with the
// reason, and nothing else may differ:
//
//   h:Message-Id (form)      the same at every attempt, so that a mailbox may find a duplicate
//   Accept                   application/json only: nothing else is understood
//   boundary                 random, the host's
//   Accept-Encoding          the host asks for no content coding
//   GET with Content-Type    a request without a body has no type
//
// Out of scope: send-batch-recipient-variables, which is several mails in one request; the
// gateway's callers send those as messages of their own.
#include "host.hpp"

#include <array>
#include <map>
#include <tuple>

using namespace mailgun_test;

namespace {

using part = std::tuple<std::string, std::string, std::string, std::string>;

std::string decoded(const json& request) {
    const auto text = request["body"].get<std::string>();
    return request["bodyEncoding"] == "base64" ? base64_decoded(text) : text;
}

// The value of `name="..."` in a part's header; empty if there is none.
std::string quoted(const std::string& head, const std::string& name) {
    const size_t at = head.find(" " + name + "=\"");
    if (at == std::string::npos) return "";
    const size_t begin = at + name.size() + 3;
    return head.substr(begin, head.find('"', begin) - begin);
}

std::string type_of(const std::string& head) {
    const std::string name = "Content-Type: ";
    const size_t at = head.find(name);
    if (at == std::string::npos) return "";
    return head.substr(at + name.size(), head.find("\r\n", at) - at - name.size());
}

std::vector<part> recorded_parts(const json& request) {
    const std::string body = decoded(request);
    const auto type = request["headers"]["Content-Type"].get<std::string>();
    const std::string mark = "--" + type.substr(type.find("boundary=") + 9);
    std::vector<part> out;
    for (size_t at = body.find(mark); at != std::string::npos;) {
        const size_t begin = at + mark.size() + 2;
        const size_t end = body.find("\r\n" + mark, begin);
        if (end == std::string::npos) break;
        const size_t blank = body.find("\r\n\r\n", begin);
        const std::string head = body.substr(begin, blank - begin + 2);
        out.emplace_back(quoted(head, "name"), quoted(head, "filename"), type_of(head),
                         body.substr(blank + 4, end - blank - 4));
        at = end + 2;
    }
    return out;
}

// By name; parts of one name as they came.
std::vector<part> in_order(const std::vector<part>& parts) {
    std::multimap<std::string, part> by_name;
    for (const part& each : parts)
        by_name.emplace(std::get<0>(each), each);
    std::vector<part> out;
    for (const auto& [name, each] : by_name)
        out.push_back(each);
    return out;
}

std::vector<part> parts_of(const check::http_seen& sent) {
    std::vector<part> out;
    for (const auto& one : sent.parts)
        out.emplace_back(one.name, one.filename, one.type, one.content);
    return out;
}

const std::string queued =
    R"({"id":"<20261122134500.1.0123456789abcdef@mg.example.com>","message":"Queued."})";

check::http_seen sent_for(const check::message& mail, const std::string& settings) {
    running run(always({.http_status = 200, .body = queued}), settings);
    REQUIRE(run.status == GATEPOST_OK);
    CHECK(run.send(mail).verdict == GATEPOST_ACCEPTED);
    REQUIRE(run.seen.size() == 1);
    return run.seen[0];
}

void same_as(const std::string& name, const check::message& mail,
             const std::string& settings = usual) {
    const json request = capture(name)["request"];
    const check::http_seen sent = sent_for(mail, settings);
    CHECK(sent.method == request["method"].get<std::string>());
    CHECK(sent.url == "https://api.mailgun.net" + request["path"].get<std::string>());
    CHECK(header_of(sent, "authorization") ==
          request["headers"]["Authorization"].get<std::string>());
    CHECK(header_of(sent, "content-type").empty());  // the host writes it, with its boundary
    CHECK(sent.commits);
    CHECK(sent.body.empty());
    std::vector<part> ours = parts_of(sent);
    const part id{"h:Message-Id", "", "", "<" + mail.message_id + ">"};
    ours.erase(std::remove(ours.begin(), ours.end(), id), ours.end());
    CHECK(in_order(ours) == in_order(recorded_parts(request)));
}

const std::string as_form =
    R"({"api_key":"fake-mailgun-key-for-tests","domain":"mg.example.com","mode":"form"})";

check::message full_mail() {
    check::message mail = plain_mail();
    mail.from = {"news@mg.example.com", "Zprávy ✅"};
    mail.recipients = {{{"josef@example.org", "Josef Němec"}},
                       {{"li@example.net", "李小龙"}},
                       {{"cc@example.org", "Doe, John"}, GATEPOST_CC},
                       {{"audit@example.com", ""}, GATEPOST_BCC}};
    mail.subject = "Žluťoučký kůň – 你好 ✅";
    mail.reply_to = {{"support@example.com", "Support Team"}, {"desk@example.com", ""}};
    mail.headers = {{"X-Campaign", "autumn"}};
    mail.tags = {"invoices"};
    mail.metadata = {{"gateway-id", "m-0001"}};
    mail.accepted_at = 1'798'700'000'000;
    mail.parts = {
        {GATEPOST_PART_TEXT, "text/plain", "", "", "Plain line one\r\nline two\r\n"},
        {GATEPOST_PART_HTML, "text/html", "", "",
         "<html><body><p>Héllo</p><img src=\"cid:logo.png\"></body></html>"},
        {GATEPOST_PART_ATTACHMENT, "application/pdf", "résumé.pdf", "", "%PDF-1.4 fake"},
        {GATEPOST_PART_INLINE, "image/png", "a name.png", "logo.png", "\x89PNG\r\n\x1A\n"}};
    mail.options_json = R"({
        "tags": ["prod"], "variables": {"json": {"tenant": "t1"}}, "testmode": true,
        "deliverytime": "Fri, 01 Jan 2027 00:00:00 +0000", "tracking": "no",
        "tracking_clicks": "htmlonly", "dkim": true, "require_tls": true,
        "skip_verification": false})";
    return mail;
}

}  // namespace

TEST_CASE("a text and html mail in form mode goes as the official SDK sends it") {
    check::message mail = plain_mail();
    mail.recipients = {{{"ana@example.org", ""}}};
    mail.subject = "Invoice 1042";
    mail.parts = {
        {GATEPOST_PART_TEXT, "text/plain", "", "", "Your invoice is ready."},
        {GATEPOST_PART_HTML, "text/html", "", "", "<p>Your invoice is <b>ready</b>.</p>"}};
    same_as("send-simple", mail, as_form);
}

TEST_CASE("a mail with every field in form mode goes as the official SDK sends it") {
    same_as("send-full", full_mail(), as_form);
}

TEST_CASE("a whole message goes as the official SDK sends it") {
    const json request = capture("send-mime")["request"];
    check::message mail = plain_mail();
    mail.recipients = {{{"ana@example.org", "Ana"}}, {{"bob@example.net", ""}, GATEPOST_BCC}};
    mail.tags = {"mime"};
    for (const part& one : recorded_parts(request)) {
        if (std::get<0>(one) == "message") mail.whole = std::get<3>(one);
    }
    REQUIRE(mail.whole.starts_with("From: donotreply@mg.example.com\r\n"));
    same_as("send-mime", mail);
}

TEST_CASE("key and domain are checked as the official client does it") {
    const json request = capture("verify-domain-get")["request"];
    running run(always({.http_status = 200, .body = R"({"domain":{"state":"active"}})"}));
    CHECK(run.test(false).verdict == GATEPOST_ACCEPTED);
    REQUIRE(run.seen.size() == 1);
    CHECK(run.seen[0].method == request["method"].get<std::string>());
    CHECK(run.seen[0].url == "https://api.mailgun.net" + request["path"].get<std::string>());
    CHECK(run.seen[0].body.empty());
    CHECK(header_of(run.seen[0], "authorization") ==
          request["headers"]["Authorization"].get<std::string>());
    CHECK_FALSE(run.seen[0].commits);
}
