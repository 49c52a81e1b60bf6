// The fault table: every status and error of the provider facts, every form of 429, every way to
// lose an answer -> exact verdict, blame, time and advice. Through the plugin's table, so that what
// is judged is what the host is told.
#include "host.hpp"

using namespace sendgrid_test;

namespace {

struct expectation {
    uint32_t status;
    std::string body;
    uint32_t verdict, blame;
    uint64_t retry_seconds;
    std::string advice;  // a word of it; empty: none is wanted
};

std::string error_body(const std::string& text, const std::string& field = "") {
    const json named = field.empty() ? json(nullptr) : json(field);
    return json{{"errors", {{{"message", text}, {"field", named}, {"help", nullptr}}}}}.dump();
}

constexpr uint64_t second = 1'000'000'000;
constexpr uint32_t D = GATEPOST_DEFERRED, R = GATEPOST_REJECTED, U = GATEPOST_UNKNOWN;

// The fake host's wall clock; the tests name times relative to the answer's Date instead.
const std::string date = "Tue, 01 Dec 2026 08:00:00 GMT";  // 1796112000

check::outcome after_429(std::vector<std::pair<std::string, std::string>> headers,
                         const std::string& body = error_body("too many requests")) {
    headers.emplace_back("date", date);
    running run(always({.http_status = 429, .body = body, .headers = std::move(headers)}));
    return run.send();
}

}  // namespace

