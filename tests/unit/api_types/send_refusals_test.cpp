// Everything a send is refused for, each with its pointer.
#include "api_types/send_reader.hpp"
#include "base/limits.hpp"
#include "reading.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using reading::complaint;
using reading::has;
using reading::send;
using reading::with;

TEST_CASE("unknown members are refused by name with the nearest one") {
    CHECK(has(complaint(with(R"("subjekt":"x")"), "/subjekt"), "did you mean \"subject\"?"));
    CHECK(has(complaint(with(R"("replyTo":{"a":[1]})"), "/replyTo"), "did you mean \"reply_to\"?"));
    CHECK(has(complaint(with(R"("attachments":[{"filename":"a","content":"","cid":"x"}])"),
                        "/attachments/0/cid"),
              "is not a member known here"));
    CHECK(has(complaint(with(R"("dsn":{"envId":"x"})"), "/dsn/envId"), "did you mean \"envid\"?"));
    CHECK(has(complaint(R"({"to":{"email":"a@b.org","nam":"x"},"text":"x"})", "/to/nam"), "name"));
    CHECK(has(complaint(with(R"("form":"a@example.org")"), "/form"), "did you mean \"from\"?"));
    CHECK(has(complaint(with(R"("sendAt":"x")"), "/sendAt"), "did you mean \"send_at\"?"));
}

TEST_CASE("what later versions offer is refused in words") {
    CHECK(complaint(R"({"to":"a@b.org","template":"welcome"})", "/template") ==
          "is not offered by this version");
    CHECK(complaint(with(R"("variables":{"a":{"b":1}})"), "/variables") ==
          "is not offered by this version");
}

TEST_CASE("wrong types are refused, each at its pointer") {
    CHECK(complaint(with(R"("subject":7)"), "/subject") == "must be a string");
    CHECK(complaint(with(R"("subject":null)"), "/subject") == "must be a string");
    CHECK(complaint(with(R"("html":["x"])"), "/html") == "must be a string");
    CHECK(complaint(with(R"("tags":"x")"), "/tags") == "must be a list of strings");
    CHECK(complaint(with(R"("tags":["a",1.5])"), "/tags/1") == "must be a string");
    CHECK(complaint(with(R"("cc":[["a@b.org"]])"), "/cc/0") ==
          "must be an address, an object {email, name}, or a list of these");
    CHECK(complaint(with(R"("headers":[])"), "/headers") == "must be an object");
    CHECK(complaint(with(R"("metadata":{"n":1})"), "/metadata/n") == "must be a string");
    CHECK(complaint(with(R"("provider_options":{"ses":"x"})"), "/provider_options/ses") ==
          "must be an object");
    CHECK(complaint(with(R"("attachments":{})"), "/attachments") == "must be a list");
    CHECK(complaint(with(R"("dsn":true)"), "/dsn") == "must be an object");
    CHECK(complaint("[]", "") == "must be an object");
    CHECK(complaint("\"x\"", "") == "must be an object");
    CHECK(complaint("7", "") == "must be an object");
}

TEST_CASE("values outside their range are refused") {
    CHECK(complaint(with(R"("priority":"urgent")"), "/priority") == "must be low, normal or high");
    CHECK(complaint(with(R"("on_unknown":"drop")"), "/on_unknown") == "must be retry or hold");
    CHECK(complaint(with(R"("on_unknown":"failover")"), "/on_unknown") ==
          "failover does not exist yet: use retry or hold");
    CHECK(has(complaint(with(R"("send_at":"tomorrow")"), "/send_at"), "RFC 3339"));
    CHECK(complaint(with(R"("send_at":"2027-01-02T00:00:00Z","expires_at":"2027-01-01T00:00:00Z")"),
                    "/expires_at") == "must be later than send_at");
    CHECK(has(complaint(with(R"("dsn":{"notify":["never","delay"]})"), "/dsn/notify"), "alone"));
    CHECK(has(complaint(with(R"("dsn":{"notify":["often"]})"), "/dsn/notify/0"), "must be never"));
    CHECK(complaint(with(R"("dsn":{"ret":"all"})"), "/dsn/ret") == "must be full or headers");
    CHECK(has(complaint(with(R"("dsn":{"envid":"ü"})"), "/dsn/envid"), "printable"));
    CHECK(complaint(with(R"("connection":"")"), "/connection") == "must not be empty");
}

