// The bytes of a message: what goes in comes out, and garbage is an error.
#include "spool/record.hpp"

#include "spool_kit.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

mail::message full_message() {
    auto mail = make_message({42}, {"first@example.net", "zw\xc3\xb6lf@example.net"});
    mail.from->name =
        "\xc3\x84"
        "cme";
    mail.sender = mailbox("sender@example.com");
    mail.reply_to = {mailbox("reply@example.com")};
    mail.recipients[1].kind = mail::role::bcc;
    mail.recipients[1].dsn_notify = mail::notify_failure;
    mail.recipients[1].dsn_orcpt = "rfc822;x@example.net";
    mail.headers = {{"X-Campaign", "7"}};
    mail.tags = {"signup", ""};
    mail.metadata = {{"user", "42"}};
    mail.provider_options = {{"sendgrid", "{\"sandbox\":true}"}};
    mail.ret = mail::dsn_ret::headers;
    mail.dsn_envid = "envelope";
    mail.urgency = mail::priority::high;
    mail.connection = "primary";
    mail.organization = "acme";
    mail.on_unknown = mail::unknown_rule::hold;
    mail.send_at = start_of_time();
    mail::part attached;
    attached.kind = mail::part_role::attachment;
    attached.type = "application/pdf";
    attached.filename = "a.pdf";
    attached.content_id = "cid";
    attached.body = mail::content::from_string(std::string("\0\xff\r\n", 4));
    mail.parts.push_back(attached);
    return mail;
}

std::string encode(const mail::message& mail) {
    const std::vector<spool::content_place> inline_all(spool::contents_of(mail).size());
    return encode_record(mail, inline_all);
}

}  // namespace

TEST_CASE("a message survives its bytes, field by field") {
    const auto mail = full_message();
    const std::string bytes = encode(mail);
    const auto back = spool::decode_record(bytes, "/nowhere");
    REQUIRE(back.ok());
    CHECK(encode(*back) == bytes);
    CHECK(back->id == mail.id);
    CHECK(back->from->name ==
          "\xc3\x84"
          "cme");
    CHECK(back->recipients[1].who.addr.text() == "zw\xc3\xb6lf@example.net");
    CHECK(back->recipients[1].kind == mail::role::bcc);
    CHECK(back->parts[1].body.view() == std::string_view("\0\xff\r\n", 4));
    CHECK(back->provider_options == mail.provider_options);
    CHECK(back->on_unknown == mail::unknown_rule::hold);
    CHECK(back->send_at == mail.send_at);
    CHECK_FALSE(back->expires_at);
}

TEST_CASE("the head can be read without the contents") {
    const auto head = spool::decode_record_head(encode(full_message()));
    REQUIRE(head.ok());
    CHECK(head->parts.size() == 2);
    CHECK(head->parts[1].body.size() == 0);
    CHECK(head->subject == full_message().subject);
}

TEST_CASE("raw mail keeps its header block and body") {
    auto mail = make_message({1}, {"a@example.net"});
    mail.parts.clear();
    mail.raw.emplace();
    mail.raw->header_block = "Subject: x\r\n\r\n";
    mail.raw->body = mail::content::from_string("body\r\n");
    mail.raw->raw_only = true;
    const auto back = spool::decode_record(encode(mail), "/nowhere");
    REQUIRE(back.ok());
    REQUIRE(back->raw);
    CHECK(back->raw->header_block == "Subject: x\r\n\r\n");
    CHECK(back->raw->body.view() == "body\r\n");
    CHECK(back->raw->raw_only);
}

TEST_CASE("a content in a file comes back as that part of the file") {
    const auto mail = full_message();
    const std::vector<spool::content_place> places = {{"", 0}, {"0123abcd", 17}};
    const auto back = spool::decode_record(encode_record(mail, places), "/contents");
    REQUIRE(back.ok());
    CHECK(back->parts[1].body.path() == "/contents/0123abcd");
    CHECK(back->parts[1].body.offset() == 17);
    CHECK(back->parts[1].body.size() == 4);
}

TEST_CASE("no flipped bit and no missing byte of a record goes unseen") {
    const std::string bytes = encode(full_message());
    for (size_t i = 0; i < bytes.size(); ++i) {
        std::string flipped = bytes;
        flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
        CHECK_FALSE(spool::decode_record(flipped, "/nowhere").ok());
        CHECK_FALSE(spool::decode_record(bytes.substr(0, i), "/nowhere").ok());
    }
    CHECK_FALSE(spool::decode_record(bytes + "x", "/nowhere").ok());
}

TEST_CASE("a record cannot name a file outside its folder") {
    const auto mail = full_message();
    for (const auto* name : {"../secret", "/etc/passwd", ".hidden"}) {
        const std::vector<spool::content_place> places = {{"", 0}, {name, 0}};
        CHECK_FALSE(spool::decode_record(encode_record(mail, places), "/contents").ok());
    }
}