TEST_CASE("every status and error of SendGrid has its verdict, its blame and words of what to do") {
    const expectation table[] = {
        {400, error_body("Bad Request"), R, GATEPOST_BLAME_MESSAGE, 0, "strings"},
        {400, error_body("Bad Request", "null"), R, GATEPOST_BLAME_MESSAGE, 0, "strings"},
        {400, error_body("Does not contain a valid address.", "personalizations.0.to.0.email"), R,
         GATEPOST_BLAME_RECIPIENT, 0, "whole message"},
        {400, error_body("Does not contain a valid address.", "personalizations.0.cc.1.email"), R,
         GATEPOST_BLAME_RECIPIENT, 0, "whole message"},
        {400, error_body("Does not contain a valid address.", "personalizations.0.bcc.0.email"), R,
         GATEPOST_BLAME_RECIPIENT, 0, "whole message"},
        {400, error_body("Does not contain a valid address.", "from.email"), R,
         GATEPOST_BLAME_SENDER, 0, "from"},
        {400,
         error_body("Each email address in the personalization block should be unique between to, "
                    "cc, and bcc. We found the first duplicate instance of [a@b] in the "
                    "personalizations.0.cc field.",
                    "personalizations.0"),
         R, GATEPOST_BLAME_MESSAGE, 0, "once"},
        {400, error_body("reply_to and reply_to_list", "reply_to"), R, GATEPOST_BLAME_MESSAGE, 0,
         "not both"},
        {400, error_body("more than 1000 personalizations", "personalizations"), R,
         GATEPOST_BLAME_MESSAGE, 0, ""},
        {400, error_body("Scheduled more than 72 hours", "send_at"), R, GATEPOST_BLAME_MESSAGE, 0,
         "72 hours"},
        {400, error_body("not a valid template", "template_id"), R, GATEPOST_BLAME_MESSAGE, 0,
         "template_id"},
        {400, error_body("invalid", "asm.group_id"), R, GATEPOST_BLAME_MESSAGE, 0, "group_id"},
        {400, error_body("invalid", "ip_pool_name"), R, GATEPOST_BLAME_MESSAGE, 0, "pool"},
        {400, error_body("invalid", "batch_id"), R, GATEPOST_BLAME_MESSAGE, 0, "batch"},
        {400, error_body("invalid", "attachments.0.type"), R, GATEPOST_BLAME_MESSAGE, 0, ""},
        {400, "", R, GATEPOST_BLAME_MESSAGE, 0, ""},
        {401, error_body("The provided authorization grant is invalid, expired, or revoked"), D,
         GATEPOST_BLAME_CREDENTIAL, 0, "region"},
        {401, error_body("authorization required"), D, GATEPOST_BLAME_CREDENTIAL, 0, "API key"},
        {401, error_body("Maximum credits exceeded"), D, GATEPOST_BLAME_QUOTA, 3600, "credits"},
        {403, error_body("Maximum credits exceeded"), D, GATEPOST_BLAME_QUOTA, 3600, "Azure"},
        {403,
         error_body("The from address does not match a verified Sender Identity. Mail cannot be "
                    "sent until this error is resolved.",
                    "from"),
         R, GATEPOST_BLAME_SENDER, 0, "Sender Authentication"},
        {403, error_body("does not match a verified sender identity"), R, GATEPOST_BLAME_SENDER, 0,
         "Verify"},
        {403, error_body("access forbidden"), D, GATEPOST_BLAME_CREDENTIAL, 0, "Mail Send"},
        {403, error_body("You are not authorized to access this resource"), D,
         GATEPOST_BLAME_CREDENTIAL, 0, "Mail Send"},
        {403, error_body("The requestor's IP is not on the access list"), D,
         GATEPOST_BLAME_CREDENTIAL, 0, "IP Access Management"},
        {401, error_body("Your IP is not whitelisted"), D, GATEPOST_BLAME_CREDENTIAL, 0,
         "IP Access Management"},
        {403, error_body("Your account is suspended"), D, GATEPOST_BLAME_CREDENTIAL, 0, "support"},
        {404, error_body("not found"), D, GATEPOST_BLAME_CONFIG, 0, "endpoint"},
        {405, "", D, GATEPOST_BLAME_PLUGIN, 0, "report"},
        {407, "", D, GATEPOST_BLAME_CONFIG, 0, "proxy"},
        {408, "", D, GATEPOST_BLAME_PROVIDER, 0, ""},
        {413, "", R, GATEPOST_BLAME_MESSAGE, 0, "30 MB"},
        {415, "", D, GATEPOST_BLAME_PLUGIN, 0, "report"},
        {418, "", R, GATEPOST_BLAME_MESSAGE, 0, ""},
        {429, error_body("too many requests"), D, GATEPOST_BLAME_QUOTA, 60, "per_second"},
        {500, "", U, GATEPOST_BLAME_PROVIDER, 0, ""},
        {501, "", U, GATEPOST_BLAME_PROVIDER, 0, ""},
        {502, "<html>Bad Gateway</html>", U, GATEPOST_BLAME_PROVIDER, 0, ""},
        {503, "", D, GATEPOST_BLAME_PROVIDER, 0, ""},
        {504, "", U, GATEPOST_BLAME_PROVIDER, 0, ""},
        {301, "", D, GATEPOST_BLAME_CONFIG, 0, "redirect"},
        {302, "", D, GATEPOST_BLAME_CONFIG, 0, "redirect"},
        {307, "", D, GATEPOST_BLAME_CONFIG, 0, "redirect"},
        {308, "", D, GATEPOST_BLAME_CONFIG, 0, "redirect"},
        {200, "Welcome", U, GATEPOST_BLAME_PROVIDER, 0, ""},
        {204, "", U, GATEPOST_BLAME_PROVIDER, 0, ""},
    };
    for (const expectation& one : table) {
        INFO(one.status << " " << one.body);
        running run(always({.http_status = one.status, .body = one.body}));
        const check::outcome said = run.send();
        CHECK(said.verdict == one.verdict);
        CHECK(said.blame == one.blame);
        CHECK(said.retry_after == one.retry_seconds * second);
        CHECK(said.code == static_cast<int32_t>(one.status));
        CHECK(said.text.starts_with("SendGrid answered " + std::to_string(one.status)));
        CHECK(said.text.find("fake-key") == std::string::npos);
        CHECK((one.advice.empty() || said.advice.find(one.advice) != std::string::npos));
        CHECK(run.seen.size() == 1);
    }
}

TEST_CASE("429 waits as long as SendGrid says, in each form it may say it") {
    const auto seconds = [](std::vector<std::pair<std::string, std::string>> headers) {
        const check::outcome said = after_429(std::move(headers));
        CHECK(said.verdict == GATEPOST_DEFERRED);
        CHECK(said.blame == GATEPOST_BLAME_QUOTA);
        return said.retry_after / second;
    };
    CHECK(seconds({{"x-ratelimit-reset", "1796112045"}}) == 45);
    CHECK(seconds({{"x-ratelimit-reset", "1796112045000"}}) == 45);
    CHECK(seconds({{"x-ratelimit-reset", "1796111000"}}) == 1);  // over already
    CHECK(seconds({{"x-ratelimit-reset", "30"}}) == 30);
    CHECK(seconds({{"x-ratelimit-reset", "soon"}}) == 60);
    CHECK(seconds({{"x-ratelimit-reset", ""}}) == 60);
    CHECK(seconds({{"x-ratelimit-reset", "-5"}}) == 60);
    CHECK(seconds({{"x-ratelimit-reset", "99999999999"}}) == 86400);
    CHECK(seconds({{"retry-after", "17"}, {"x-ratelimit-reset", "1796112045"}}) == 17);
    CHECK(seconds({{"retry-after", "1.5"}}) == 1);
    CHECK(seconds({{"retry-after-ms", "1500"}, {"retry-after", "17"}}) == 2);
    CHECK(seconds({{"x-ms-retry-after-ms", "90000"}}) == 90);
    CHECK(seconds({{"retry-after", "0"}}) == 1);
    CHECK(seconds({{"retry-after", "Tue, 01 Dec 2026 08:02:00 GMT"}}) == 120);
    CHECK(seconds({{"retry-after", "Tue, 99 Dec 2026 08:02:00 GMT"}}) == 60);
    CHECK(seconds({}) == 60);
}

