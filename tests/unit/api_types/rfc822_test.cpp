// Sends as message/rfc822: the envelope in the query, the mail in the body.
#include "api_types/rfc822_reader.hpp"

#include "api_types/query.hpp"
#include "reading.hpp"
#include "support/catch.hpp"

using namespace gatepost;

namespace {

constexpr std::string_view mail_text =
    "From: Acme <noreply@example.com>\r\nTo: a@example.net, b@example.net\r\nCc: c@example.net\r\n"
    "Bcc: hidden@example.net\r\nSubject: Raw\r\n\r\nHello\r\n";

result<api_types::send_request> raw(std::string_view query, std::string_view body = mail_text) {
    auto reader = api_types::rfc822_reader::begin(query, reading::options());
    if (!reader) return reader.error();
    for (const char c : body) {
        if (auto fed = reader->feed({&c, 1}); !fed) return fed.error();
    }
    return reader->finish(mail_id{77}, *parse_rfc3339(reading::now_text), "host.example");
}

std::string refused(std::string_view query, std::string_view pointer) {
    const auto got = raw(query);
    if (got) return "accepted";
    for (const auto& field : got.error().fields) {
        if (field.pointer == pointer) return field.detail;
    }
    return got.error().detail;
}

}  // namespace

TEST_CASE("without an envelope the mail's own headers name sender and recipients") {
    const auto got = raw("");
    REQUIRE(got);
    const auto& mail = got->mail;
    REQUIRE(mail.raw);
    CHECK(mail.raw->header_block.find("hidden@example.net") == std::string::npos);
    CHECK(mail.envelope_from->text() == "noreply@example.com");
    REQUIRE(mail.recipients.size() == 4);
    CHECK(mail.recipients[2].kind == mail::role::cc);
    CHECK(mail.recipients[3].kind == mail::role::bcc);
    CHECK(mail.recipients[3].who.addr.text() == "hidden@example.net");
    CHECK(mail.subject == "Raw");
    CHECK(got->bytes == mail_text.size());
}

TEST_CASE("the query is the envelope and the rules") {
    const auto got =
        raw("from=bounce%2B1@example.com&to=b@example.net&to=x+tag@example.net&tag=one&tag=two"
            "&connection=primary&priority=low&on_unknown=hold&notify=success&notify=failure"
            "&ret=full&envid=e&organization=acme&send_at=2026-12-01T08%3A00%3A00Z");
    REQUIRE(got);
    const auto& mail = got->mail;
    CHECK(mail.envelope_from->text() == "bounce+1@example.com");
    REQUIRE(mail.recipients.size() == 2);
    CHECK(mail.recipients[0].kind == mail::role::to);
    CHECK(mail.recipients[1].kind == mail::role::bcc);
    CHECK(mail.recipients[1].who.addr.text() == "x+tag@example.net");
    CHECK(mail.recipients[0].dsn_notify == (mail::notify_success | mail::notify_failure));
    CHECK(mail.tags == std::vector<std::string>{"one", "two"});
    CHECK(mail.connection == "primary");
    CHECK(mail.organization == "acme");
    CHECK(mail.urgency == mail::priority::low);
    CHECK(mail.on_unknown == mail::unknown_rule::hold);
    CHECK(mail.ret == mail::dsn_ret::full);
    CHECK(mail.dsn_envid == "e");
    CHECK(mail.send_at);
}

TEST_CASE("the null reverse-path can be asked for") {
    for (const std::string_view query : {"from=", "from=%3C%3E"}) {
        const auto got = raw(query);
        REQUIRE(got);
        CHECK_FALSE(got->mail.envelope_from);
    }
}

TEST_CASE("a wrong envelope is refused before the body comes, by name") {
    CHECK(refused("from=nobody", "/query/from") != "accepted");
    CHECK(refused("to=a@b.org%0D%0ARCPT", "/query/to") != "accepted");
    CHECK(reading::has(refused("conection=x", "/query/conection"), "did you mean \"connection\"?"));
    CHECK(refused("priority=x", "/query/priority") == "must be low, normal or high");
    CHECK(reading::has(refused("notify=never&notify=delay", "/query/notify"), "alone"));
    CHECK(reading::has(refused("to=%zz", ""), "percent-encoded"));
    CHECK(reading::has(refused("to=%ff", ""), "UTF-8"));
}

TEST_CASE("mail that names nobody needs recipients in the query") {
    const auto got = raw("", "From: a@b.org\r\nSubject: x\r\n\r\nHi\r\n");
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == error_kind::invalid);
    CHECK(raw("to=c@d.org", "From: a@b.org\r\nSubject: x\r\n\r\nHi\r\n"));
}

TEST_CASE("an empty body and one over the cap are refused") {
    CHECK(raw("to=a@b.org", "").error().kind == error_kind::malformed);
    auto how = reading::options();
    how.max_bytes = 10;
    auto reader = api_types::rfc822_reader::begin("", how);
    REQUIRE(reader);
    CHECK(reader->feed("12345678901").error().kind == error_kind::too_large);
}

TEST_CASE("a query is decoded in order, and a plus sign stays one") {
    const auto got = api_types::parse_query("a=1&b=x%20y+z&&c&a=2");
    REQUIRE(got);
    const api_types::query_list wanted{{"a", "1"}, {"b", "x y+z"}, {"c", ""}, {"a", "2"}};
    CHECK(*got == wanted);
}

TEST_CASE("aliases and names without a domain count in the query and in the mail") {
    auto how = reading::options();
    how.addresses = std::make_shared<const mail::address_book>(*mail::address_book::make(
        "example.com",
        {{"root", {"admin@example.net", "b@example.net"}}, {"c@example.net", {"d@example.net"}}}));
    const auto read = [&](std::string_view query) {
        auto reader = api_types::rfc822_reader::begin(query, how);
        REQUIRE(reader);
        REQUIRE(reader->feed("From: root\r\nTo: root\r\nCc: c@example.net\r\n\r\nHello\r\n"));
        auto got = reader->finish(mail_id{77}, *parse_rfc3339(reading::now_text), "host.example");
        REQUIRE(got);
        std::string out = got->mail.envelope_from->text() + ":";
        for (const auto& each : got->mail.recipients)
            out += " " + each.who.addr.text() +
                   (each.kind == mail::role::to   ? "/to"
                    : each.kind == mail::role::cc ? "/cc"
                                                  : "/bcc");
        return out;
    };
    CHECK(read("") == "root@example.com: admin@example.net/to b@example.net/to d@example.net/cc");
    CHECK(read("from=cron&to=root&to=c@example.net&to=x") ==
          "cron@example.com: admin@example.net/to b@example.net/to d@example.net/cc "
          "x@example.com/bcc");
}
