// Fingerprints: the same content in another order is the same, any other content is not.
#include <set>

#include "api_types/rfc822_reader.hpp"
#include "reading.hpp"
#include "support/catch.hpp"

using namespace gatepost;

namespace {

std::string of(std::string_view json, size_t piece = std::string_view::npos) {
    const auto got = reading::send(json, piece, reading::options(true));
    return got ? got->fingerprint : "refused";
}

std::string of_raw(std::string_view query, std::string_view body, uint64_t id) {
    auto reader = api_types::rfc822_reader::begin(query, reading::options(true));
    if (!reader || !reader->feed(body)) return "refused";
    const auto got = reader->finish(mail_id{id}, *parse_rfc3339(reading::now_text), "host.example");
    return got ? got->fingerprint : "refused";
}

}  // namespace

TEST_CASE("the order of JSON keys and the cutting of bytes change no fingerprint") {
    const std::string one = of(
        R"({"to":["a@b.org"],"text":"x","headers":{"X-A":"1","X-B":"2"},
            "provider_options":{"ses":{"p":1,"q":{"r":2,"s":3}},"smtp":{}}})");
    CHECK(one.size() == 32);
    CHECK(of(R"({"provider_options":{"smtp":{},"ses":{"q":{"s":3,"r":2},"p":1}},
                 "headers":{"X-B":"2","X-A":"1"},"text":"x","to":"a@b.org"})",
             3) == one);
}

TEST_CASE("every member counts for the fingerprint") {
    const std::string base = R"({"to":"a@b.org","text":"x")";
    std::set<std::string> seen{of(base + "}")};
    const std::vector<std::string> more{
        R"("subject":"s")",
        R"("from":"f@b.org")",
        R"("sender":"f@b.org")",
        R"("cc":"c@b.org")",
        R"("bcc":"c@b.org")",
        R"("reply_to":"c@b.org")",
        R"("html":"x")",
        R"("headers":{"X-A":"1"})",
        R"("tags":["t"])",
        R"("metadata":{"X-A":"1"})",
        R"("organization":"o")",
        R"("connection":"o")",
        R"("priority":"low")",
        R"("on_unknown":"hold")",
        R"("provider_options":{"ses":{}})",
        R"("provider_options":{"ses":{"a":1}})",
        R"("dsn":{"notify":["delay"]})",
        R"("dsn":{"ret":"full"})",
        R"("dsn":{"envid":"o"})",
        R"("send_at":"2027-01-01T00:00:00Z")",
        R"("expires_at":"2027-01-01T00:00:00Z")",
        R"("attachments":[{"filename":"a","content":"AAAA"}])",
        R"("attachments":[{"filename":"a","content":"AAAB"}])",
        R"("attachments":[{"filename":"b","content":"AAAA"}])",
        R"("attachments":[{"filename":"a","content":"AAAA","content_type":"a/b"}])",
        R"("attachments":[{"filename":"a","content":"AAAA","content_id":"c"}])",
    };
    for (const auto& member : more) {
        INFO(member);
        const std::string print = of(base + "," + member + "}");
        CHECK(print.size() == 32);
        CHECK(seen.insert(print).second);
    }
    CHECK(seen.insert(of(R"({"to":"a@b.org","text":"y"})")).second);
    CHECK(seen.insert(of(R"({"to":"A <a@b.org>","text":"x"})")).second);
}

TEST_CASE("raw mail is known by its bytes and envelope, not by what the gateway adds") {
    const std::string_view mail = "From: f@b.org\r\nTo: a@b.org\r\nSubject: s\r\n\r\nHi\r\n";
    const std::string one = of_raw("", mail, 1);
    CHECK(one.size() == 32);
    CHECK(of_raw("", mail, 2) == one);
    CHECK(of_raw("to=a@b.org&to=c@b.org", mail, 1) != one);
    CHECK(of_raw("tag=x", mail, 1) != one);
    CHECK(of_raw("", "From: f@b.org\r\nTo: a@b.org\r\nSubject: s\r\n\r\nHo\r\n", 1) != one);
}