TEST_CASE("503 heeds Retry-After but not the window of another limit") {
    const auto after = [](const std::string& name, const std::string& value) {
        running run(always({.http_status = 503, .headers = {{"date", date}, {name, value}}}));
        return run.send().retry_after / second;
    };
    CHECK(after("retry-after", "90") == 90);
    CHECK(after("x-ratelimit-reset", "1796112045") == 0);
}

// The rest of this table is the SDK's: tests/unit/sdk/no_answer_test.cpp.
TEST_CASE("without an answer it counts whether the request was sent whole") {
    running lost(always({.http_status = 0, .status = GATEPOST_UNCERTAIN}));
    const check::outcome open = lost.send();
    CHECK(open.verdict == U);
    CHECK(open.text.starts_with("SendGrid got the whole request"));

    running unreached(
        always({.http_status = 0, .status = GATEPOST_CONNECT, .failed_at = GATEPOST_AT_NAME}));
    const check::outcome later = unreached.send();
    CHECK(later.verdict == D);
    CHECK(later.blame == GATEPOST_BLAME_NETWORK);
    CHECK(later.text.starts_with("SendGrid was not reached"));
}

TEST_CASE("garbage, nothing and too much as a body change nothing of what the status says") {
    for (const std::string& body :
         {std::string(), std::string("\xFF\xFE{{{"), std::string(200'000, '['),
          std::string(R"({"errors":7})"), std::string(R"({"errors":[{"message":{}}]})")}) {
        running accepted(always({.http_status = 202, .body = body}));
        CHECK(accepted.send().verdict == GATEPOST_ACCEPTED);
        running refused(always({.http_status = 400, .body = body}));
        CHECK(refused.send().verdict == GATEPOST_REJECTED);
        running open(always({.http_status = 500, .body = body}));
        CHECK(open.send().verdict == GATEPOST_UNKNOWN);
    }
    running large(
        always({.http_status = 202, .body = std::string(300'000, 'x'), .status = GATEPOST_LIMIT}));
    CHECK(large.send().verdict == GATEPOST_ACCEPTED);
}

TEST_CASE("an answer that breaks off behind its head is what its status says") {
    struct broken {
        uint32_t status, verdict, blame;
        std::string body = {};
        gatepost_status how = GATEPOST_UNCERTAIN;
    };
    const broken table[] = {
        {202, GATEPOST_ACCEPTED, GATEPOST_BLAME_NONE},
        {400, R, GATEPOST_BLAME_MESSAGE},
        {429, D, GATEPOST_BLAME_QUOTA},
        {500, U, GATEPOST_BLAME_PROVIDER},
        {503, D, GATEPOST_BLAME_PROVIDER},
        // Said before the request was whole, and then the end: a refusal counts, a success does
        // not.
        {413, R, GATEPOST_BLAME_MESSAGE, "", GATEPOST_DISCONNECTED},
        {202, D, GATEPOST_BLAME_NETWORK, "", GATEPOST_DISCONNECTED},
    };
    for (const broken& one : table) {
        INFO(one.status << " " << one.how << one.body);
        running run(always({.http_status = one.status, .body = one.body, .status = one.how}));
        const check::outcome said = run.send();
        CHECK(said.verdict == one.verdict);
        CHECK(said.blame == one.blame);
    }
}

TEST_CASE("a reason is cut between letters, never within one") {
    std::string text = "x";
    for (int i = 0; i < 500; ++i)
        text += "ü";
    running run(always({.http_status = 400, .body = error_body(text)}));
    const check::outcome said = run.send();
    CHECK(said.text.size() <= 600);
    CHECK(said.text.ends_with("ü"));
}
