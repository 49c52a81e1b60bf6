// The fault table: every status and error of the provider facts, every form of 429, every way to
// lose an answer -> exact verdict, blame, time and advice. Through the plugin's table, so that what
// is judged is what the host is told.
#include "host.hpp"

using namespace mailgun_test;

namespace {

struct expectation {
    uint32_t status;
    std::string body;
    uint32_t verdict, blame;
    uint64_t retry_seconds;
    std::string advice;  // a word of it; empty: none is wanted
};

std::string saying(const std::string& text) {
    return json{{"message", text}}.dump();
}

constexpr uint64_t second = 1'000'000'000;
constexpr uint32_t D = GATEPOST_DEFERRED, R = GATEPOST_REJECTED, U = GATEPOST_UNKNOWN;
const std::string date = "Mon, 20 Dec 2021 20:31:21 GMT";

uint64_t wait_of(const std::string& text,
                 std::vector<std::pair<std::string, std::string>> headers = {},
                 uint32_t status = 429) {
    headers.emplace_back("date", date);
    running run(always({.http_status = status, .body = text, .headers = std::move(headers)}));
    const check::outcome said = run.send();
    CHECK(said.verdict == GATEPOST_DEFERRED);
    return said.retry_after / second;
}

}  // namespace

TEST_CASE("every status and error of Mailgun has its verdict, its blame and words of what to do") {
    const std::string not_allowed = "Domain mg.example.com is not allowed to send: ";
    const expectation table[] = {
        {400, saying("to parameter is not a valid address. please check documentation"), R,
         GATEPOST_BLAME_RECIPIENT, 0, "whole message"},
        {400, saying("from parameter is missing"), R, GATEPOST_BLAME_SENDER, 0, "from"},
        {400, saying("from parameter is not a valid address"), R, GATEPOST_BLAME_SENDER, 0, "from"},
        {400,
         saying("Need at least one of 'text', 'html', 'amp-html' or 'template' parameters "
                "specified"),
         R, GATEPOST_BLAME_MESSAGE, 0, ""},
        {400, saying("Too many recipients, max is 1000"), R, GATEPOST_BLAME_MESSAGE, 0, "fewer"},
        {400,
         saying(
             "Send options (parameters starting with o:, h:, v:, or t:) are limited to 16KB total"),
         R, GATEPOST_BLAME_MESSAGE, 0, "16 KB"},
        {400, saying("Header name must be pure ASCII"), R, GATEPOST_BLAME_MESSAGE, 0, ""},
        {400, saying("invalid delivery time format"), R, GATEPOST_BLAME_MESSAGE, 0, "deliverytime"},
        {400, saying("malformed multipart/form-data request"), R, GATEPOST_BLAME_PLUGIN, 0,
         "report"},
        {400, saying("'message' parameter is not a file"), R, GATEPOST_BLAME_PLUGIN, 0, "report"},
        {400, saying(not_allowed + "Sandbox subdomains are for test purposes only."), D,
         GATEPOST_BLAME_CONFIG, 0, "authorized"},
        {400, saying(not_allowed + "Please activate your Mailgun account."), D,
         GATEPOST_BLAME_CONFIG, 0, "activate"},
        {400, saying(not_allowed + "The domain is unverified and requires DNS configuration."), D,
         GATEPOST_BLAME_CONFIG, 0, "DNS"},
        {400, "", R, GATEPOST_BLAME_MESSAGE, 0, ""},
        {401, "Forbidden", D, GATEPOST_BLAME_CREDENTIAL, 0, "region"},
        {401, saying("Invalid private key"), D, GATEPOST_BLAME_CREDENTIAL, 0, "api_key"},
        {402, "", R, GATEPOST_BLAME_MESSAGE, 0, ""},
        {403, saying("Domain mg.example.com is not allowed to send large batches yet"), D,
         GATEPOST_BLAME_QUOTA, 3600, "fewer"},
        {403, saying("Rejected: IP 1.2.3.4 can't be used to send the message"), D,
         GATEPOST_BLAME_CONFIG, 0, "sending_ip"},
        {403, saying("Account disabled"), D, GATEPOST_BLAME_CONFIG, 0, "account"},
        {403, "", D, GATEPOST_BLAME_CONFIG, 0, ""},
        {404, saying("Domain not found: mg.example.com"), D, GATEPOST_BLAME_CONFIG, 60, "EU"},
        {404, "<html><h1>Not Found</h1></html>", D, GATEPOST_BLAME_CONFIG, 60, "region"},
        {405, "", D, GATEPOST_BLAME_PLUGIN, 0, "report"},
        {407, "", D, GATEPOST_BLAME_CONFIG, 0, "proxy"},
        {408, "", D, GATEPOST_BLAME_PROVIDER, 0, ""},
        {413, saying("request size exceeds 52.4MiB limit"), R, GATEPOST_BLAME_MESSAGE, 0, "25 MB"},
        {415, "", D, GATEPOST_BLAME_PLUGIN, 0, "report"},
        {418, "", R, GATEPOST_BLAME_MESSAGE, 0, ""},
        {420, "", D, GATEPOST_BLAME_QUOTA, 60, "per_minute"},
        {429, "", D, GATEPOST_BLAME_QUOTA, 60, "per_minute"},
        {500, "", U, GATEPOST_BLAME_PROVIDER, 0, ""},
        {501, "", U, GATEPOST_BLAME_PROVIDER, 0, ""},
        {502, "<html>Bad Gateway</html>", U, GATEPOST_BLAME_PROVIDER, 0, ""},
        {503, "", D, GATEPOST_BLAME_PROVIDER, 0, ""},
        {504, "", U, GATEPOST_BLAME_PROVIDER, 0, ""},
        {301, "", D, GATEPOST_BLAME_CONFIG, 0, "redirect"},
        {302, "", D, GATEPOST_BLAME_CONFIG, 0, "redirect"},
        {307, "", D, GATEPOST_BLAME_CONFIG, 0, "redirect"},
        {308, "", D, GATEPOST_BLAME_CONFIG, 0, "redirect"},
        {200, "Mailgun Magnificent API", D, GATEPOST_BLAME_CONFIG, 0, "endpoint"},
        {200, "", U, GATEPOST_BLAME_CONFIG, 0, "endpoint"},
        {200, "<html>Welcome</html>", U, GATEPOST_BLAME_CONFIG, 0, "endpoint"},
        {200, saying("Queued. Thank you."), U, GATEPOST_BLAME_CONFIG, 0, "endpoint"},
        {202, R"({"id":"<a@b>"})", U, GATEPOST_BLAME_CONFIG, 0, "endpoint"},
    };
    for (const expectation& one : table) {
        INFO(one.status << " " << one.body);
        running run(always({.http_status = one.status, .body = one.body}));
        const check::outcome said = run.send();
        CHECK(said.verdict == one.verdict);
        CHECK(said.blame == one.blame);
        CHECK(said.retry_after == one.retry_seconds * second);
        CHECK(said.code == static_cast<int32_t>(one.status));
        CHECK(said.text.starts_with("Mailgun answered " + std::to_string(one.status)));
        CHECK(said.text.find('<') == std::string::npos);
        CHECK((one.advice.empty() || said.advice.find(one.advice) != std::string::npos));
        CHECK(run.seen.size() == 1);
    }
}

