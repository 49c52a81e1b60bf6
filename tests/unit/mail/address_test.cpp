// The product's one address parser: what passes, what is refused, and in which words.
#include "mail/address.hpp"

#include "mail_support.hpp"

namespace {

using namespace mail_test;

std::string refusal(std::string_view text) {
    const auto parsed = address::parse(text);
    if (parsed) return "accepted: " + parsed->text();
    CHECK(parsed.error().kind == error_kind::invalid);
    CHECK(parsed.error().detail.back() == '.');
    return parsed.error().detail;
}

bool mentions(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}

TEST_CASE("Addresses that people and programs use are accepted as they are") {
    for (const std::string_view good :
         {"user@example.org", "first.last+tag@sub.example.co.uk", "root@localhost", "a@b",
          "!#$%&'*+-/=?^_`{|}~@example.org", "x@[192.0.2.1]", "x@[IPv6:2001:db8::1]",
          "UPPER@EXAMPLE.ORG", "1@2.example", "user@xn--mnchen-3ya.example"}) {
        INFO(good);
        const auto parsed = address::parse(good);
        REQUIRE(parsed);
        CHECK(parsed->text() == good);
        CHECK(parsed->ascii() == good);
        CHECK_FALSE(parsed->needs_smtputf8());
    }
}

TEST_CASE("An international domain gets its A-labels, and keeps what was written") {
    const auto parsed = address::parse("info@m\xC3\xBCnchen.example");
    REQUIRE(parsed);
    CHECK(parsed->text() == "info@m\xC3\xBCnchen.example");
    CHECK(parsed->ascii() == "info@xn--mnchen-3ya.example");
    CHECK(parsed->domain() == "m\xC3\xBCnchen.example");
    CHECK_FALSE(parsed->needs_smtputf8());
    const auto sharp = address::parse(
        "info@stra\xC3\x9F"
        "e.example");
    REQUIRE(sharp);
    CHECK(sharp->ascii() == "info@xn--strae-oqa.example");
}

TEST_CASE("A local part above ASCII needs SMTPUTF8") {
    const auto parsed = address::parse("j\xC3\xB6rg@example.org");
    REQUIRE(parsed);
    CHECK(parsed->needs_smtputf8());
    CHECK(parsed->ascii().empty());
    CHECK(parsed->local() == "j\xC3\xB6rg");
}

TEST_CASE("The character that is wrong is named") {
    CHECK(mentions(refusal("a b@example.org"), "U+0020"));
    CHECK(mentions(refusal("a\r\nRCPT TO:<x@y>@example.org"), "U+000D"));
    CHECK(mentions(refusal("a\n@example.org"), "U+000A"));
    CHECK(mentions(refusal(std::string_view("a\0@example.org", 14)), "U+0000"));
    CHECK(mentions(refusal("a\xC2\x85@example.org"), "U+0085"));
    CHECK(mentions(refusal("a\xE2\x80\xA8@example.org"), "U+2028"));
    CHECK(mentions(refusal("\"a b\"@example.org"), "U+0022"));
    CHECK(mentions(refusal("a(comment)@example.org"), "U+0028"));
    CHECK(mentions(refusal("<a@example.org>"), "U+003C"));
    CHECK(mentions(refusal("a@b@example.org"), "U+0040"));
    CHECK(mentions(refusal("@relay.example,@other.example:a@example.org"), "U+0040"));
    CHECK(mentions(refusal("a@exa mple.org"), "U+0020"));
    CHECK(mentions(refusal("a@example.org\r\n"), "U+000D"));
    CHECK(mentions(refusal("a@ex\xE2\x80\xA8"
                           "ample.org"),
                   "U+2028"));
    CHECK(mentions(refusal("a@exam_ple.org"), "U+005F"));
    CHECK(mentions(refusal("a,b@example.org"), "U+002C"));
}

TEST_CASE("Form and length are held") {
    CHECK(mentions(refusal("nobody"), "no @"));
    CHECK(mentions(refusal(""), "no @"));
    CHECK(mentions(refusal("@example.org"), "nothing before"));
    CHECK(mentions(refusal("a@"), "missing"));
    for (const std::string_view dots : {".a@b.example", "a.@b.example", "a..b@c.example"})
        CHECK(mentions(refusal(dots), "U+002E"));
    for (const std::string_view labels : {"a@.example", "a@b..example", "a@example."})
        CHECK(mentions(refusal(labels), "empty label"));
    CHECK(mentions(refusal("a@-b.example"), "hyphen"));
    CHECK(mentions(refusal("a@b-.example"), "hyphen"));
    CHECK(mentions(refusal("a@[300.0.0.1]"), "[192.0.2.1]"));
    CHECK(mentions(refusal("a@[192.0.2.1"), "[192.0.2.1]"));
    CHECK(mentions(refusal("a@[]"), "[192.0.2.1]"));
    CHECK(mentions(refusal("a@xn--\xC3\xBC.example"), "domain"));
    CHECK(mentions(refusal("a@xn--99999999999.example"), "domain"));
    CHECK(mentions(refusal("\xFF@example.org"), "UTF-8"));
    CHECK(mentions(refusal("a@\xFF.example"), "UTF-8"));
    CHECK(address::parse(std::string(64, 'a') + "@example.org"));
    CHECK(mentions(refusal(std::string(65, 'a') + "@example.org"), "64 bytes"));
    CHECK(mentions(refusal("a@" + std::string(64, 'b') + ".example"), "63 characters"));
    std::string domain(63, 'd');
    domain += "." + std::string(63, 'e') + "." + std::string(63, 'f') + ".";
    CHECK(address::parse("a@" + domain + std::string(254 - 2 - domain.size(), 'g')));
    CHECK(mentions(refusal("a@" + domain + std::string(255 - 2 - domain.size(), 'g')), "254"));
}

TEST_CASE("Full-width and ideographic tricks give no second at sign and no second dot") {
    const auto wide_at = address::parse("a@evil.example\xEF\xBC\xA0good.example");
    CHECK_FALSE(wide_at);
    const auto dot = address::parse(
        "a@b\xE3\x80\x82"
        "example");
    if (dot) CHECK(dot->ascii() == "a@b.example");
}

TEST_CASE("Duplicates are found whatever the domain's case or spelling") {
    const auto same = [](std::string_view a, std::string_view b) {
        return *address::parse(a) == *address::parse(b);
    };
    CHECK(same("a@Example.ORG", "a@example.org"));
    CHECK_FALSE(same("A@example.org", "a@example.org"));
    CHECK(same("a@m\xC3\xBCnchen.example", "a@XN--mnchen-3ya.example"));
    CHECK(same("\xC3\xB6@m\xC3\xBCnchen.example", "\xC3\xB6@xn--mnchen-3ya.example"));
    CHECK_FALSE(same("a@b.example", "a@c.example"));
}

TEST_CASE("Every control character is refused everywhere in an address") {
    const std::string good = "user@example.org";
    for (const std::string& bad :
         {std::string("\r"), std::string("\n"), std::string("\0", 1), std::string("\t"),
          std::string("\x1B"), std::string("\x7F"), std::string("\xC2\x85"),
          std::string("\xE2\x80\xA8"), std::string("\xE2\x80\xA9"), std::string("\xE2\x80\xAE")}) {
        for (size_t at = 0; at <= good.size(); ++at) {
            std::string text = good;
            text.insert(at, bad);
            CHECK_FALSE(address::parse(text));
        }
    }
}

}  // namespace
