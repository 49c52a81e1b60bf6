// A rendered message: golden bytes for the plain case, and for the rest what a reader (GMime for
// headers, take_apart for the tree) gets out of it again.
#include <algorithm>

#include "mail_support.hpp"

namespace {

using namespace mail_test;

const std::string image = random_bytes(5000, 1);

message rich_message() {
    message mail = simple_message();
    mail.parts = {
        make_part(part_role::text, "text/plain",
                  "Gr\xC3\xBC\xC3\x9F"
                  "e\n"),
        make_part(part_role::html, "text/html", "<p><img src=\"cid:logo@acme\"></p>"),
        make_part(part_role::inline_, "image/png", image, "logo.png", "logo@acme"),
        make_part(part_role::attachment, "application/pdf", random_bytes(100, 2), "a.pdf"),
        make_part(part_role::attachment, "text/csv; charset=iso-8859-1", "a;\xFC\n", "b.csv")};
    return mail;
}

void check_lines(const std::string& whole) {
    size_t lone = 0, longest = 0, line = 0;
    for (size_t i = 0; i < whole.size(); ++i) {
        if (whole[i] == '\r' && (i + 1 == whole.size() || whole[i + 1] != '\n')) ++lone;
        if (whole[i] == '\n' && (i == 0 || whole[i - 1] != '\r')) ++lone;
        line = whole[i] == '\n' ? 0 : line + 1;
        longest = std::max(longest, line);
    }
    CHECK(lone == 0);
    CHECK(longest <= 999);
    CHECK(whole.ends_with("\r\n"));
}

TEST_CASE("A plain text mail is exactly these bytes") {
    CHECK(render(simple_message()) ==
          "Date: Tue, 01 Dec 2026 08:00:00 +0000\r\n"
          "From: Acme <noreply@example.com>\r\n"
          "To: first@example.net\r\n"
          "Subject: Hello\r\n"
          "Message-ID: <" +
              some_id().to_string() +
              "@example.com>\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: 7bit\r\n"
              "\r\n"
              "Hello, world.\r\n");
}

TEST_CASE("Text and HTML are alternatives with a boundary made of the id") {
    message mail = simple_message();
    mail.parts.push_back(make_part(part_role::html, "text/html", "<p>Hello</p>"));
    const std::string mark = "=_gatepost_" + some_id().to_string() + "_1";
    const std::string whole = render(mail);
    CHECK(whole.substr(whole.find("Content-Type")) ==
          "Content-Type: multipart/alternative; boundary=\"" + mark + "\"\r\n\r\n--" + mark +
              "\r\nContent-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: 7bit\r\n\r\nHello, world.\r\n\r\n--" +
              mark +
              "\r\nContent-Type: text/html; charset=utf-8\r\n"
              "Content-Transfer-Encoding: 7bit\r\n\r\n<p>Hello</p>\r\n--" +
              mark + "--\r\n");
}

TEST_CASE("Every rendering of a message is byte for byte the same") {
    const message mail = rich_message();
    for (const bool seven : {false, true}) {
        for (const bool utf8 : {false, true}) {
            const std::string first = render(mail, {seven, utf8});
            CHECK(first == render(mail, {seven, utf8}));
            check_lines(first);
            if (seven && !utf8) CHECK(text::is_ascii(first));
        }
    }
}

TEST_CASE("A full tree comes back part by part: text, html, inline image, attachments") {
    const message mail = rich_message();
    for (const bool seven : {false, true}) {
        const auto parts = reread(render(mail, {seven, false}));
        REQUIRE(parts.size() == 5);
        CHECK(parts[0].kind == part_role::text);
        CHECK(bytes_of(parts[0]) ==
              "Gr\xC3\xBC\xC3\x9F"
              "e\r\n");
        CHECK(parts[1].kind == part_role::html);
        CHECK(bytes_of(parts[1]) == "<p><img src=\"cid:logo@acme\"></p>");
        CHECK(parts[2].kind == part_role::inline_);
        CHECK(parts[2].content_id == "logo@acme");
        CHECK(parts[2].filename == "logo.png");
        CHECK(bytes_of(parts[2]) == image);
        CHECK(parts[3].type == "application/pdf");
        CHECK(bytes_of(parts[3]) == random_bytes(100, 2));
        CHECK(parts[4].kind == part_role::attachment);
        CHECK(parts[4].type == "text/csv; charset=\"iso-8859-1\"");
        CHECK(bytes_of(parts[4]) == "a;\xFC\n");
    }
}

TEST_CASE("Only what is there gets a level of its own") {
    message mail = simple_message();
    const auto type_of = [&] { return field_of(render(mail), "Content-Type").substr(14); };
    mail.parts = {make_part(part_role::html, "text/html", "<p>")};
    CHECK(type_of() == "text/html; charset=utf-8");
    mail.parts = {};
    CHECK(type_of() == "text/plain; charset=utf-8");
    mail.parts = {make_part(part_role::attachment, "application/pdf", "x", "x.pdf")};
    CHECK(type_of().starts_with("multipart/mixed;"));
    mail.parts = {make_part(part_role::html, "text/html", "<p>"),
                  make_part(part_role::inline_, "image/png", "x", "", "c@d")};
    CHECK(type_of().starts_with("multipart/related; type=\"text/html\";"));
    mail.parts = {make_part(part_role::text, "text/plain", "t"),
                  make_part(part_role::inline_, "image/png", "x", "", "c@d")};
    CHECK(type_of().starts_with("multipart/mixed;"));
}

TEST_CASE("Bcc is nowhere, in no header and under no name") {
    message mail = simple_message();
    mail.recipients.push_back({box("Secret Person", "hidden@example.net"), role::bcc, 0, ""});
    mail.recipients.push_back({box("C C", "open@example.net"), role::cc, 0, ""});
    std::string whole = render(mail);
    CHECK(whole.find("hidden") == std::string::npos);
    CHECK(whole.find("Secret") == std::string::npos);
    CHECK(field_of(whole, "Bcc").empty());
    CHECK(field_of(whole, "Cc") == "Cc: C C <open@example.net>");
    mail.recipients = {{box("Secret Person", "hidden@example.net"), role::bcc, 0, ""}};
    whole = render(mail);
    CHECK(whole.find("hidden") == std::string::npos);
    CHECK(field_of(whole, "To") == "To: undisclosed-recipients:;");
}

TEST_CASE("Names and subjects in any script survive encoding and folding") {
    const std::string emoji = "\xF0\x9F\x93\xAC";
    std::string chinese;
    for (int i = 0; i < 60; ++i)
        chinese += "\xE4\xBD\xA0\xE5\xA5\xBD";
    for (const std::string& text :
         {std::string("Gr\xC3\xBC\xC3\x9F"
                      "e aus K\xC3\xB6ln"),
          "plain then " + emoji + emoji + " then plain", chinese, std::string("=?utf-8?Q?fake?="),
          std::string("a  b   \xC3\xBC   c  d"), std::string(300, 'x'), emoji,
          std::string("long ") + std::string(200, 'y') + " tail \xC3\xA9",
          std::string("commas, \"quotes\" and \\ slashes; (brackets) <angles> @"),
          std::string("many ordinary words that go on and on until the line has to be folded at "
                      "least once or even twice, because it is so long that nobody reads it")}) {
        message mail = simple_message();
        mail.subject = text;
        mail.from = box(text::truncate_utf8(text, 1000), "a@example.org");
        mail.headers = {{"X-Note", text}};
        for (const bool utf8 : {false, true}) {
            const std::string whole = render(mail, {false, utf8});
            const std::string block = whole.substr(0, whole.find("\r\n\r\n") + 4);
            INFO(block);
            check_lines(block);
            if (!utf8) CHECK(text::is_ascii(block));
            const auto headers = read_headers(block);
            REQUIRE(headers);
            CHECK(headers->subject == text);
            CHECK(headers->from->name == mail.from->name);
            REQUIRE(headers->others.size() == 1);
            CHECK(headers->others[0].value == text);
        }
    }
}

TEST_CASE("Lines that hold an encoded word are at most 76 long, each word at most 75") {
    message mail = simple_message();
    for (size_t i = 0; i < 200; ++i)
        mail.subject += i % 7 == 0 ? " " : "\xE2\x82\xAC";
    mail.subject = std::string(text::trim(mail.subject));
    const std::string field = field_of(render(mail), "Subject");
    for (size_t begin = 0; begin < field.size();) {
        const size_t end = std::min(field.find("\r\n", begin), field.size());
        CHECK(end - begin <= 76);
        begin = end + 2;
    }
}

TEST_CASE("File names survive as RFC 2231, whatever is in them") {
    std::string longest;
    for (int i = 0; i < 120; ++i)
        longest += "\xC3\xA4 b";
    for (const std::string& name :
         {std::string("a.pdf"), std::string("with space.pdf"),
          std::string("R\xC3\xA9sum\xC3\xA9.pdf"), std::string("\xF0\x9F\x8E\x89 party.png"),
          std::string("quo\"te.txt"), std::string("per%cent's;semi=.txt"),
          std::string(300, 'n') + ".txt", longest, std::string("=?utf-8?Q?x?=.txt")}) {
        message mail = simple_message();
        mail.parts.push_back(make_part(part_role::attachment, "text/plain", "x", name));
        const std::string whole = render(mail);
        check_lines(whole);
        CHECK(text::is_ascii(whole));
        const auto parts = reread(whole);
        REQUIRE(parts.size() == 2);
        if (name.starts_with("=?")) continue;  // readers differ here; it only must not break
        CHECK(parts[1].filename == name);
    }
}

TEST_CASE("International domains go as A-labels, unless UTF-8 headers are asked for") {
    message mail = simple_message();
    mail.recipients = {{box("", "a@m\xC3\xBCnchen.example"), role::to, 0, ""}};
    CHECK(field_of(render(mail), "To") == "To: a@xn--mnchen-3ya.example");
    CHECK(field_of(render(mail, {false, true}), "To") == "To: a@m\xC3\xBCnchen.example");
    mail.recipients = {{box("J\xC3\xB6rg", "j\xC3\xB6rg@example.org"), role::to, 0, ""}};
    CHECK(field_of(render(mail), "To") == "To: J\xC3\xB6rg <j\xC3\xB6rg@example.org>");
}

TEST_CASE("A thousand recipients are folded into short lines and read back") {
    message mail = simple_message();
    mail.recipients.clear();
    for (int i = 0; i < 1000; ++i) {
        const std::string number = std::to_string(i);
        mail.recipients.push_back(
            {box("Person, No. " + number, "p" + number + "@example.net"), role::to, 0, ""});
    }
    const std::string whole = render(mail);
    check_lines(whole);
    const auto headers = read_headers(whole.substr(0, whole.find("\r\n\r\n") + 4));
    REQUIRE(headers);
    REQUIRE(headers->to.size() == 1000);
    CHECK(headers->to[999].name == "Person, No. 999");
}

TEST_CASE("Text chooses the encoding it needs, and comes back with every byte") {
    const auto encoding = [](const std::string& text, bool seven) {
        message mail = simple_message();
        mail.parts = {make_part(part_role::text, "text/plain", text)};
        const std::string whole = render(mail, {seven, false});
        check_lines(whole);
        if (seven) CHECK(text::is_ascii(whole));
        const auto parts = reread(whole);
        REQUIRE(parts.size() == 1);
        CHECK(text::trim(bytes_of(parts[0])) == text::trim(normalise_lines(text)));
        return field_of(whole, "Content-Transfer-Encoding").substr(27);
    };
    const std::string marker = "=_gatepost_" + some_id().to_string() + "_1";
    std::string dense;
    for (int i = 0; i < 200; ++i)
        dense += "\xE4\xBD\xA0";
    CHECK(encoding("plain\nlines\rof\r\nall kinds", false) == "7bit");
    CHECK(encoding("", false) == "7bit");
    CHECK(encoding("caf\xC3\xA9 with some more words", false) == "8bit");
    CHECK(encoding("caf\xC3\xA9 with some more words, dots\n.\n..\nFrom here \n \nx=y ", true) ==
          "quoted-printable");
    CHECK(encoding(std::string(2000, 'x'), false) == "quoted-printable");
    CHECK(encoding("--" + marker + "\nforged part", false) == "quoted-printable");
    CHECK(encoding(dense, true) == "base64");
    CHECK(encoding(dense, false) == "8bit");
    std::string large;
    while (large.size() <= limits::inline_content_bytes)
        large += "A line with \xC3\xBC and a lone CR\r and LF\n";
    CHECK(encoding(large, false) == "base64");
}

TEST_CASE("A mail as attachment stays a mail if it can, and is never base64 with that type") {
    const std::string inner = "Subject: inner\r\n\r\n.body\r\n";
    message mail = simple_message();
    mail.parts.push_back(make_part(part_role::attachment, "message/rfc822", inner, "in.eml"));
    auto parts = reread(render(mail));
    REQUIRE(parts.size() == 2);
    CHECK(parts[1].type == "message/rfc822");
    CHECK(bytes_of(parts[1]) == inner);
    mail.parts[1].body = content::from_string("Subject: x\r\n\r\n\xFF\xFE");
    parts = reread(render(mail, {true, false}));
    CHECK(parts[1].type == "application/octet-stream");
    CHECK(bytes_of(parts[1]) == "Subject: x\r\n\r\n\xFF\xFE");
}

TEST_CASE("A type that is none becomes application/octet-stream") {
    for (const char* type : {"", "nonsense", "a/b/c", "multipart/mixed; boundary=x", "text/",
                             "image/png; x", "message/external-body"}) {
        message mail = simple_message();
        mail.parts.push_back(make_part(part_role::attachment, type, "bytes", "f"));
        const auto parts = reread(render(mail));
        REQUIRE(parts.size() == 2);
        CHECK(parts[1].type == "application/octet-stream");
    }
}

TEST_CASE("Without a From nothing is rendered") {
    message mail = simple_message();
    mail.from.reset();
    const auto source = open_whole(mail, form::identity, {});
    REQUIRE_FALSE(source);
    CHECK(source.error().kind == error_kind::invalid);
}

}  // namespace
