// Header injection in every field. The types refuse most of it before a message exists; what gets
// into a message by some defect elsewhere is stopped at rendering: an error, never a header.
#include "mail_support.hpp"

namespace {

using namespace mail_test;

const std::vector<std::string>& corpus() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> out;
        for (const std::string& bad :
             {std::string("\r\n"), std::string("\r"), std::string("\n"), std::string("\0", 1),
              std::string("\xC2\x85"), std::string("\xE2\x80\xA8"), std::string("\xE2\x80\xA9"),
              std::string("\x0B"), std::string("\x0C"), std::string("\xFF")}) {
            out.push_back("x" + bad + "Bcc: victim@example.net");
            out.push_back(bad + bad + "body");
            out.push_back("end" + bad);
        }
        return out;
    }();
    return all;
}

void check_refused(const message& mail) {
    for (const bool utf8 : {false, true}) {
        const auto source = open_whole(mail, form::identity, {false, utf8});
        REQUIRE_FALSE(source);
        CHECK(source.error().kind == error_kind::internal);
    }
}

TEST_CASE("Subject, custom values and names, file names, types, ids: none lets a control through") {
    for (const std::string& bad : corpus()) {
        message mail = simple_message();
        mail.subject = bad;
        check_refused(mail);
        mail = simple_message();
        mail.headers = {{"X-Fine", bad}};
        check_refused(mail);
        mail = simple_message();
        mail.headers = {{"X-" + bad, "fine"}};
        check_refused(mail);
        mail = simple_message();
        mail.message_id = bad;
        check_refused(mail);
        mail = simple_message();
        mail.parts.push_back(make_part(part_role::attachment, "a/b", "x", bad));
        check_refused(mail);
        mail = simple_message();
        mail.parts.push_back(make_part(part_role::inline_, "a/b", "x", "", bad));
        check_refused(mail);
        mail = simple_message();
        mail.from->name = bad;
        check_refused(mail);
        mail = simple_message();
        mail.reply_to = {box("", "a@b.example")};
        mail.reply_to[0].name = bad;
        check_refused(mail);
        mail = simple_message();
        mail.recipients[0].who.name = bad;
        check_refused(mail);
    }
}

TEST_CASE("A type that hides a header is replaced, not written") {
    for (const std::string& bad : corpus()) {
        message mail = simple_message();
        mail.parts.push_back(make_part(part_role::attachment, "a/b" + bad, "x", "f"));
        mail.parts.push_back(make_part(part_role::attachment, "a/b; c=\"" + bad + "\"", "x", "f"));
        const auto source = open_whole(mail, form::identity, {});
        if (!source) {
            CHECK(source.error().kind == error_kind::internal);
        } else {
            const std::string whole = read_source(**source);
            CHECK(whole.find("victim") == std::string::npos);
            CHECK(field_of(whole, "Bcc").empty());
        }
    }
}

TEST_CASE("A reserved header among the custom ones stops the rendering") {
    for (const char* name : {"Bcc", "From", "Content-Type", "Resent-Bcc", "bad name", ""}) {
        message mail = simple_message();
        mail.headers = {{name, "victim@example.net"}};
        check_refused(mail);
    }
}

TEST_CASE("Encoded words in raw mail smuggle neither a line break nor a control into the view") {
    const auto got = receive(
        "From: =?utf-8?Q?x=0D=0ABcc=3A_v=40example.net?= <a@b.example>\r\n"
        "Subject: =?utf-8?B?eA0KQmNjOiB2QGV4YW1wbGUubmV0?= =?utf-8?Q?=E2=80=A8=C2=85=00?=\r\n"
        "X-Other: =?iso-8859-1?Q?=0A=85?=\r\n\r\nbody");
    REQUIRE(got);
    CHECK_FALSE(text::has_control(got->mail.subject));
    CHECK_FALSE(text::has_control(got->mail.from->name));
    REQUIRE(got->mail.headers.size() == 1);
    CHECK_FALSE(text::has_control(got->mail.headers[0].value));
    CHECK(got->headers.bcc.empty());
}

TEST_CASE("File names in raw mail come out as labels without controls or paths") {
    const auto parts = reread(
        "From: a@b.example\r\nMIME-Version: 1.0\r\n"
        "Content-Type: application/pdf\r\n"
        "Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fetc%2Fpass%0D%0Awd\r\n\r\nx");
    REQUIRE(parts.size() == 1);
    CHECK_FALSE(text::has_control(parts[0].filename));
    CHECK(parts[0].filename.find('/') == std::string::npos);
    CHECK(parts[0].kind == part_role::attachment);
}

}  // namespace
