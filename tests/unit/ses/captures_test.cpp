// The requests of @aws-sdk/client-sesv2 3.1169.0, held against ours for the same message: method,
// path, content type and the JSON field by field. Different on purpose:
//
//   host                         the SDK spoke to a loopback recorder
//   amz-sdk-*, x-amz-user-agent, user-agent
//                                the SDK's own bookkeeping; SES asks for none of it
//   encoded words                ours are base64 throughout; both sides are decoded first
//   order of EmailTags           ours are sorted by name
//   ContentDescription           a message of the gateway has no description of an attachment
//   ContentTransferEncoding      ours says BASE64 always, which is what it is
//   TemplateData                 compared as JSON, not as text
//
// Out of scope: ses-send-bulk (many messages in one call).
#include "host.hpp"

using namespace ses_test;

namespace {

json capture_of(const std::string& name) {
    return http_provider::capture_of(SES_CAPTURES, name);
}

std::string q_decoded(const std::string& text) {
    std::string out;
    for (size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '=') {
            out += static_cast<char>(std::stoi(text.substr(at + 1, 2), nullptr, 16));
            at += 2;
        } else {
            out += text[at] == '_' ? ' ' : text[at];
        }
    }
    return out;
}

std::string decoded(std::string text) {
    for (size_t begin = text.find("=?UTF-8?"); begin != text.npos;
         begin = text.find("=?UTF-8?", begin)) {
        const size_t end = text.find("?=", begin + 10);
        const std::string content = text.substr(begin + 10, end - begin - 10);
        const std::string plain =
            text[begin + 8] == 'B' ? base64_decoded(content) : q_decoded(content);
        text.replace(begin, end + 2 - begin, plain);
    }
    return text;
}

void normalise(json& value) {
    if (value.is_string()) value = decoded(value.get<std::string>());
    if (value.is_structured()) {
        for (json& one : value)
            normalise(one);
    }
    if (!value.is_object()) return;
    value.erase("ContentDescription");
    value.erase("ContentTransferEncoding");
    if (value.contains("TemplateData"))
        value["TemplateData"] = json::parse(value["TemplateData"].get<std::string>());
}

void compare(running& with, const std::string& name, const check::message& mail) {
    INFO(name);
    const json capture = capture_of(name)["request"];
    const check::outcome said = with.send(mail);
    CHECK(said.verdict == GATEPOST_ACCEPTED);
    REQUIRE(with.seen.size() == 1);
    const check::http_seen& ours = with.seen.front();
    CHECK(ours.method == capture["method"].get<std::string>());
    CHECK(ours.url == "https://email.eu-west-1.amazonaws.com" + capture["path"].get<std::string>());
    CHECK(header_of(ours, "content-type") == capture["headers"]["content-type"].get<std::string>());
    CHECK(ours.commits);
    CHECK_FALSE(ours.clear_text);
    json theirs = json::parse(capture["body"].get<std::string>());
    json mine = json::parse(ours.body);
    normalise(theirs);
    normalise(mine);
    CHECK(mine == theirs);
}

check::message mail_of(const std::string& from, const std::string& to) {
    check::message mail = check::simple_message();
    mail.from = {from, ""};
    mail.recipients = {{{to, ""}}};
    mail.parts.clear();
    return mail;
}

check::part text_part(const std::string& text) {
    return {GATEPOST_PART_TEXT, "text/plain; charset=utf-8", "", "", text};
}
check::part html_part(const std::string& text) {
    return {GATEPOST_PART_HTML, "text/html; charset=utf-8", "", "", text};
}

check::message full_mail() {
    check::message mail = mail_of("news@example.com", "josef@example.org");
    mail.from.name = "Zprávy ✅";
    mail.recipients = {{{"josef@example.org", "Josef Němec"}},
                       {{"li@example.net", "李小龙"}},
                       {{"cc@example.org", "Doe, John \"JD\""}, GATEPOST_CC},
                       {{"audit@example.com", ""}, GATEPOST_BCC}};
    mail.reply_to = {{"support@example.com", "Support Team"}, {"desk@example.com", ""}};
    mail.subject = "Žluťoučký kůň – 你好 ✅";
    mail.headers = {{"X-Campaign", "autumn"}};
    mail.parts = {text_part("Plain line one\r\nline two\r\n"),
                  html_part("<html><body><p>Héllo</p><img src=\"cid:logo-1\"></body></html>"),
                  {GATEPOST_PART_ATTACHMENT, "application/pdf", "résumé.pdf", "", "%PDF-1.4 fake"},
                  {GATEPOST_PART_INLINE, "image/png", "logo.png", "logo-1", "\x89PNG\r\n\x1A\n"}};
    return mail;
}

}  // namespace

