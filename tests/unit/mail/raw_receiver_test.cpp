// Raw mail as it comes in: cut anywhere, with any line ends, honest or hostile.
#include <cctype>

#include "mail_support.hpp"

namespace {

using namespace mail_test;

const std::string sample =
    "Return-Path: <bounce@example.com>\n"
    "From: =?utf-8?Q?M=C3=BCller?= <m@example.com>\n"
    "To: a@example.net,\n b@example.net\n"
    "Cc: \"C, C\" <c@example.net>\n"
    "Bcc: hidden@example.net,\n\thidden2@example.net\n"
    "Resent-Bcc: other@example.net\n"
    "Reply-To: r@example.com\n"
    "Subject: folded\n subject\n"
    "X-Custom: one\n"
    "Message-ID: <given@example.com>\n"
    "Date: Tue, 1 Dec 2026 09:30:00 +0100\n"
    "Received: from x by y\n"
    "X-Received: by 2002:a05::1\n"
    "Content-Type: text/plain; charset=utf-8\n"
    "\n"
    "line one\r.dot\r\n\r\nlast";

std::string refusal(std::string_view bytes) {
    const auto got = receive(bytes);
    if (got) return "accepted";
    CHECK(got.error().kind == error_kind::invalid);
    return got.error().detail;
}

bool mentions(const std::string& text, std::string_view what) {
    INFO(text);
    return text.find(what) != std::string::npos;
}

TEST_CASE("A mail is received, cleaned and read") {
    const auto got = receive(sample);
    REQUIRE(got);
    const message& mail = got->mail;
    CHECK(mail.from->name == "M\xC3\xBCller");
    CHECK(mail.from->addr.text() == "m@example.com");
    CHECK(mail.subject == "folded subject");
    CHECK(mail.message_id == "given@example.com");
    CHECK(format_rfc3339(mail.date) == "2026-12-01T08:30:00.000Z");
    REQUIRE(mail.reply_to.size() == 1);
    REQUIRE(mail.headers.size() == 1);
    CHECK(mail.headers[0].name == "X-Custom");
    CHECK(got->headers.to.size() == 2);
    CHECK(got->headers.cc[0].name == "C, C");
    REQUIRE(got->headers.bcc.size() == 2);
    CHECK(got->headers.content_type == "text/plain");
    const std::string& block = mail.raw->header_block;
    CHECK(block.find("hidden") == std::string::npos);
    CHECK(block.find("other@") == std::string::npos);
    CHECK(block.find("Return-Path") == std::string::npos);
    CHECK(block.find("Received: from x by y\r\nX-Received: by") != std::string::npos);
    CHECK(block.ends_with("\r\n\r\n"));
    CHECK(mail.raw->body.view() == "line one\r\n.dot\r\n\r\nlast");
    CHECK_FALSE(mail.raw->raw_only);
    CHECK_FALSE(mail.raw->has_8bit);
}

TEST_CASE("Wherever it is cut, the result is the same") {
    const auto whole = receive(sample);
    REQUIRE(whole);
    for (size_t cut = 0; cut <= sample.size(); ++cut) {
        raw_receiver receiver(memory_content());
        REQUIRE(receiver.feed(std::string_view(sample).substr(0, cut)));
        REQUIRE(receiver.feed(std::string_view(sample).substr(cut)));
        const auto got = receiver.finish(some_id(), some_time(), "h");
        REQUIRE(got);
        REQUIRE(got->mail.raw->header_block == whole->mail.raw->header_block);
        REQUIRE(got->mail.raw->body.view() == whole->mail.raw->body.view());
    }
    for (const size_t piece : {1U, 2U, 3U, 7U}) {
        const auto got = receive(sample, piece);
        REQUIRE(got);
        CHECK(got->mail.raw->header_block == whole->mail.raw->header_block);
        CHECK(got->mail.raw->body.view() == whole->mail.raw->body.view());
    }
}

TEST_CASE("What is missing is added once and stays the same") {
    const auto got = receive("From: m@example.com\n\nbody\n");
    REQUIRE(got);
    CHECK(got->mail.message_id == some_id().to_string() + "@example.com");
    CHECK(got->mail.date == some_time());
    CHECK(got->mail.raw->header_block ==
          "From: m@example.com\r\nDate: Tue, 01 Dec 2026 08:00:00 +0000\r\nMessage-ID: <" +
              got->mail.message_id + ">\r\n\r\n");
    const auto without_from = receive("Subject: x\n\nbody\n");
    REQUIRE(without_from);
    CHECK_FALSE(without_from->mail.from);
    CHECK(without_from->mail.message_id == some_id().to_string() + "@host.example");
}

TEST_CASE("Headers alone are a mail with an empty body") {
    for (const std::string_view text :
         {"From: a@b.example", "From: a@b.example\n", "From: a@b.example\r\n\r\n"}) {
        const auto got = receive(text);
        REQUIRE(got);
        CHECK(got->mail.raw->body.size() == 0);
        CHECK(got->mail.raw->header_block.starts_with("From: a@b.example\r\nDate:"));
    }
}

TEST_CASE("What is no mail is refused in words that say where") {
    CHECK(mentions(refusal(""), "no headers"));
    CHECK(mentions(refusal("\n\nbody"), "no headers"));
    CHECK(mentions(refusal("\r\nbody"), "no headers"));
    CHECK(mentions(refusal("just text"), "Line 1"));
    CHECK(mentions(refusal("From a@b.example Tue Dec  1\nFrom: a@b.example\n\n"), "mbox"));
    CHECK(mentions(refusal(" From: a@b.example\n\n"), "white space"));
    CHECK(mentions(refusal("From: a@b.example\n \nSubject: x\n\n"), "Line 2"));
    CHECK(mentions(refusal("From: a@b.example\nno header here\n\nbody"), "Line 2"));
    CHECK(mentions(refusal("Subject : x\n\n"), "Line 1"));
    CHECK(mentions(refusal(": x\n\n"), "Line 1"));
    CHECK(mentions(refusal("Subject: " + std::string(1000, 'x') + "\n\n"), "998"));
    CHECK(mentions(refusal("Subject: a\x1B[0m\n\n"), "U+001B"));
    CHECK(mentions(refusal("Subject: a\xC2\x85"
                           "Bcc: x@y.example\n\n"),
                   "U+0085"));
    CHECK(mentions(refusal("Subject: a\xE2\x80\xA8"
                           "Bcc: x@y.example\n\n"),
                   "U+2028"));
    CHECK(mentions(refusal(std::string("Subject: a\0b\n\n", 14)), "NUL"));
    CHECK(mentions(refusal(std::string("Subject: a\n\nb\0", 14)), "NUL"));
    CHECK(mentions(refusal("Message-ID: none\n\n"), "angle brackets"));
    CHECK(mentions(refusal("Message-ID: <a b@c>\n\n"), "angle brackets"));
    CHECK(mentions(refusal("Message-ID: <a@b> <c@d>\n\n"), "angle brackets"));
    CHECK(mentions(refusal("From: nobody\n\n"), "From"));
    CHECK(mentions(refusal("From: empty:;\n\n"), "names no address"));
    CHECK(mentions(refusal("To: a@b.example, \"x\n\n"), "To"));
}

TEST_CASE("A header that may be there once is refused when it is there twice") {
    for (const std::string name :
         {"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "References",
          "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}) {
        const std::string value = name == "Message-ID" ? "<a@b>" : "a@b.example";
        std::string twice = name + ": " + value + "\nX-Between: x\n";
        for (const char c : name)
            twice += static_cast<char>(std::tolower(c));
        const std::string detail = refusal(twice + ": " + value + "\n\nbody");
        CHECK(mentions(detail, name + " more than once"));
    }
    CHECK(receive("From: a@b.example\nReceived: x\nReceived: y\nX-A: 1\nX-A: 2\n\n"));
}

TEST_CASE("Caps on headers and on the whole are refusals in words") {
    std::string many = "From: a@b.example\n";
    while (many.size() < limits::header_block_bytes + 100)
        many += "X-Filler: " + std::string(900, 'x') + "\n";
    for (const std::string& text : {many, many + "\nbody", "X: " + std::string(300 * 1024, 'y')}) {
        const auto got = receive(text);
        REQUIRE_FALSE(got);
        CHECK(got.error().kind == error_kind::too_large);
    }
    raw_receiver receiver(memory_content());
    const std::string chunk(1 << 20, 'x');
    REQUIRE(receiver.feed("From: a@b.example\n\n"));
    bool refused = false;
    for (int i = 0; i < 60 && !refused; ++i) {
        const auto fed = receiver.feed(chunk);
        refused = !fed;
        if (refused) CHECK(fed.error().kind == error_kind::too_large);
    }
    CHECK(refused);
}

TEST_CASE("Signed and encrypted mail can only be sent whole") {
    for (const std::string type :
         {"multipart/signed; boundary=x", "multipart/encrypted; boundary=x",
          "application/pkcs7-mime", "Application/X-PKCS7-Mime; name=a.p7m"}) {
        const auto got = receive("From: a@b.example\nContent-Type: " + type + "\n\nbody");
        REQUIRE(got);
        CHECK(got->mail.raw->raw_only);
    }
}

TEST_CASE("Raw mail leaves as it came, whole, stuffed or as base64") {
    const auto got = receive(sample);
    REQUIRE(got);
    const std::string whole = render(got->mail);
    CHECK(whole == got->mail.raw->header_block + "line one\r\n.dot\r\n\r\nlast");
    CHECK(render(got->mail, {}, form::base64) == text::base64_encode(whole));
    const std::string stuffed = render(got->mail, {}, form::dot_stuffed);
    CHECK(stuffed.ends_with("line one\r\n..dot\r\n\r\nlast\r\n"));
    CHECK(render(got->mail, {true, false}) == whole);
}

TEST_CASE("Raw mail of 8 bits is refused for a 7-bit server, in words") {
    const auto got = receive("From: a@b.example\n\ncaf\xC3\xA9\n");
    REQUIRE(got);
    CHECK(got->mail.raw->has_8bit);
    CHECK(open_whole(got->mail, form::identity, {}));
    const auto seven = open_whole(got->mail, form::identity, {true, false});
    REQUIRE_FALSE(seven);
    CHECK(seven.error().kind == error_kind::invalid);
}

TEST_CASE("A From that an attempt writes anew replaces the block's, and nothing else changes") {
    auto got = receive(sample);
    REQUIRE(got);
    message mail = got->mail;
    mail.reply_to = {*mail.from};
    mail.from = box("M\xC3\xBCller", "forced@example.org");
    const std::string whole = render(mail);
    CHECK(field_of(whole, "From") == "From: =?utf-8?Q?M=C3=BCller?= <forced@example.org>");
    CHECK(field_of(whole, "Reply-To") == "Reply-To: =?utf-8?Q?M=C3=BCller?= <m@example.com>");
    CHECK(whole.find("<m@example.com>") == whole.rfind("<m@example.com>"));
    CHECK(field_of(whole, "Subject") == "Subject: folded\r\n subject");
    CHECK(whole.ends_with("\r\n\r\nline one\r\n.dot\r\n\r\nlast"));
    auto without = receive("Subject: x\n\nbody\n");
    REQUIRE(without);
    without->mail.from = box("", "connection@example.org");
    CHECK(field_of(render(without->mail), "From") == "From: connection@example.org");
}

}  // namespace