TEST_CASE("an address that may not be used is the fault of the message that names it") {
    running run(always({.http_status = 403,
                        .body = saying("Rejected: IP 1.2.3.4 can't be used to send the message")}));
    for (const char* options : {R"({"sending_ip":"1.2.3.4"})", R"({"sending_ip_pool":"pool"})"}) {
        check::message mail = plain_mail();
        mail.options_json = options;
        const check::outcome said = run.send(mail);
        CHECK(said.verdict == R);
        CHECK(said.blame == GATEPOST_BLAME_MESSAGE);
        CHECK(said.advice.find("sending_ip") != std::string::npos);
    }
    CHECK(run.send().verdict == D);  // the account's own address
    run.answer = always({.http_status = 403, .body = saying("Account disabled")});
    check::message mail = plain_mail();
    mail.options_json = R"({"sending_ip":"1.2.3.4"})";
    CHECK(run.send(mail).blame == GATEPOST_BLAME_CONFIG);
}

TEST_CASE("429 waits as long as Mailgun says, in each form it may say it") {
    const std::string domain = "Domain mg.example.com is not allowed to send: ";
    CHECK(wait_of(saying(domain + "request limit exceeded, try again after Mon, 20 Dec 2021 "
                                  "20:33:21 UTC")) == 120);
    CHECK(wait_of(saying(domain + "recipient limit exceeded, try again after Mon, 20 Dec 2021 "
                                  "20:31:00 UTC")) == 1);
    CHECK(wait_of(saying("account-requests-per-sec limit exceeded, try again after 120 seconds")) ==
          120);
    CHECK(wait_of(saying("bytes limit exceeded, try again after never")) == 60);
    CHECK(wait_of(saying("x, try again after 7 seconds"), {{"retry-after", "9"}}) == 9);
    CHECK(wait_of("", {{"retry-after", "Mon, 20 Dec 2021 20:31:51 GMT"}}) == 30);
    CHECK(wait_of("", {{"x-ratelimit-reset", "1640032291"}}) == 10);
    CHECK(wait_of("", {{"x-ratelimit-reset", "1640032291000"}}) == 10);
    CHECK(wait_of(saying("try again after 5 seconds"), {{"x-ratelimit-reset", "1640032291"}}) == 5);
    CHECK(wait_of("try again after 8 seconds") == 8);
    CHECK(wait_of("", {{"retry-after", "a while"}}) == 60);
    CHECK(wait_of(saying("try again after 44 seconds"), {}, 420) == 44);
    CHECK(wait_of("", {{"retry-after", "33"}}, 503) == 33);
    CHECK(wait_of("", {{"x-ratelimit-reset", "1640032291"}}, 503) == 0);
}

