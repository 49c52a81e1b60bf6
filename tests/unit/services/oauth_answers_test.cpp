// What a provider answers: a token, or a sentence with its blame, whether it passes and when.
#include "oauth_kit.hpp"
#include "services/oauth/failure.hpp"
#include "services/oauth/grant.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace gatepost::services;
using namespace std::chrono_literals;

namespace {

constexpr auto now = wall_time(1'800'000'000s);

}  // namespace

TEST_CASE("answers are told apart: whose fault, whether it passes, what to do") {
    const auto client = completed(google_client());
    const auto read = [&](const oauth_response& answer) {
        return read_grant(client, answer, now, secret("1//fake-refresh-token"));
    };
    const auto failure = [&](const oauth_response& answer) {
        const auto got = read(answer);
        CHECK_FALSE(got.token.has_value());
        return got.failure;
    };
    oauth_response silent;
    silent.problem = "no connection to oauth2.googleapis.com:443";
    CHECK(failure(silent) == oauth_failure{oauth_blame::network,
                                           "no token: no connection to oauth2.googleapis.com:443",
                                           {},
                                           {},
                                           false});
    const auto dead = failure(refusal("invalid_grant", "Token has been expired or revoked."));
    CHECK(dead.blame == oauth_blame::credential);
    CHECK(dead.permanent);
    CHECK(dead.sentence ==
          "oauth2.googleapis.com refuses: invalid_grant (Token has been expired or revoked.); run: "
          "gatepost oauth login gmail");
    CHECK(failure(refusal("invalid_client", "", 401)).sentence ==
          "oauth2.googleapis.com refuses: invalid_client; check client_id and client_secret in the "
          "[oauth] table of gmail");
    CHECK(
        failure(refusal("invalid_client",
                        "AADSTS7000222: The provided client secret keys are "
                        "expired. Trace ID: 1 Correlation ID: 2"))
            .sentence ==
        "oauth2.googleapis.com refuses: invalid_client (AADSTS7000222: The provided client secret "
        "keys are expired.); the client secret has expired: make a new one in the Entra admin "
        "center and put it into client_secret in the [oauth] table of gmail");
    for (const int status : {429, 500, 502, 503, 504}) {
        const auto passing = failure(said(status, "<html>", {{"retry-after", "17"}}));
        CHECK(passing.blame == oauth_blame::provider);
        CHECK_FALSE(passing.permanent);
        CHECK(passing.retry_after == 17s);
    }
    CHECK_FALSE(failure(refusal("temporarily_unavailable")).permanent);
    CHECK(failure(refusal("unauthorized_client")).permanent);
    CHECK_FALSE(failure(said(302, "")).permanent);
    CHECK_FALSE(failure(said(200, "<html>")).permanent);
    CHECK(failure(said(200, R"({"access_token":"a b"})")).sentence ==
          "the answer of oauth2.googleapis.com cannot be used: it has no access_token that can be "
          "used");
    CHECK(failure(said(200, R"({"access_token":"a","token_type":"mac"})")).blame ==
          oauth_blame::provider);
}

TEST_CASE("only an error code in JSON is a refusal that will not pass") {
    const auto client = completed(google_client());
    const auto failure = [&](int status, const std::string& body) {
        return read_grant(client, said(status, body, {{"retry-after", "17"}}), now, secret("x"))
            .failure;
    };
    for (const char* body :
         {"<html>Log in to this network</html>", "", "gone", "{}", "[]", R"({"error":""})",
          R"({"error":{"code":403}})", R"({"error":403})", R"({"error_description":"no"})"}) {
        for (const int status : {400, 401, 403, 404, 407, 451}) {
            INFO(status << " " << body);
            const auto page = failure(status, body);
            CHECK(page.blame == oauth_blame::provider);
            CHECK_FALSE(page.permanent);
            CHECK(page.retry_after == 17s);
            CHECK(page.sentence.find("check token_url") != std::string::npos);
        }
    }
    for (const int status : {400, 401, 403}) {
        const auto refused = failure(status, R"({"error":"invalid_grant"})");
        CHECK(refused.blame == oauth_blame::credential);
        CHECK(refused.permanent);
    }
}

TEST_CASE("a sentence never repeats a secret that the provider sent back") {
    const auto client = completed(google_client());
    const auto got = read_grant(
        client, refusal("invalid_grant", "bad 1//fake-refresh-token with fake-client-secret"), now,
        secret("1//fake-refresh-token"));
    CHECK(got.failure.sentence.find("fake-") == std::string::npos);
    const auto second =
        read_grant(client, refusal("invalid_grant", "kept-token-abc\\r\\nSecond: line"), now,
                   secret("kept-token-abc"));
    CHECK(second.failure.sentence.find("kept-token") == std::string::npos);
    CHECK(second.failure.sentence.find("Second") == std::string::npos);
}

TEST_CASE("a lifetime is a number, a number as text, or half an hour") {
    const auto client = completed(google_client());
    const auto lifetime = [&](const char* said_so) {
        const auto got = read_grant(
            client, said(200, std::string(R"({"access_token":"a")") + said_so + "}"), now);
        REQUIRE(got.token.has_value());
        return got.token->lifetime;
    };
    CHECK(lifetime(R"(,"expires_in":3599)") == 3599s);
    CHECK(lifetime(R"(,"expires_in":"3599")") == 3599s);
    CHECK(lifetime("") == 30min);
    CHECK(lifetime(R"(,"expires_in":-5)") == 30min);
    CHECK(lifetime(R"(,"expires_in":99999999999)") == 24h);
}

TEST_CASE("Retry-After is seconds, or a date against the answer's own date") {
    const auto after = [](std::vector<std::pair<std::string, std::string>> headers) {
        return retry_after(said(503, "", std::move(headers)));
    };
    CHECK(after({{"retry-after", "120"}}) == 120s);
    CHECK(after({{"retry-after", "999999"}}) == 3600s);
    CHECK(after({{"retry-after", "Sun, 22 Nov 2026 22:01:00 GMT"},
                 {"date", "Sun, 22 Nov 2026 22:00:00 GMT"}}) == 60s);
    CHECK(after({{"retry-after", "Sun, 22 Nov 2026 22:01:00 GMT"}}) == std::nullopt);
    CHECK(after({{"retry-after", "soon"}}) == std::nullopt);
    CHECK(after({}) == std::nullopt);
}
