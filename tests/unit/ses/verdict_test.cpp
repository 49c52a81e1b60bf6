// The fault table: every error of SES that is known, and everything that can happen to a request,
// through the whole plugin -> verdict, blame, when to try again, what to do.
#include "host.hpp"

using namespace ses_test;

namespace {

struct fault {
    const char* name;
    check::http_answer answer;
    uint32_t verdict, blame;
    uint64_t retry_after = 0;  // seconds
};

constexpr uint32_t rejected = GATEPOST_REJECTED, deferred = GATEPOST_DEFERRED,
                   unknown = GATEPOST_UNKNOWN;

check::http_answer by_body(uint32_t status, const std::string& body) {
    return {status, body, {}, GATEPOST_OK};
}
check::http_answer with_wait(const std::string& wait) {
    check::http_answer made = refusal(429, "TooManyRequestsException");
    made.headers.emplace_back("retry-after", wait);
    made.headers.emplace_back("date", "Sun, 22 Nov 2026 13:45:00 GMT");
    return made;
}
check::http_answer lost(gatepost_status status) {
    check::http_answer made;
    made.http_status = 0;
    made.status = status;
    return made;
}

const std::string not_verified =
    "Email address is not verified. The following identities failed the check in region "
    "EU-WEST-1: ";

// clang-format off
const std::vector<fault> faults{
    {"sending rate", refusal(429, "TooManyRequestsException", "Maximum sending rate exceeded."), deferred, GATEPOST_BLAME_QUOTA, 1},
    {"day's quota, 429", refusal(429, "TooManyRequestsException", "Daily message quota exceeded"), deferred, GATEPOST_BLAME_QUOTA, 600},
    {"day's quota, 400", refusal(400, "LimitExceededException", "Daily message quota exceeded."), deferred, GATEPOST_BLAME_QUOTA, 600},
    {"day's quota, throttling", refusal(400, "ThrottlingException", "Daily message quota exceeded."), deferred, GATEPOST_BLAME_QUOTA, 600},
    {"ThrottlingException", refusal(400, "ThrottlingException", "Rate exceeded"), deferred, GATEPOST_BLAME_QUOTA, 1},
    {"Throttling", refusal(429, "Throttling", "Rate exceeded"), deferred, GATEPOST_BLAME_QUOTA, 1},
    {"LimitExceededException", refusal(400, "LimitExceededException"), deferred, GATEPOST_BLAME_QUOTA, 60},
    {"429 without a word", by_body(429, ""), deferred, GATEPOST_BLAME_QUOTA, 1},
    {"Retry-After in seconds", with_wait("17"), deferred, GATEPOST_BLAME_QUOTA, 17},
    {"Retry-After as a date", with_wait("Sun, 22 Nov 2026 13:46:30 GMT"), deferred, GATEPOST_BLAME_QUOTA, 90},
    {"Retry-After in the past", with_wait("Sun, 22 Nov 2026 13:00:00 GMT"), deferred, GATEPOST_BLAME_QUOTA, 1},
    {"Retry-After, garbage", with_wait("soon"), deferred, GATEPOST_BLAME_QUOTA, 1},
    {"Retry-After, negative", with_wait("-5"), deferred, GATEPOST_BLAME_QUOTA, 1},
    {"Retry-After, endless", with_wait("99999999"), deferred, GATEPOST_BLAME_QUOTA, 86400},

    {"unverified sender", refusal(400, "MessageRejected", not_verified + "sender@example.org"), deferred, GATEPOST_BLAME_SENDER},
    {"unverified sender with a name", refusal(400, "MessageRejected", not_verified + "Sender <sender@example.org>, sender@example.org"), deferred, GATEPOST_BLAME_SENDER},
    {"unverified domain", refusal(400, "MessageRejected", not_verified + "example.org"), deferred, GATEPOST_BLAME_SENDER},
    {"unverified, unnamed", refusal(400, "MessageRejected", "Email address is not verified."), deferred, GATEPOST_BLAME_SENDER},
    {"sandbox", refusal(400, "MessageRejected", not_verified + "first@example.net"), rejected, GATEPOST_BLAME_RECIPIENT},
    {"sandbox, and it ends as the sender", refusal(400, "MessageRejected", not_verified + "a.sender@example.org"), rejected, GATEPOST_BLAME_RECIPIENT},
    {"content rejected", refusal(400, "MessageRejected", "Illegal filename 'a.exe'."), rejected, GATEPOST_BLAME_MESSAGE},
    {"MAIL FROM", refusal(400, "MailFromDomainNotVerifiedException"), deferred, GATEPOST_BLAME_SENDER},
    {"BadRequest", refusal(400, "BadRequestException", "Local address contains control or whitespace"), rejected, GATEPOST_BLAME_MESSAGE},
    {"Validation", refusal(400, "ValidationException"), rejected, GATEPOST_BLAME_MESSAGE},
    {"configuration set, 400", refusal(400, "BadRequestException", "Configuration set <x> does not exist."), deferred, GATEPOST_BLAME_CONFIG},
    {"NotFound", refusal(404, "NotFoundException", "Template welcome does not exist."), deferred, GATEPOST_BLAME_CONFIG},
    {"AccountSuspended", refusal(400, "AccountSuspendedException"), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"SendingPaused", refusal(400, "SendingPausedException"), deferred, GATEPOST_BLAME_CONFIG, 600},
    {"AccessDenied", refusal(403, "AccessDeniedException"), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"UnrecognizedClient", refusal(403, "UnrecognizedClientException", "The security token included in the request is invalid."), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"InvalidClientTokenId", refusal(403, "InvalidClientTokenId"), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"InvalidSignature", refusal(403, "InvalidSignatureException"), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"SignatureDoesNotMatch", refusal(403, "SignatureDoesNotMatch"), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"IncompleteSignature", refusal(400, "IncompleteSignature"), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"ExpiredToken", refusal(403, "ExpiredTokenException"), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"RequestExpired", refusal(400, "RequestExpired"), deferred, GATEPOST_BLAME_CONFIG},
    {"too large", refusal(413, "RequestEntityTooLarge"), rejected, GATEPOST_BLAME_MESSAGE},
    {"InternalServiceError", refusal(500, "InternalServiceErrorException"), unknown, GATEPOST_BLAME_PROVIDER},
    {"InternalFailure", refusal(500, "InternalFailure"), unknown, GATEPOST_BLAME_PROVIDER},
    {"ServiceUnavailable", refusal(503, "ServiceUnavailable"), deferred, GATEPOST_BLAME_PROVIDER},
    {"502", by_body(502, "<html>Bad gateway</html>"), unknown, GATEPOST_BLAME_PROVIDER},
    {"504", by_body(504, ""), unknown, GATEPOST_BLAME_PROVIDER},

    {"type in __type", by_body(400, R"({"__type":"com.amazonaws.ses#AccountSuspendedException","message":"x"})"), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"type in code, Message", by_body(400, R"({"code":"MessageRejected","Message":"no"})"), rejected, GATEPOST_BLAME_MESSAGE},
    {"redirect", by_body(302, ""), deferred, GATEPOST_BLAME_CONFIG},
    {"401", by_body(401, ""), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"403 garbage", by_body(403, "<<<"), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"404 of a web server", by_body(404, "<html>"), deferred, GATEPOST_BLAME_CONFIG},
    {"407", by_body(407, ""), deferred, GATEPOST_BLAME_CONFIG},
    {"408", by_body(408, ""), deferred, GATEPOST_BLAME_NETWORK},
    {"418", by_body(418, ""), rejected, GATEPOST_BLAME_MESSAGE},
    {"200, empty", by_body(200, ""), unknown, GATEPOST_BLAME_PROVIDER},
    {"200, garbage", by_body(200, "\x1F\x8B\x08 gzip"), unknown, GATEPOST_BLAME_PROVIDER},
    {"200 without an id", by_body(200, "{}"), unknown, GATEPOST_BLAME_PROVIDER},
    {"200, 10 MB", {200, std::string(1 << 20, ' '), {}, GATEPOST_LIMIT}, unknown, GATEPOST_BLAME_PROVIDER},
    {"403, 10 MB", {403, std::string(1 << 20, ' '), {}, GATEPOST_LIMIT}, deferred, GATEPOST_BLAME_CREDENTIAL},

    {"no connection", lost(GATEPOST_CONNECT), deferred, GATEPOST_BLAME_NETWORK},
    {"lost before the end of the request", lost(GATEPOST_DISCONNECTED), deferred, GATEPOST_BLAME_NETWORK},
    {"too slow to send", lost(GATEPOST_TIMEOUT), deferred, GATEPOST_BLAME_NETWORK},
    {"lost after the request", lost(GATEPOST_UNCERTAIN), unknown, GATEPOST_BLAME_NETWORK},
    {"not allowed", lost(GATEPOST_DENIED), deferred, GATEPOST_BLAME_CONFIG},
};
// clang-format on

}  // namespace

TEST_CASE("every fault of SES has its verdict, its blame and its patience") {
    for (const fault& one : faults) {
        INFO(one.name);
        running with;
        with.answer = [&](const check::http_seen&) { return one.answer; };
        const check::outcome said = with.send();
        CHECK(said.verdict == one.verdict);
        CHECK(said.blame == one.blame);
        CHECK(said.retry_after == seconds(one.retry_after));
        CHECK(said.code == static_cast<int32_t>(one.answer.http_status));
        CHECK_FALSE(said.text.empty());
        CHECK(with.seen.size() == 1);  // never twice in a call
    }
}

TEST_CASE("who must act is told what to do") {
    for (const fault& one : faults) {
        const bool somebody = one.blame == GATEPOST_BLAME_CREDENTIAL ||
                              one.blame == GATEPOST_BLAME_SENDER ||
                              one.blame == GATEPOST_BLAME_QUOTA ||
                              (one.blame == GATEPOST_BLAME_CONFIG && one.answer.http_status != 0);
        if (!somebody) continue;
        INFO(one.name);
        running with;
        with.answer = [&](const check::http_seen&) { return one.answer; };
        CHECK_FALSE(with.send().advice.empty());
    }
}

TEST_CASE("what is not there is the fault of who named it, the message or the connection") {
    struct missing {
        json settings, options;
        check::http_answer answer;
        bool by_message;
    };
    const auto not_found = [](const char* words) {
        return refusal(404, "NotFoundException", words);
    };
    const std::string set = "Configuration set <nope> does not exist.";
    const missing table[] = {
        {{}, {{"configuration_set", "nope"}}, not_found(set.c_str()), true},
        {{}, {{"configuration_set", "nope"}}, not_found(""), true},
        {{}, {{"configuration_set", "nope"}}, refusal(400, "BadRequestException", set), true},
        {{},
         {{"configuration_set", "nope"}},
         refusal(400, "ConfigurationSetDoesNotExistException"),
         true},
        {{{"configuration_set", "prod"}},
         {{"configuration_set", "nope"}},
         not_found(set.c_str()),
         true},
        {{{"configuration_set", "nope"}}, json::object(), not_found(set.c_str()), false},
        {{{"configuration_set", "nope"}}, {{"tenant", "a"}}, not_found(set.c_str()), false},
        {{{"configuration_set", "prod"}}, {{"tenant", "a"}}, not_found(""), false},
        {{{"configuration_set", "prod"}},
         {{"tenant", "a"}},
         not_found("Tenant a does not exist."),
         true},
        {{{"tenant", "a"}}, json::object(), not_found("Tenant a does not exist."), false},
        {{{"configuration_set", "prod"}},
         {{"list_management", {{"contact_list", "readers"}}}},
         not_found("List with name: readers doesn't exist."),
         true},
        {{}, {{"from_identity_arn", "arn:x"}}, not_found("Identity does not exist"), true},
        {{}, {{"feedback_identity_arn", "arn:x"}}, not_found("Identity does not exist"), true},
        {{{"from_identity_arn", "arn:x"}}, json::object(), not_found("Identity"), false},
        // Nobody asked for what it names.
        {{}, {{"tenant", "a"}}, not_found("Configuration set <x> does not exist."), false},
        {{}, json::object(), not_found("Configuration set <x> does not exist."), false},
        // Not SES at all.
        {{}, {{"configuration_set", "nope"}}, by_body(404, "<html>"), false},
    };
    for (const missing& one : table) {
        INFO(one.settings.dump() << one.options.dump() << one.answer.body);
        json settings = usual_settings();
        if (one.settings.is_object()) settings.update(one.settings);
        running with(settings);
        with.answer = [&](const check::http_seen&) { return one.answer; };
        check::message mail = check::simple_message();
        mail.options_json = one.options.dump();
        const check::outcome said = with.send(mail);
        CHECK(said.verdict == (one.by_message ? rejected : deferred));
        CHECK(said.blame == (one.by_message ? GATEPOST_BLAME_MESSAGE : GATEPOST_BLAME_CONFIG));
        CHECK_FALSE(said.advice.empty());
    }
}

TEST_CASE("a template that is not there fails the message that names it") {
    running with;
    check::message mail = check::simple_message();
    mail.parts.clear();
    mail.options_json = R"({"template":{"name":"welcome"}})";
    with.answer = [&](const check::http_seen&) {
        return refusal(404, "NotFoundException", "Template welcome does not exist.");
    };
    const check::outcome said = with.send(mail);
    CHECK(said.verdict == rejected);
    CHECK(said.blame == GATEPOST_BLAME_MESSAGE);
}

TEST_CASE("a certificate that is not right stops the connection and says so") {
    running with;
    with.answer = [](const check::http_seen&) {
        check::http_answer made = lost(GATEPOST_CONNECT);
        made.failed_at = GATEPOST_AT_CERTIFICATE;
        return made;
    };
    const check::outcome said = with.send();
    CHECK(said.verdict == deferred);
    CHECK(said.blame == GATEPOST_BLAME_CONFIG);
    CHECK_FALSE(said.advice.empty());
}

TEST_CASE("an answer that breaks off behind its head is what its status says") {
    struct broken {
        uint32_t status, verdict, blame;
        std::string body = {};
        gatepost_status how = GATEPOST_UNCERTAIN;
    };
    const broken table[] = {
        {200, GATEPOST_ACCEPTED, GATEPOST_BLAME_NONE, R"({"MessageId":"a"})"},
        {200, unknown, GATEPOST_BLAME_NETWORK, R"({"MessageId":"a)"},
        {400, rejected, GATEPOST_BLAME_MESSAGE},
        {429, deferred, GATEPOST_BLAME_QUOTA},
        {500, unknown, GATEPOST_BLAME_PROVIDER},
        {503, deferred, GATEPOST_BLAME_PROVIDER},
        // Said before the request was whole, and then the end: a refusal counts, a success does
        // not.
        {413, rejected, GATEPOST_BLAME_MESSAGE, "", GATEPOST_DISCONNECTED},
        {200, deferred, GATEPOST_BLAME_NETWORK, R"({"MessageId":"a"})", GATEPOST_DISCONNECTED},
    };
    for (const broken& one : table) {
        INFO(one.status << " " << one.how << one.body);
        running with;
        with.answer = [&](const check::http_seen&) {
            return check::http_answer{one.status, one.body, {}, one.how};
        };
        const check::outcome said = with.send();
        CHECK(said.verdict == one.verdict);
        CHECK(said.blame == one.blame);
    }
}
