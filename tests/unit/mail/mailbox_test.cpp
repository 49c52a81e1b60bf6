// Names and lists as they come in JSON and in headers.
#include "mail_support.hpp"

namespace {

using namespace mail_test;

std::string describe(const std::vector<mailbox>& list) {
    std::string out;
    for (const mailbox& each : list)
        out += "[" + each.name + "|" + each.addr.text() + "]";
    return out;
}

std::string list_of(std::string_view text) {
    const auto list = parse_mailbox_list(text);
    return list ? describe(*list) : "refused";
}

std::string one_of(std::string_view text) {
    const auto one = parse_mailbox(text);
    return one ? describe({*one}) : "refused";
}

TEST_CASE("One mailbox is read in every usual spelling") {
    CHECK(one_of("user@example.org") == "[|user@example.org]");
    CHECK(one_of("  user@example.org ") == "[|user@example.org]");
    CHECK(one_of("<user@example.org>") == "[|user@example.org]");
    CHECK(one_of("Name <user@example.org>") == "[Name|user@example.org]");
    CHECK(one_of("First  Last<user@example.org>") == "[First Last|user@example.org]");
    CHECK(one_of("\"Last, First\" <u@e.org>") == "[Last, First|u@e.org]");
    CHECK(one_of("\"Say \\\"hi\\\" \\\\\" <u@e.org>") == "[Say \"hi\" \\|u@e.org]");
    CHECK(one_of("M\xC3\xBCller & S\xC3\xB6hne <u@e.org>") ==
          "[M\xC3\xBCller & S\xC3\xB6hne|u@e.org]");
    CHECK(one_of("J. R. Smith <u@e.org>") == "[J. R. Smith|u@e.org]");
    CHECK(one_of("u@e.org (Real (nested) Name)") == "[|u@e.org]");
    CHECK(one_of("\"\" <u@e.org>") == "[|u@e.org]");
    CHECK(one_of("Mail <u@[IPv6:2001:db8::1]>") == "[Mail|u@[IPv6:2001:db8::1]]");
    CHECK(one_of("u@[IPv6:2001:db8::1]") == "[|u@[IPv6:2001:db8::1]]");
}

TEST_CASE("Lists split at commas that mean it, and groups give their members") {
    CHECK(list_of("") == "");
    CHECK(list_of("a@b.org, c@d.org") == "[|a@b.org][|c@d.org]");
    CHECK(list_of("\"A, B\" <a@b.org>,, C <c@d.org>") == "[A, B|a@b.org][C|c@d.org]");
    CHECK(list_of("undisclosed-recipients:;") == "");
    CHECK(list_of("Team: a@b.org, \"X;Y\" <c@d.org>; e@f.org") ==
          "[|a@b.org][X;Y|c@d.org][|e@f.org]");
    CHECK(list_of("a@b.org (comma, inside), c@d.org") == "[|a@b.org][|c@d.org]");
}

TEST_CASE("What is no mailbox is refused, never guessed") {
    for (const std::string_view bad : {"Name",
                                       "Name <>",
                                       "<a@b.org",
                                       "a@b.org>",
                                       "Name <a@b.org> tail",
                                       "<a@b.org> <c@d.org>",
                                       "\"open <a@b.org>",
                                       "(open a@b.org",
                                       "\"john doe\"@example.org",
                                       "a b@c.org",
                                       "<@r.org:a@b.org>",
                                       "Group: a@b.org",
                                       "a@b.org;",
                                       "a: b: c@d.org;;",
                                       "a@b.org c@d.org",
                                       "a\\b <a@b.org>",
                                       "a@b.org\r\nBcc: c@d.org",
                                       "N\nx <a@b.org>",
                                       "\"N\\\r\nx\" <a@b.org>",
                                       "[x] <a@b.org>",
                                       "<a@b.org>\"x\"",
                                       "N\xFF <a@b.org>"}) {
        INFO(bad);
        CHECK(list_of(bad) == "refused");
    }
    for (const std::string_view many :
         {"a@b.org, c@d.org", "G: a@b.org;", "a@b.org,", "", ",", " "})
        CHECK(one_of(many) == "refused");
}

TEST_CASE("A display name holds no controls and has a length") {
    CHECK(make_mailbox("Fine \xF0\x9F\x93\xAC", "a@b.org"));
    for (const std::string_view bad : {"a\rb", "a\nb", "a\tb",
                                       "a\xC2\x85"
                                       "b",
                                       "a\xE2\x80\xA8", "\x7F"}) {
        const auto made = make_mailbox(bad, "a@b.org");
        REQUIRE_FALSE(made);
        CHECK(made.error().detail.find("U+") != std::string::npos);
    }
    CHECK_FALSE(make_mailbox(std::string_view("a\0b", 3), "a@b.org"));
    CHECK(make_mailbox(std::string(1024, 'n'), "a@b.org"));
    CHECK_FALSE(make_mailbox(std::string(1025, 'n'), "a@b.org"));
}

TEST_CASE("a line break is refused wherever it hides, also where it would fall away") {
    for (const char* bad : {"<a@example.net\r\n>", "<\na@example.net>", "A <a@example.net\r>",
                            "a@example.net (\r\n)", "(x\n) a@example.net"})
        CHECK_FALSE(parse_mailbox(bad));
    CHECK(parse_mailbox("A < a@example.net\t> (fine)"));
}

TEST_CASE("What is written for people is read back the same") {
    for (const std::string_view name :
         {"", "Plain", "Last, First", "quote \" and \\ slash", "a <b> c", "M\xC3\xBCller",
          "semi;colon:", "dot.", " edge "}) {
        const mailbox before = box(name, "user@example.org");
        const auto after = parse_mailbox(format_mailbox(before));
        INFO(format_mailbox(before));
        REQUIRE(after);
        CHECK(after->name == before.name);
        CHECK(after->addr == before.addr);
    }
}

}  // namespace
