// The engine by a clock that stands still: one refresh however many ask, early renewal, forced
// refresh, back-off, and what is remembered.
#include "oauth_kit.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace gatepost::services;
using namespace std::chrono_literals;

namespace {

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

oauth_client workspace_client() {
    oauth_client out;
    out.connection = "workspace";
    out.profile = "google";
    out.grant = oauth_grant::service_account;
    out.subject = "ana@example.org";
    out.service_account = secret(key_file_of(make_rsa_key()));
    return out;
}

// The claims of an assertion, as text.
std::string claims_of(const form_map& form) {
    const std::string& jwt = form.at("assertion");
    const size_t first = jwt.find('.') + 1;
    std::string body = jwt.substr(first, jwt.rfind('.') - first);
    std::ranges::replace(body, '-', '+');
    std::ranges::replace(body, '_', '/');
    return text::base64_decode(body).value_or("?");
}

}  // namespace

TEST_CASE("fifty who ask at once cost one request and hear the same token, each once") {
    oauth_bench on(google_client());
    on.provider.holds = true;
    std::vector<oauth_heard_ptr> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(on.ask());
    on.settle();
    CHECK(on.provider.count() == 1);
    for (const auto& each : all)
        CHECK_FALSE(each->done());
    on.provider.release();
    on.settle();
    for (const auto& each : all) {
        CHECK(each->times == 1);
        CHECK(each->token() == "token-1");
    }
    CHECK(on.provider.count() == 1);
    CHECK(on.get()->token() == "token-1");
    CHECK(on.provider.count() == 1);
    CHECK(on.provider.url(1) == "https://oauth2.googleapis.com/token");
    CHECK(on.disk->tries() == 0);
}

TEST_CASE("a token is renewed while the old one is still given; near its end one waits") {
    oauth_bench on(google_client());
    CHECK(on.get()->token() == "token-1");
    on.advance(54min);
    CHECK(on.get()->token() == "token-1");
    CHECK(on.provider.count() == 1);
    on.advance(1min);
    on.provider.holds = true;
    CHECK(on.get()->token() == "token-1");
    CHECK(on.provider.count() == 2);
    CHECK(on.get()->token() == "token-1");
    on.advance(4min);
    const auto waits = on.get();
    CHECK_FALSE(waits->done());
    CHECK(on.provider.count() == 2);
    on.provider.release();
    on.settle();
    CHECK(waits->token() == "token-2");
    CHECK(on.get()->token() == "token-2");
    CHECK(on.provider.count() == 2);
}

TEST_CASE("a token that is over is not given, by whichever clock it is over") {
    oauth_bench on(google_client());
    on.get();
    on.advance(2h);
    CHECK(on.get()->token() == "token-2");
    CHECK(on.engine->state("gmail").expires_at == on.clock.wall_now() + 1h);
}

TEST_CASE("a forced refresh is one for all who were refused with the same token") {
    oauth_bench on(google_client());
    CHECK(on.get()->token() == "token-1");
    on.provider.holds = true;
    const auto first = on.ask(true, "token-1"), second = on.ask(true, "token-1"), third = on.ask();
    on.settle();
    CHECK(on.provider.count() == 2);
    on.provider.holds = false;
    on.provider.release();
    on.settle();
    CHECK(first->token() == "token-2");
    CHECK(second->token() == "token-2");
    CHECK(third->token() == "token-2");
    // Who was refused with an older one gets the one in hand.
    CHECK(on.get(true, "token-1")->token() == "token-2");
    CHECK(on.provider.count() == 2);
    // A server that refuses every token does not cost one a mail.
    CHECK(on.get(true, "token-2")->token() == "token-2");
    on.advance(11s);
    CHECK(on.get(true, "token-2")->token() == "token-3");
    on.advance(11s);
    CHECK(on.get(true)->token() == "token-4");
}

TEST_CASE("without an [oauth] table there is no token, and a sentence") {
    oauth_bench on(google_client());
    auto heard = std::make_shared<oauth_heard>();
    on.engine->token("other", false, {}, [heard](oauth_outcome got) {
        heard->got = std::move(got);
        ++heard->times;
    });
    on.settle();
    CHECK(heard->got.failure.sentence == "this connection has no [oauth] table");
    CHECK(heard->got.failure.blame == oauth_blame::config);
    CHECK_FALSE(on.engine->state("other").configured);
    on.engine->configure({});
    CHECK(on.get()->got.failure.blame == oauth_blame::config);
    CHECK_FALSE(on.engine->state("gmail").configured);
}

TEST_CASE("what will pass is tried again after 1, 2, 5 seconds and more, and no oftener") {
    oauth_bench on(google_client());
    on.provider.answers = [](const form_map&, int) { return said(503, ""); };
    const std::vector<std::chrono::seconds> steps{1s, 2s, 5s, 10s, 20s, 40s, 60s, 60s};
    int count = 0;
    for (const auto step : steps) {
        const auto first = on.get();
        CHECK(on.provider.count() == ++count);
        CHECK(first->got.failure.blame == oauth_blame::provider);
        CHECK(first->got.failure.retry_after == step);
        on.advance(step - 500ms);
        const auto again = on.get();
        CHECK(again->got.failure.sentence == first->got.failure.sentence);
        CHECK(again->got.failure.retry_after == 1s);
        CHECK(on.get(true)->got.failure.retry_after == 1s);
        CHECK(on.provider.count() == count);
        on.advance(500ms);
    }
    on.provider.answers = [](const form_map&, int) { return token_answer("well"); };
    CHECK(on.engine->state("gmail").problem ==
          "oauth2.googleapis.com gives no token now: HTTP 503");
    CHECK(on.get()->token() == "well");
    CHECK(on.engine->state("gmail").problem.empty());
    CHECK(on.engine->state("gmail").last_refresh == on.clock.wall_now());
}

