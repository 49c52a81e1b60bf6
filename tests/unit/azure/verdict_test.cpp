// The fault table: every error of Azure that is known, and everything that can happen to a request,
// through the whole plugin -> verdict, blame, when to try again, what to do. Where the end is
// unclear, the operation is looked for; in this table Azure then answers with the same fault.
#include "host.hpp"

using namespace azure_test;

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
check::http_answer with_wait(uint32_t status, const std::string& wait) {
    check::http_answer made = refusal(status, "TooManyRequests");
    if (status == 503) made = refusal(503);
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

// clang-format off
const std::vector<fault> faults{
    {"bad body", refusal(400, "BadRequest", "Request body validation error. See property 'senderAddress'"), rejected, GATEPOST_BLAME_MESSAGE},
    {"bad base64", refusal(400, "BadRequest", "ContentBytes invalid. Should be base64"), rejected, GATEPOST_BLAME_MESSAGE},
    {"bad address", refusal(400, "InvalidEmailAddress", "Invalid format for email address"), rejected, GATEPOST_BLAME_MESSAGE},
    {"unknown sender", refusal(400, "InvalidSenderUserName"), deferred, GATEPOST_BLAME_SENDER},
    {"wrong key", refusal(401, "Denied", "Denied by the resource provider."), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"role missing", refusal(403, "Forbidden"), deferred, GATEPOST_BLAME_CREDENTIAL},
    {"domain not linked, 404", refusal(404, "DomainNotLinked", "The specified sender domain has not been linked."), deferred, GATEPOST_BLAME_SENDER},
    {"domain not linked, 403", refusal(403, "DomainNotLinked"), deferred, GATEPOST_BLAME_SENDER},
    {"domain not linked, by words", refusal(404, "", "The specified sender domain has not been linked."), deferred, GATEPOST_BLAME_SENDER},
    {"no such service", by_body(404, "<html>"), deferred, GATEPOST_BLAME_CONFIG},
    {"too large", refusal(413), rejected, GATEPOST_BLAME_MESSAGE},
    {"cannot be processed", refusal(422), rejected, GATEPOST_BLAME_MESSAGE},
    {"quota", refusal(429, "TooManyRequests"), deferred, GATEPOST_BLAME_QUOTA, 60},
    {"quota without a word", by_body(429, ""), deferred, GATEPOST_BLAME_QUOTA, 60},
    {"Retry-After in seconds", with_wait(429, "3600"), deferred, GATEPOST_BLAME_QUOTA, 3600},
    {"Retry-After as a date", with_wait(429, "Sun, 22 Nov 2026 13:46:30 GMT"), deferred, GATEPOST_BLAME_QUOTA, 90},
    {"Retry-After in the past", with_wait(429, "Sun, 22 Nov 2026 13:00:00 GMT"), deferred, GATEPOST_BLAME_QUOTA, 1},
    {"Retry-After, garbage", with_wait(429, "soon"), deferred, GATEPOST_BLAME_QUOTA, 60},
    {"Retry-After, negative", with_wait(429, "-5"), deferred, GATEPOST_BLAME_QUOTA, 60},
    {"Retry-After, endless", with_wait(429, "99999999"), deferred, GATEPOST_BLAME_QUOTA, 86400},
    {"503", refusal(503), deferred, GATEPOST_BLAME_PROVIDER},
    {"503 with Retry-After", with_wait(503, "20"), deferred, GATEPOST_BLAME_PROVIDER, 20},
    {"500", refusal(500, "InternalServerError"), unknown, GATEPOST_BLAME_PROVIDER},
    {"502", by_body(502, "<html>Bad gateway</html>"), unknown, GATEPOST_BLAME_PROVIDER},
    {"504", by_body(504, ""), unknown, GATEPOST_BLAME_PROVIDER},
    {"409", refusal(409, "Conflict"), unknown, GATEPOST_BLAME_PROVIDER},
    {"redirect", by_body(307, ""), deferred, GATEPOST_BLAME_CONFIG},
    {"407", by_body(407, ""), deferred, GATEPOST_BLAME_CONFIG},
    {"408", by_body(408, ""), deferred, GATEPOST_BLAME_NETWORK},
    {"200 of a web server", by_body(200, "<html>"), unknown, GATEPOST_BLAME_PROVIDER},
    {"200, gzip", by_body(200, "\x1F\x8B\x08"), unknown, GATEPOST_BLAME_PROVIDER},
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

TEST_CASE("every fault of Azure has its verdict, its blame and its patience") {
    for (const fault& one : faults) {
        INFO(one.name);
        running with;
        with.answer = [&](const check::http_seen&) { return one.answer; };
        const check::outcome said = with.send();
        CHECK(said.verdict == one.verdict);
        CHECK(said.blame == one.blame);
        CHECK(said.retry_after == (one.verdict == unknown ? 0 : seconds(one.retry_after)));
        CHECK(said.code == static_cast<int32_t>(one.answer.http_status));
        CHECK_FALSE(said.text.empty());
        // What is unknown is looked for once, and may be looked for again later.
        CHECK(said.state.empty() == (one.verdict != unknown));
        size_t sent = 0;
        for (const check::http_seen& request : with.seen)
            sent += request.commits ? 1 : 0;
        CHECK(sent == (one.answer.http_status == 401 ? 2u : 1u));
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

TEST_CASE("the end of an operation has its verdict and its blame") {
    struct ending {
        const char *state, *code;
        uint32_t verdict, blame;
    };
    const ending endings[] = {
        {"Succeeded", "", GATEPOST_ACCEPTED, GATEPOST_BLAME_NONE},
        {"Failed", "EmailDroppedAllRecipientsSuppressed", rejected, GATEPOST_BLAME_RECIPIENT},
        {"Failed", "EmailDropped", rejected, GATEPOST_BLAME_RECIPIENT},
        {"Failed", "SomethingElse", rejected, GATEPOST_BLAME_MESSAGE},
        {"Failed", "", rejected, GATEPOST_BLAME_MESSAGE},
        {"Canceled", "", rejected, GATEPOST_BLAME_PROVIDER},
        {"Running", "", GATEPOST_ACCEPTED, GATEPOST_BLAME_NONE},
        {"NotStarted", "", GATEPOST_ACCEPTED, GATEPOST_BLAME_NONE},
        {"SomethingNew", "", GATEPOST_ACCEPTED, GATEPOST_BLAME_NONE},
    };
    for (const ending& one : endings) {
        INFO(one.state << " " << one.code);
        running with;
        with.answer = [&](const check::http_seen&) { return operation(200, one.state, one.code); };
        check::call_options what;
        what.kind = GATEPOST_LOOKUP;
        what.state = R"({"operation":"8540c0de-899f-5cce-acb5-3ec493af3800","asked":0})";
        const check::outcome said = with.call(what);
        CHECK(said.verdict == one.verdict);
        CHECK(said.blame == one.blame);
        CHECK(said.advice.empty() == (one.verdict == GATEPOST_ACCEPTED));
    }
}
