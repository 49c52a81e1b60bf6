// Sends in JSON: what becomes of every member, however the bytes are cut.
#include "api_types/send_reader.hpp"

#include "base/text.hpp"
#include "reading.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using reading::send;
using reading::with;

namespace {

constexpr std::string_view everything = R"({
 "from": "Acme <noreply@example.com>", "sender": {"email": "desk@example.com"},
 "to": ["first@example.net", {"email": "second@example.net", "name": "Second Recipient"}],
 "cc": "Third <third@example.net>", "bcc": [{"email": "hidden@example.net"}],
 "reply_to": ["answers@example.com"], "subject": "Gr\u00fc\u00dfe \ud83d\ude00",
 "text": "line one\nline \"two\"\n", "html": "<p>x<\/p>",
 "headers": {"X-Campaign": "7", "List-Id": "<news.example.com>"},
 "attachments": [
  {"filename": "a.pdf", "content_type": "application/pdf", "content": "aGVsbG8=",
   "disposition": "attachment"},
  {"content": "iVBO\/w==", "content_type": "image/png", "content_id": "<logo>", "filename": "l.png"},
  {"content": "", "filename": "empty"}],
 "tags": ["signup", "eu"], "metadata": {"user": "42"}, "organization": "acme",
 "connection": "primary", "priority": "high", "on_unknown": "hold",
 "provider_options": {"sendgrid": {"sandbox": true, "n": [1, -2.50, null, "a\"b", {}]}, "ses": {}},
 "dsn": {"notify": ["failure", "delay"], "ret": "headers", "envid": "e-1"},
 "send_at": "2026-12-01T08:00:00Z", "expires_at": "2026-12-02T09:00:00+01:00"})";

std::string body_of(const mail::part& part) {
    return *part.body.read_all();
}

void check_people(const mail::message& mail) {
    CHECK(mail.from->name == "Acme");
    CHECK(mail.from->addr.text() == "noreply@example.com");
    CHECK(mail.sender->addr.text() == "desk@example.com");
    CHECK(mail.envelope_from->text() == "desk@example.com");
    REQUIRE(mail.recipients.size() == 4);
    CHECK(mail.recipients[0].who.addr.text() == "first@example.net");
    CHECK(mail.recipients[1].who.name == "Second Recipient");
    CHECK(mail.recipients[2].kind == mail::role::cc);
    CHECK(mail.recipients[3].kind == mail::role::bcc);
    CHECK(mail.recipients[3].dsn_notify == (mail::notify_failure | mail::notify_delay));
    REQUIRE(mail.reply_to.size() == 1);
    CHECK(mail.reply_to[0].addr.text() == "answers@example.com");
}

void check_parts(const mail::message& mail) {
    REQUIRE(mail.parts.size() == 5);
    CHECK(mail.parts[0].kind == mail::part_role::text);
    CHECK(mail.parts[0].type == "text/plain; charset=utf-8");
    CHECK(body_of(mail.parts[0]) == "line one\nline \"two\"\n");
    CHECK(mail.parts[1].kind == mail::part_role::html);
    CHECK(body_of(mail.parts[1]) == "<p>x</p>");
    CHECK(mail.parts[2].kind == mail::part_role::attachment);
    CHECK(mail.parts[2].type == "application/pdf");
    CHECK(body_of(mail.parts[2]) == "hello");
    CHECK(mail.parts[3].kind == mail::part_role::inline_);
    CHECK(mail.parts[3].content_id == "logo");
    CHECK(mail.parts[3].filename == "l.png");
    CHECK(body_of(mail.parts[3]) == *text::base64_decode("iVBO/w=="));
    CHECK(mail.parts[4].type == "application/octet-stream");
    CHECK(mail.parts[4].body.size() == 0);
}

void check_labels(const mail::message& mail) {
    CHECK(mail.subject == "Grüße 😀");
    REQUIRE(mail.headers.size() == 2);
    CHECK(mail.headers[0].name == "X-Campaign");
    CHECK(mail.headers[0].value == "7");
    CHECK(mail.tags == std::vector<std::string>{"signup", "eu"});
    REQUIRE(mail.metadata.size() == 1);
    CHECK(mail.metadata[0].second == "42");
    CHECK(mail.organization == "acme");
    CHECK(mail.connection == "primary");
    CHECK(mail.urgency == mail::priority::high);
    CHECK(mail.on_unknown == mail::unknown_rule::hold);
    CHECK(mail.provider_options.at("sendgrid") ==
          R"({"sandbox":true,"n":[1,-2.50,null,"a\"b",{}]})");
    CHECK(mail.provider_options.at("ses") == "{}");
    CHECK(mail.ret == mail::dsn_ret::headers);
    CHECK(mail.dsn_envid == "e-1");
    CHECK(format_rfc3339(*mail.send_at) == "2026-12-01T08:00:00.000Z");
    CHECK(format_rfc3339(*mail.expires_at) == "2026-12-02T08:00:00.000Z");
}

}  // namespace