TEST_CASE("a send needs a recipient, and something to say") {
    CHECK(complaint(R"({"text":"x"})", "/to") == "is missing: name a recipient in to, cc or bcc");
    CHECK(complaint(R"({"to":[],"text":"x"})", "/to") ==
          "is missing: name a recipient in to, cc or bcc");
    CHECK(complaint(R"({"to":"a@b.org"})", "") ==
          "has neither a subject nor a text, html or attachment");
    CHECK(complaint(R"({"to":{"name":"x"},"text":"x"})", "/to/email") == "is missing");
}

TEST_CASE("attachments are held to their rules") {
    const auto one = [](const std::string& members, std::string_view below) {
        return complaint(with("\"attachments\":[{" + members + "}]"),
                         "/attachments/0" + std::string(below));
    };
    CHECK(one(R"("filename":"a")", "/content") == "is missing");
    CHECK(one(R"("content":"")", "/filename") == "is missing");
    CHECK(has(one(R"("content":"","filename":"../x")", "/filename"), "without a path"));
    CHECK(has(one(R"("content":"","filename":"a\\b")", "/filename"), "without a path"));
    CHECK(has(one(R"("content":"a*b","filename":"a")", "/content"), "is not base64"));
    CHECK(has(one(R"("content":"abcde","filename":"a")", "/content"), "is not base64"));
    CHECK(has(one(R"("content":"","filename":"a","content_type":"pdf")", "/content_type"),
              "application/pdf"));
    CHECK(
        has(one(R"("content":"","filename":"a","content_type":"multipart/mixed")", "/content_type"),
            "multipart"));
    CHECK(has(one(R"("content":"","disposition":"inline")", "/content_id"), "is missing"));
    CHECK(has(one(R"("content":"","disposition":"hidden")", "/disposition"), "must be attachment"));
    CHECK(has(one(R"("content":"","content_id":"a b")", "/content_id"), "printable ASCII"));
}

TEST_CASE("reserved and malformed headers are refused with a hint") {
    CHECK(complaint(with(R"("headers":{"From":"x@y.org"})"), "/headers/From") ==
          "is set by the gateway; use the member from");
    CHECK(has(complaint(with(R"("headers":{"bCC":"x@y.org"})"), "/headers/bCC"), "member bcc"));
    CHECK(has(complaint(with(R"("headers":{"Message-ID":"x"})"), "/headers/Message-ID"),
              "set by the gateway"));
    CHECK(has(complaint(with(R"("headers":{"X Y":"1"})"), "/headers/X Y"), "no header name"));
    CHECK(has(complaint(with(R"("headers":{"X:Y":"1"})"), "/headers/X:Y"), "no header name"));
    CHECK(has(complaint(with(R"("headers":{"":"1"})"), "/headers/"), "no header name"));
}

TEST_CASE("no field lets a line break or another control through") {
    struct place {
        std::string before, after, pointer;
    };
    const std::string attached = R"("attachments":[{"content":"","filename":"f",)";
    const std::vector<place> places{
        {R"({"text":"x","to":"b@example.net","from":")", "\"}", "/from"},
        {R"({"text":"x","to":"b@example.net","from":{"email":"a@b.org","name":")", "\"}}",
         "/from/name"},
        {R"({"text":"x","to":"b@example.net","from":{"email":")", "\"}}", "/from/email"},
        {R"({"text":"x","to":")", "\"}", "/to"},
        {R"({"text":"x","to":["a@b.org",")", "\"]}", "/to/1"},
        {with(R"("sender":")"), "\"}", "/sender"},
        {with(R"("reply_to":[")"), "\"]}", "/reply_to/0"},
        {with(R"("cc":")"), "\"}", "/cc"},
        {with(R"("bcc":")"), "\"}", "/bcc"},
        {with(R"("subject":")"), "\"}", "/subject"},
        {with(R"("headers":{"X-A":")"), "\"}}", "/headers/X-A"},
        {with(R"("tags":[")"), "\"]}", "/tags/0"},
        {with(R"("metadata":{"k":")"), "\"}}", "/metadata/k"},
        {with(R"("connection":")"), "\"}", "/connection"},
        {with(R"("organization":")"), "\"}", "/organization"},
        {with(R"("priority":")"), "\"}", "/priority"},
        {with(R"("dsn":{"envid":")"), "\"}}", "/dsn/envid"},
        {with(R"("send_at":")"), "\"}", "/send_at"},
        {with(attached + R"("content_type":"text/)"), "\"}]}", "/attachments/0/content_type"},
        {with(attached + R"("content_id":")"), "\"}]}", "/attachments/0/content_id"},
        {with(R"("attachments":[{"content":"","filename":")"), "\"}]}", "/attachments/0/filename"},
    };
    for (const auto& [before, after, pointer] : places) {
        // with() closes the object: what follows here closes it again.
        const std::string open =
            before.back() == '}' ? before.substr(0, before.size() - 1) : before;
        for (const std::string_view bad :
             {"\\r", "\\n", "\\r\\n", "\\u0000", "\\u0085", "\\u2028", "\\u2029", "\\u007f"}) {
            const std::string json =
                open + "a" + std::string(bad) + "Bcc: victim@example.net" + after;
            INFO(json);
            const std::string said = complaint(json, pointer);
            CHECK(said != "accepted");
            CHECK(said != "");
        }
    }
}