// The rest of this table is the SDK's: tests/unit/sdk/no_answer_test.cpp.
TEST_CASE("without an answer it counts whether the request was sent whole") {
    running lost(always({.http_status = 0, .status = GATEPOST_UNCERTAIN}));
    const check::outcome open = lost.send();
    CHECK(open.verdict == U);
    CHECK(open.text.starts_with("Mailgun got the whole request"));

    running unreached(
        always({.http_status = 0, .status = GATEPOST_CONNECT, .failed_at = GATEPOST_AT_NAME}));
    const check::outcome later = unreached.send();
    CHECK(later.verdict == D);
    CHECK(later.blame == GATEPOST_BLAME_NETWORK);
    CHECK(later.text.starts_with("Mailgun was not reached"));
}

TEST_CASE("garbage and too much as a body never make a mail accepted") {
    for (const std::string& body :
         {std::string("\xFF\xFE{{{"), std::string(200'000, '['), std::string(R"({"id":7})"),
          std::string(R"({"id":""})"), std::string(R"(["<a@b>"])")}) {
        running open(always({.http_status = 200, .body = body}));
        CHECK(open.send().verdict == GATEPOST_UNKNOWN);
        running refused(always({.http_status = 400, .body = body}));
        CHECK(refused.send().verdict == GATEPOST_REJECTED);
    }
    running large(
        always({.http_status = 200, .body = std::string(300'000, 'x'), .status = GATEPOST_LIMIT}));
    CHECK(large.send().verdict == GATEPOST_UNKNOWN);
}

TEST_CASE("an answer that breaks off behind its head is what its status says") {
    struct broken {
        uint32_t status, verdict, blame;
        std::string body = {};
        gatepost_status how = GATEPOST_UNCERTAIN;
    };
    const broken table[] = {
        {200, GATEPOST_ACCEPTED, GATEPOST_BLAME_NONE, R"({"id":"<a@b>"})"},
        {200, U, GATEPOST_BLAME_NETWORK, R"({"id":"<a)"},
        {400, R, GATEPOST_BLAME_MESSAGE},
        {429, D, GATEPOST_BLAME_QUOTA},
        {500, U, GATEPOST_BLAME_PROVIDER},
        {503, D, GATEPOST_BLAME_PROVIDER},
        // Said before the request was whole, and then the end: a refusal counts, a success does
        // not.
        {413, R, GATEPOST_BLAME_MESSAGE, "", GATEPOST_DISCONNECTED},
        {200, D, GATEPOST_BLAME_NETWORK, R"({"id":"<a@b>"})", GATEPOST_DISCONNECTED},
    };
    for (const broken& one : table) {
        INFO(one.status << " " << one.how << one.body);
        running run(always({.http_status = one.status, .body = one.body, .status = one.how}));
        const check::outcome said = run.send();
        CHECK(said.verdict == one.verdict);
        CHECK(said.blame == one.blame);
    }
}