TEST_CASE("every member of a send arrives, however the bytes are cut") {
    for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{64}, size_t{100000}}) {
        INFO("pieces of " << piece);
        const auto got = send(everything, piece);
        REQUIRE(got);
        check_people(got->mail);
        check_parts(got->mail);
        check_labels(got->mail);
        CHECK(got->bytes == 20 + 8 + 4 + 5);
        CHECK(got->fingerprint.empty());
    }
}

TEST_CASE("one recipient may stand without a list, and from may be left out") {
    const auto got = send(R"({"to":"B <b@example.net>","subject":"x"})");
    REQUIRE(got);
    CHECK_FALSE(got->mail.from);
    CHECK_FALSE(got->mail.envelope_from);
    CHECK(got->mail.recipients[0].who.name == "B");
    REQUIRE(got->mail.parts.size() == 1);
    CHECK(got->mail.parts[0].body.size() == 0);
}

TEST_CASE("an address named twice gets one copy, at its first place") {
    const auto got = send(R"({"bcc":["c@example.net","a@EXAMPLE.net"],"cc":["b@example.net"],
        "to":["a@example.net","b@Example.Net"],"text":"x"})");
    REQUIRE(got);
    REQUIRE(got->mail.recipients.size() == 3);
    CHECK(got->mail.recipients[0].who.addr.text() == "a@example.net");
    CHECK(got->mail.recipients[0].kind == mail::role::to);
    CHECK(got->mail.recipients[1].kind == mail::role::to);
    CHECK(got->mail.recipients[2].who.addr.text() == "c@example.net");
}

TEST_CASE("an empty text beside an html is left out") {
    const auto got = send(R"({"to":"b@example.net","text":"","html":"<p>"})");
    REQUIRE(got);
    REQUIRE(got->mail.parts.size() == 1);
    CHECK(got->mail.parts[0].kind == mail::part_role::html);
}

TEST_CASE("a large attachment streams through, also where every slash is escaped") {
    std::string bytes(3'000'000, '\xff');
    std::string escaped;
    for (const char c : text::base64_encode(bytes)) {
        if (c == '/') escaped += '\\';
        escaped += c;
    }
    const std::string json =
        with(R"("attachments":[{"filename":"f","content":")" + escaped + "\"}]");
    const auto got = send(json, 65536);
    REQUIRE(got);
    CHECK(body_of(got->mail.parts[1]) == bytes);
}

TEST_CASE("content over the cap ends the reading at once") {
    auto how = reading::options();
    how.max_bytes = 1000;
    const auto got = send(with(R"("html":")" + std::string(2000, 'x') + "\""), 100, how);
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == error_kind::too_large);
}

TEST_CASE("a content that cannot be written is a storage error, not the caller's") {
    class full_disk final : public mail::content_writer {
        status write(std::string_view) override { return error{error_kind::storage, "full"}; }
        result<mail::content> finish() override { return error{error_kind::storage, "full"}; }
        uint64_t size() const override { return 0; }
    };
    auto how = reading::options();
    how.contents = [] { return std::make_unique<full_disk>(); };
    const auto got = send(with(R"("html":"x")"), 10, how);
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == error_kind::storage);
}

TEST_CASE("aliases and names without a domain are put in their place as the mail is read") {
    auto how = reading::options();
    how.addresses = std::make_shared<const mail::address_book>(
        *mail::address_book::make("example.com", {{"root", {"a@example.net", "b@example.net"}}}));
    const auto got = reading::send(
        R"({"from":"cron","reply_to":"nobody","to":["root",{"email":"root","name":"R"}],
            "bcc":["x"],"text":"Hi"})",
        std::string_view::npos, how);
    REQUIRE(got);
    CHECK(got->mail.from->addr.text() == "cron@example.com");
    CHECK(got->mail.envelope_from->text() == "cron@example.com");
    CHECK(got->mail.reply_to.at(0).addr.text() == "nobody@example.com");
    REQUIRE(got->mail.recipients.size() == 3);
    CHECK(got->mail.recipients[1].who.addr.text() == "b@example.net");
    CHECK(got->mail.recipients[2].kind == mail::role::bcc);
    CHECK(reading::complaint(R"({"from":"a@example.org","to":["root"],"text":"Hi"})", "/to/0") ==
          "\"root\" has no domain, no alias has this name, and default_domain is not set in "
          "gatepost.toml to complete it.");
}