TEST_CASE("simple content is that of the SDK") {
    json settings = usual_settings();
    settings["mode"] = "simple";
    check::message mail = mail_of("donotreply@example.com", "ana@example.org");
    SECTION("text and html") {
        mail.subject = "Invoice 1042";
        mail.parts = {text_part("Your invoice is ready."),
                      html_part("<p>Your invoice is <b>ready</b>.</p>")};
        running with(settings);
        compare(with, "ses-send-simple", mail);
    }
    SECTION("a session token is sent and signed") {
        settings["session_token"] = "FAKETOKENFAKETOKEN==";
        mail.subject = "Token";
        mail.parts = {text_part("x")};
        running with(settings);
        compare(with, "ses-send-session-token", mail);
        CHECK(header_of(with.seen[0], "x-amz-security-token") == "FAKETOKENFAKETOKEN==");
        const std::string by = header_of(with.seen[0], "authorization");
        CHECK(by.find("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;"
                      "x-amz-security-token,") != by.npos);
    }
    SECTION("every field") {
        const std::string arn = "arn:aws:ses:eu-west-1:111122223333:identity/example.com";
        mail = full_mail();
        mail.options_json = json{{"configuration_set", "prod-set"},
                                 {"tenant", "tenant-1"},
                                 {"tags", {{"campaign", "autumn"}, {"tenant", "t1"}}},
                                 {"from_identity_arn", arn},
                                 {"feedback_address", "bounces@example.com"},
                                 {"feedback_identity_arn", arn},
                                 {"list_management", {{"contact_list", "main"}, {"topic", "news"}}}}
                                .dump();
        running with(settings);
        compare(with, "ses-send-full", mail);
    }
}

TEST_CASE("raw content is that of the SDK, whole and streamed") {
    check::message mail = mail_of("donotreply@example.com", "ana@example.org");
    mail.recipients.push_back({{"audit@example.com", "Audit"}, GATEPOST_BCC});
    const json theirs =
        json::parse(capture_of("ses-send-raw")["request"]["body"].get<std::string>());
    mail.whole = base64_decoded(theirs["Content"]["Raw"]["Data"]);
    json settings = usual_settings();
    settings["configuration_set"] = "prod-set";
    running with(settings);
    compare(with, "ses-send-raw", mail);
    CHECK(with.record.body_bytes == 0);  // not a byte came into the plugin
}

TEST_CASE("mail that came raw keeps its From, so that signatures hold") {
    running with;
    CHECK(with.send(check::raw_message()).verdict == GATEPOST_ACCEPTED);
    const json body = json::parse(with.seen.at(0).body);
    CHECK_FALSE(body.contains("FromEmailAddress"));
    CHECK(body["Destination"]["ToAddresses"] == json{"first@example.net"});
}

TEST_CASE("a template is that of the SDK") {
    check::message mail = mail_of("donotreply@example.com", "ana@example.org");
    mail.options_json = R"({"template":{"name":"welcome","data":{"name":"Ána"}}})";
    running with;
    compare(with, "ses-send-template", mail);
}

TEST_CASE("the account is asked as the SDK does") {
    const json capture = capture_of("ses-verify-get-account")["request"];
    running with;
    with.test(false);
    REQUIRE(with.seen.size() == 1);
    CHECK(with.seen[0].method == capture["method"].get<std::string>());
    CHECK(with.seen[0].url ==
          "https://email.eu-west-1.amazonaws.com" + capture["path"].get<std::string>());
    CHECK(header_of(with.seen[0], "x-amz-content-sha256") ==
          capture["headers"]["x-amz-content-sha256"].get<std::string>());
    CHECK_FALSE(with.seen[0].commits);
}