TEST_CASE("a provider's Retry-After is waited for") {
    oauth_bench on(google_client());
    on.provider.answers = [](const form_map&, int number) {
        return number == 1 ? said(429, "", {{"retry-after", "120"}}) : token_answer("late");
    };
    CHECK(on.get()->got.failure.retry_after == 120s);
    on.advance(119s);
    CHECK_FALSE(on.get()->got.token);
    CHECK(on.provider.count() == 1);
    on.advance(1s);
    CHECK(on.get()->token() == "late");
}

TEST_CASE("while a renewal fails the old token is given for as long as it is good") {
    oauth_bench on(google_client());
    CHECK(on.get()->token() == "token-1");
    on.provider.answers = [](const form_map&, int) { return said(500, ""); };
    on.advance(56min);
    CHECK(on.get()->token() == "token-1");
    CHECK(on.provider.count() == 2);
    on.advance(3min + 30s);
    CHECK(on.get()->token() == "token-1");
    on.advance(29s);
    CHECK_FALSE(on.get()->got.token.has_value());
}

TEST_CASE("a dead refresh token is remembered for half an hour, or until the settings change") {
    oauth_bench on(google_client());
    on.provider.answers = [](const form_map& form, int) {
        return form.at("refresh_token") == "good" ? token_answer("well") : refusal("invalid_grant");
    };
    const auto dead = on.get();
    CHECK(dead->got.failure.permanent);
    CHECK(dead->got.failure.blame == oauth_blame::credential);
    CHECK(says(dead->got.failure.sentence, "run: gatepost oauth login gmail"));
    on.advance(29min);
    CHECK(on.get()->got.failure.permanent);
    CHECK(on.get(true)->got.failure.permanent);
    CHECK(on.provider.count() == 1);
    CHECK(on.engine->state("gmail").permanent);
    on.advance(1min);
    CHECK(on.get()->got.failure.permanent);
    CHECK(on.provider.count() == 2);
    // The same settings read again change nothing; others do.
    on.engine->configure({completed(google_client())});
    on.get();
    CHECK(on.provider.count() == 2);
    auto client = google_client();
    client.refresh_token = secret("good");
    on.engine->configure({completed(client)});
    CHECK(on.get()->token() == "well");
    CHECK(on.engine->state("gmail").problem.empty());
}

TEST_CASE("without a refresh token nobody is asked, and the sentence says to log in") {
    auto client = microsoft_client();
    client.refresh_token = secret();
    oauth_bench on(client, {}, {{"office", "the login that is kept cannot be opened"}});
    CHECK(on.get()->got.failure.sentence ==
          "the login that is kept cannot be opened; run: gatepost oauth login office");
    CHECK(on.provider.count() == 0);
    CHECK_FALSE(on.engine->state("office").logged_in);
}

TEST_CASE("settings that change while a token is got: who waits gets one of the new settings") {
    oauth_bench on(google_client());
    on.provider.holds = true;
    const auto waits = on.get();
    auto client = google_client();
    client.client_secret = secret("another");
    on.engine->configure({completed(client)});
    on.provider.holds = false;
    on.provider.release();
    on.settle();
    CHECK(waits->token() == "token-2");
    CHECK(on.provider.form(2).at("client_secret") == "another");
}

TEST_CASE("an assertion that was refused for its time is corrected once by the answer's date") {
    oauth_bench on(workspace_client());
    on.provider.answers = [](const form_map&, int number) {
        if (number != 2)
            return said(400,
                        R"({"error":"invalid_grant","error_description":"Invalid JWT: Token must )"
                        R"(be a short-lived token (60 minutes) and in a reasonable timeframe."})",
                        {{"date", number == 1 ? "Fri, 15 Jan 2027 10:00:00 GMT"
                                              : "Fri, 15 Jan 2027 11:00:00 GMT"}});
        return token_answer("well");
    };
    // The test's clock says 08:00.
    CHECK(on.get()->token() == "well");
    CHECK(on.provider.count() == 2);
    CHECK(says(claims_of(on.provider.form(1)), R"("iat":1799999940,"exp":1800003540)"));
    CHECK(says(claims_of(on.provider.form(2)), R"("iat":1800007140,"exp":1800010740)"));
    // The correction stays; the same refusal again is no reason to ask twice.
    on.advance(1h);
    CHECK(on.get()->got.failure.permanent);
    CHECK(on.provider.count() == 3);
}

TEST_CASE("stopping answers everybody, and nobody is asked any more") {
    oauth_bench on(google_client());
    on.provider.holds = true;
    const auto waits = on.get();
    on.provider.holds = false;
    std::thread later([&] {
        for (int i = 0; i < 1000 && !waits->done(); ++i)
            std::this_thread::sleep_for(10ms);
        on.provider.release();
    });
    on.engine->stop();
    later.join();
    CHECK(waits->times == 1);
    CHECK_FALSE(waits->got.token.has_value());
    CHECK(waits->got.failure.sentence == "the gateway is shutting down");
    const auto late = on.ask();
    CHECK(late->times == 1);
    on.engine->stop();
}
