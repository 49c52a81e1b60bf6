// The requests of @azure/communication-email 1.1.0, held against ours for the same message: method,
// path and query, significant headers and the JSON field by field. Different on purpose:
//
//   host                      the SDK spoke to a loopback recorder
//   Operation-Id              always there, made of the message's id: a retry is no second mail
//   headers["Message-ID"]     the gateway's own, so that its log and the mail agree
//   x-ms-client-request-id, user-agent, accept-encoding    tracing, and codings we do not read
//   content-type of a GET     the SDK sends one for no body
#include "host.hpp"

using namespace azure_test;

namespace {

json capture_of(const std::string& name) {
    return http_provider::capture_of(AZURE_CAPTURES, name)["request"];
}

const std::string base = "https://my-resource.communication.azure.com";

void compare(running& with, const std::string& name, const check::message& mail) {
    INFO(name);
    const json capture = capture_of(name);
    CHECK(with.send(mail).verdict == GATEPOST_ACCEPTED);
    REQUIRE(with.seen.size() == 1);
    const check::http_seen& ours = with.seen.front();
    CHECK(ours.method == capture["method"].get<std::string>());
    CHECK(ours.url == base + capture["path"].get<std::string>());
    CHECK(header_of(ours, "content-type") == capture["headers"]["Content-Type"].get<std::string>());
    CHECK(header_of(ours, "accept") == capture["headers"]["Accept"].get<std::string>());
    CHECK(header_of(ours, "operation-id").size() == 36);
    CHECK(ours.commits);
    json mine = json::parse(ours.body);
    CHECK(mine["headers"]["Message-ID"] == "<" + mail.message_id + ">");
    mine["headers"].erase("Message-ID");
    if (mine["headers"].empty()) mine.erase("headers");
    CHECK(mine == json::parse(capture["body"].get<std::string>()));
}

check::message mail_to_ana() {
    check::message mail = plain_mail();
    mail.from = {"donotreply@example.com", ""};
    mail.recipients = {{{"ana@example.org", ""}}};
    return mail;
}

}  // namespace

TEST_CASE("a simple mail is that of the SDK") {
    check::message mail = mail_to_ana();
    mail.subject = "Invoice 1042";
    mail.parts = {
        {GATEPOST_PART_TEXT, "text/plain", "", "", "Your invoice is ready."},
        {GATEPOST_PART_HTML, "text/html", "", "", "<p>Your invoice is <b>ready</b>.</p>"}};
    running with;
    compare(with, "azure-send-simple", mail);
}

TEST_CASE("the older API version is that of the SDK") {
    check::message mail = mail_to_ana();
    mail.recipients[0].who.name = "Ana";
    mail.subject = "Api version test";
    mail.parts = {{GATEPOST_PART_TEXT, "text/plain", "", "", "x"}};
    json settings = usual_settings();
    settings["api_version"] = "2023-03-31";
    running with(settings);
    compare(with, "azure-send-apiversion-2023-03-31", mail);
}

TEST_CASE("a mail with everything is that of the SDK") {
    check::message mail = plain_mail();
    mail.from = {"news@example.com", ""};
    mail.recipients = {{{"josef@example.org", "Josef Němec"}},
                       {{"li@example.net", "李小龙"}},
                       {{"cc@example.org", "Doe, John \"JD\""}, GATEPOST_CC},
                       {{"audit@example.com", ""}, GATEPOST_BCC}};
    mail.reply_to = {{"support@example.com", "Support Team"}, {"desk@example.com", ""}};
    mail.subject = "Žluťoučký kůň – 你好 ✅";
    mail.headers = {{"X-Campaign", "autumn"}, {"List-Unsubscribe", "<https://example.com/u?id=1>"}};
    mail.parts = {{GATEPOST_PART_TEXT, "text/plain", "", "", "Plain line one\r\nline two\r\n"},
                  {GATEPOST_PART_HTML, "text/html", "", "",
                   "<html><body><p>Héllo</p><img src=\"cid:logo-1\"></body></html>"},
                  {GATEPOST_PART_ATTACHMENT, "application/pdf", "résumé.pdf", "", "%PDF-1.4 fake"},
                  {GATEPOST_PART_INLINE, "image/png", "logo.png", "logo-1", "\x89PNG\r\n\x1A\n"}};
    mail.options_json =
        R"({"tracking":"off","operation_id":"c0ffee00-1111-4222-8333-444455556666"})";
    running with;
    compare(with, "azure-send-full", mail);
    CHECK(header_of(with.seen[0], "operation-id") ==
          capture_of("azure-send-full")["headers"]["Operation-Id"].get<std::string>());
    CHECK(with.record.body_bytes == 0);  // not a byte came into the plugin
}

TEST_CASE("a mail by Entra ID carries the token, and nothing of a signature") {
    check::message mail = mail_to_ana();
    mail.subject = "Entra token test";
    mail.parts = {{GATEPOST_PART_TEXT, "text/plain", "", "", "x"}};
    const json sent = capture_of("azure-send-entra-token")["headers"];
    check::host_options options;
    options.oauth = [](bool) {
        return std::string("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.e30.fake");
    };
    running with(entra_settings(), std::move(options));
    compare(with, "azure-send-entra-token", mail);
    CHECK(header_of(with.seen[0], "authorization") == sent["Authorization"].get<std::string>());
    CHECK(header_of(with.seen[0], "x-ms-date").empty());
    CHECK(header_of(with.seen[0], "x-ms-content-sha256").empty());
}

TEST_CASE("an operation is asked for as the SDK does") {
    const json capture = capture_of("azure-poll-status");
    running with;
    with.answer = [](const check::http_seen&) { return operation(200, "Succeeded"); };
    check::call_options what;
    what.kind = GATEPOST_LOOKUP;
    what.state = R"({"operation":"8540c0de-899f-5cce-acb5-3ec493af3800"})";
    CHECK(with.call(what).verdict == GATEPOST_ACCEPTED);
    REQUIRE(with.seen.size() == 1);
    CHECK(with.seen[0].method == capture["method"].get<std::string>());
    CHECK(with.seen[0].url == base + capture["path"].get<std::string>());
    CHECK(header_of(with.seen[0], "accept") == capture["headers"]["Accept"].get<std::string>());
    CHECK(header_of(with.seen[0], "x-ms-content-sha256") ==
          capture["headers"]["x-ms-content-sha256"].get<std::string>());
}