TEST_CASE("a header's name and a metadata key cannot hold a line break either") {
    CHECK(
        has(complaint(with(R"("headers":{"X\r\nBcc":"1"})"), "/headers/X\r\nBcc"), "header name"));
    CHECK(has(complaint(with(R"("metadata":{"a\nb":"1"})"), "/metadata/a\nb"), "control"));
}

TEST_CASE("NUL in a text is refused, other line breaks there are not") {
    CHECK(has(complaint(R"({"to":"a@b.org","text":"a\u0000b"})", "/text"), "NUL"));
    CHECK(send(R"({"to":"a@b.org","text":"a\r\nb\rc\n"})"));
}

TEST_CASE("all problems come at once, but no more than fifty") {
    const auto few = send(R"({"to":"nobody","cc":5,"subject":"a\nb","priority":"x","what":{}})");
    REQUIRE_FALSE(few);
    CHECK(few.error().kind == error_kind::invalid);
    CHECK(few.error().fields.size() == 5);
    std::string many = R"({"tags":[)";
    for (int i = 0; i < 60; ++i)
        many += "7,";
    const auto got = send(many + "7]}");
    REQUIRE_FALSE(got);
    CHECK(got.error().fields.size() == 50);
}

TEST_CASE("caps are refusals") {
    std::string people = R"({"text":"x","to":["r0@example.net")";
    for (size_t i = 1; i <= limits::recipients; ++i)
        people += ",\"r" + std::to_string(i) + "@example.net\"";
    CHECK(has(complaint(people + "]}", "/to/1000"), "one more than 1000 recipients"));
    std::string tags = "\"tags\":[\"t\"";
    for (size_t i = 1; i <= limits::tags; ++i)
        tags += ",\"t\"";
    CHECK(has(complaint(with(tags + "]"), "/tags/64"), "one more than 64 tags"));
    std::string headers = "\"headers\":{\"X-0\":\"\"";
    for (size_t i = 1; i <= limits::custom_headers; ++i)
        headers += ",\"X-" + std::to_string(i) + "\":\"\"";
    CHECK(has(complaint(with(headers + "}"), "/headers/X-200"), "one more than 200 headers"));
    const std::string subject(limits::subject_bytes + 1, 's');
    CHECK(has(complaint(with("\"subject\":\"" + subject + "\""), "/subject"), "longer than"));
    const std::string huge(1 << 20, 'o');
    CHECK(has(complaint(with(R"("provider_options":{"ses":{"a":")" + huge + R"(","b":[{}]}})"),
                        "/provider_options/ses/a"),
              "larger than"));
    CHECK(has(complaint(with("\"subject\":\"" + huge + "\""), "/subject"), "longer than"));
}

TEST_CASE("what is not JSON is malformed, and bombs are cheap to refuse") {
    const auto malformed = [](const std::string& json) {
        const auto got = send(json, 4096);
        return !got && got.error().kind == error_kind::malformed;
    };
    CHECK(malformed(""));
    CHECK(malformed("{"));
    CHECK(malformed(with("\"text\":\"twice\"")));
    CHECK(malformed("{\"to\":\"\xff\"}"));
    CHECK(malformed(R"({"text":"\ud800"})"));
    CHECK(malformed(std::string(100'000, '[')));
    CHECK(malformed(with("\"x\":" + std::string(100'000, '['))));
    CHECK(malformed(with(R"("provider_options":{"ses":)" + std::string(100, '{'))));
    std::string keys = "\"metadata\":{\"k\":\"\"";
    for (int i = 0; i < 5000; ++i)
        keys += ",\"" + std::to_string(i) + "\":\"\"";
    const auto got = send(with(keys + "}"));
    REQUIRE_FALSE(got);
}
