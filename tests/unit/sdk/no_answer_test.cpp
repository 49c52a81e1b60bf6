// What an HTTP request without a whole answer means; every provider says it by these functions.
#include <gatepost/no_answer.hpp>

#include "support/catch.hpp"

using namespace gatepost::sdk;

namespace {

http_reply ended(service_status status, uint32_t failed_at = 0, int http_status = 0) {
    http_reply made;
    made.status = status;
    made.failed_at = failed_at;
    made.http_status = http_status;
    return made;
}

}  // namespace

TEST_CASE("Without an answer it counts whether the request was sent whole") {
    struct row {
        service_status status;
        uint32_t failed_at;
        verdict says;
        blame who;
        std::string_view advice;  // empty: none at all
    };
    constexpr auto later = verdict::deferred;
    const row rows[] = {
        {service_status::connect, GATEPOST_AT_NAME, later, blame::network, "DNS"},
        {service_status::connect, GATEPOST_AT_CONNECT, later, blame::network, "set proxy"},
        {service_status::connect, GATEPOST_AT_PROXY, later, blame::network, "Check proxy"},
        {service_status::connect, GATEPOST_AT_TLS, later, blame::network, "TLS 1.2"},
        {service_status::connect, GATEPOST_AT_CERTIFICATE, later, blame::config, "ca_file"},
        {service_status::disconnected, 0, later, blame::network, ""},
        {service_status::timeout, 0, later, blame::network, ""},
        {service_status::uncertain, 0, verdict::unknown, blame::network, ""},
        {service_status::denied, 0, later, blame::config, ""},
        {service_status::failed, 0, later, blame::provider, ""},
    };
    for (const row& one : rows) {
        INFO(static_cast<int>(one.status) << " " << one.failed_at);
        const outcome said = no_answer(ended(one.status, one.failed_at), "Acme");
        CHECK(said.verdict == one.says);
        CHECK(said.blame == one.who);
        CHECK(said.advice.empty() == one.advice.empty());
        CHECK(said.advice.find(one.advice) != std::string::npos);
        const bool whole = one.status == service_status::uncertain;
        CHECK(said.text.starts_with(whole ? "Acme got the whole request" : "Acme was not reached"));
    }
}

TEST_CASE("A head is an answer, but no success of a request that was not sent whole") {
    CHECK(is_answered(ended(service_status::ok, 0, 202)));
    CHECK(is_answered(ended(service_status::limit, 0, 200)));
    CHECK(is_answered(ended(service_status::uncertain, 0, 202)));
    CHECK(is_answered(ended(service_status::disconnected, 0, 429)));
    CHECK_FALSE(is_answered(ended(service_status::disconnected, 0, 202)));
    CHECK_FALSE(is_answered(ended(service_status::timeout, 0, 200)));
    CHECK_FALSE(is_answered(ended(service_status::uncertain)));
}

TEST_CASE("The end of a test that failed keeps what was said") {
    outcome why = outcome::deferred(blame::quota, "slow down", 429);
    why.retry_after = std::chrono::seconds(7);
    why.advice = "wait";
    const outcome end = why.as_failure();
    CHECK(end.verdict == verdict::rejected);
    CHECK(end.blame == blame::quota);
    CHECK(end.text == "slow down");
    CHECK(end.code == 429);
    CHECK(end.advice == "wait");
    CHECK(end.retry_after == std::chrono::seconds(7));
}
