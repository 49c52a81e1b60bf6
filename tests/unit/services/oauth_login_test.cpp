// Login: the device flow, which the engine polls, and the redirect to this machine.
#include "oauth_kit.hpp"
#include "services/oauth/jwt.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace gatepost::services;
using namespace std::chrono_literals;

namespace {

using step = oauth_login_state::step;

oauth_client new_client() {
    auto out = microsoft_client();
    out.refresh_token = secret();
    return out;
}

const char* const begun =
    R"({"device_code":"dev-1","user_code":"ABCD-EFGH","interval":5,"expires_in":900,)"
    R"("verification_uri":"https://microsoft.com/devicelogin"})";

// The second request begins to poll; `polls` says what each poll hears.
void script(oauth_bench& on, std::vector<oauth_response> polls) {
    on.provider.answers = [polls = std::move(polls)](const form_map& form, int number) {
        if (!form.contains("grant_type")) return said(200, begun);
        const auto at = static_cast<size_t>(number) - 2;
        return at < polls.size() ? polls[at] : refusal("authorization_pending");
    };
}

std::shared_ptr<std::optional<result<oauth_device_login>>> begin_device(oauth_bench& on) {
    auto out = std::make_shared<std::optional<result<oauth_device_login>>>();
    on.engine->begin_device(on.name, [out](result<oauth_device_login> got) { *out = got; });
    on.settle();
    return out;
}

std::shared_ptr<std::optional<status>> finish(oauth_bench& on, const std::string& state,
                                              const std::string& code) {
    auto out = std::make_shared<std::optional<status>>();
    on.engine->finish_loopback(on.name, state, code, [out](status got) { *out = got; });
    on.settle();
    return out;
}

std::string query_value(const std::string& url, const std::string& name) {
    const form_map all = read_form(std::string_view(url).substr(url.find('?') + 1));
    const auto at = all.find(name);
    return at == all.end() ? std::string() : at->second;
}

}  // namespace

TEST_CASE("the device flow polls as often as it is told, and is done when the token is on disk") {
    oauth_bench on(new_client());
    script(on, {refusal("authorization_pending"), refusal("slow_down"),
                token_answer("token", 3600, "refresh-of-login")});
    on.disk->holds = true;
    const auto shown = begin_device(on);
    REQUIRE(shown->has_value());
    REQUIRE((*shown)->ok());
    CHECK((**shown)->user_code == "ABCD-EFGH");
    CHECK((**shown)->verification_uri == "https://microsoft.com/devicelogin");
    CHECK((**shown)->interval == 5s);
    CHECK((**shown)->expires_in == 900s);
    CHECK(on.provider.url(1) == "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode");
    on.advance(4s);
    CHECK(on.provider.count() == 1);
    on.advance(1s);
    CHECK(on.provider.count() == 2);
    CHECK(on.provider.form(2).at("device_code") == "dev-1");
    on.advance(5s);
    CHECK(on.provider.count() == 3);  // slow_down: ten seconds from here
    on.advance(9s);
    CHECK(on.provider.count() == 3);
    CHECK(on.engine->login("office").now == step::pending);
    CHECK(on.engine->login("office").expires_in == 881s);
    on.advance(1s);
    CHECK(on.provider.count() == 4);
    CHECK(on.engine->login("office").now == step::pending);
    CHECK_FALSE(on.engine->state("office").logged_in);
    on.disk->release();
    on.settle();
    CHECK(on.engine->login("office").now == step::done);
    CHECK(on.disk->holds_word("refresh-of-login"));
    CHECK(on.engine->state("office").token_source == "login");
    CHECK(on.get()->token() == "token");
    CHECK(on.provider.count() == 4);
}

TEST_CASE("a device flow ends with a sentence when it was refused, forgotten, or of no use") {
    oauth_bench on(new_client());
    script(on, {refusal("access_denied")});
    begin_device(on);
    on.advance(5s);
    CHECK(on.engine->login("office").now == step::failed);
    CHECK(on.engine->login("office").sentence == "it was refused at the provider");

    oauth_bench late(new_client());
    script(late, {});
    begin_device(late);
    for (int i = 0; i < 200; ++i)
        late.advance(5s);
    CHECK(late.engine->login("office").now == step::failed);
    CHECK(late.engine->login("office").sentence == "it was not finished in time; begin again");

    oauth_bench poor(new_client());
    script(poor, {token_answer("token")});
    begin_device(poor);
    poor.advance(5s);
    CHECK(poor.engine->login("office").now == step::failed);
    CHECK(poor.engine->login("office").sentence ==
          "login.microsoftonline.com gave no refresh token: the scope must ask for offline access");
}

TEST_CASE("a poll that got no answer is made again, less often") {
    oauth_bench on(new_client());
    script(on, {said(503, ""), token_answer("token", 3600, "refresh-of-login")});
    begin_device(on);
    on.advance(5s);
    CHECK(on.provider.count() == 2);
    on.advance(9s);
    CHECK(on.provider.count() == 2);
    on.advance(1s);
    CHECK(on.engine->login("office").now == step::done);
}

TEST_CASE("where the device flow is of no use, it says so and what to do") {
    oauth_bench google(google_client());
    const auto refused = begin_device(google);
    REQUIRE(refused->has_value());
    CHECK((*refused)->error().kind == error_kind::conflict);
    CHECK((*refused)->error().detail.starts_with("Google does not allow the scope"));
    CHECK(google.provider.count() == 0);
    auto client = new_client();
    client.grant = oauth_grant::client_credentials;
    client.client_secret = secret("s");
    client.tenant = "example.org";
    oauth_bench application(client);
    CHECK((*begin_device(application))->error().detail ==
          "the connection \"office\" needs no login: its grant is \"client_credentials\"");
    application.name = "nobody";
    CHECK((*begin_device(application))->error().kind == error_kind::not_found);
    oauth_bench broken(new_client());
    broken.provider.answers = [](const form_map&, int) {
        return refusal("unauthorized_client", "AADSTS700016: not found");
    };
    CHECK((*begin_device(broken))->error().kind == error_kind::provider);
    CHECK(broken.engine->login("office").now == step::failed);
}

TEST_CASE("a redirect to this machine is exchanged with the verifier of its challenge, once") {
    oauth_bench on(google_client());
    on.provider.answers = [](const form_map&, int) {
        return token_answer("token", 3600, "refresh-of-login");
    };
    CHECK(on.engine->begin_loopback("gmail", "https://example.com/").error().kind ==
          error_kind::invalid);
    const auto begun_login = on.engine->begin_loopback("gmail", "http://127.0.0.1:8400/");
    REQUIRE(begun_login.ok());
    const std::string& url = begun_login->authorize_url;
    CHECK(url.starts_with("https://accounts.google.com/o/oauth2/v2/auth?"));
    CHECK(query_value(url, "state") == begun_login->state);
    CHECK(query_value(url, "access_type") == "offline");
    CHECK((*finish(on, "another state", "code"))->error().kind == error_kind::conflict);
    CHECK(on.provider.count() == 0);
    const auto done = finish(on, begun_login->state, "the code");
    REQUIRE(done->has_value());
    CHECK((*done)->ok());
    const form_map form = on.provider.form(1);
    CHECK(form.at("code") == "the code");
    CHECK(form.at("redirect_uri") == "http://127.0.0.1:8400/");
    CHECK(form.at("client_secret") == "fake-client-secret");
    CHECK(pkce_challenge(form.at("code_verifier")) == query_value(url, "code_challenge"));
    CHECK(on.disk->holds_word("refresh-of-login"));
    CHECK(on.engine->login("gmail").now == step::done);
    CHECK(on.get()->token() == "token");
    CHECK((*finish(on, begun_login->state, "the code"))->error().kind == error_kind::conflict);
    CHECK(on.provider.count() == 1);
}

TEST_CASE("a login is not done before the disk has it, and says so if it does not take it") {
    oauth_bench on(google_client());
    on.provider.answers = [](const form_map&, int) {
        return token_answer("token", 3600, "refresh-of-login");
    };
    on.disk->full = true;
    const auto begun_login = on.engine->begin_loopback("gmail", "http://127.0.0.1:8400/");
    const auto done = finish(on, begun_login->state, "code");
    REQUIRE(done->has_value());
    CHECK((*done)->error().kind == error_kind::storage);
    CHECK(on.engine->login("gmail").now == step::pending);
    on.disk->full = false;
    on.advance(1s);
    CHECK(on.engine->login("gmail").now == step::done);
    CHECK(on.disk->holds_word("refresh-of-login"));
}

TEST_CASE("a login ends what was remembered, and outlives an answer to the token before it") {
    oauth_bench on(microsoft_client());
    on.provider.answers = [](const form_map& form, int) {
        if (form.at("grant_type") == "authorization_code")
            return token_answer("of-login", 3600, "refresh-of-login");
        return token_answer("of-before", 3600, "refresh-of-before");
    };
    on.provider.holds = true;
    const auto waits = on.get();  // a refresh with the old token is under way
    const auto begun_login = on.engine->begin_loopback("office", "http://localhost:8400/");
    finish(on, begun_login->state, "code");
    CHECK(on.provider.count() == 2);
    // The login's answer first, then the other: as the requests are held, in reverse.
    on.provider.holds = false;
    on.provider.release_reversed();
    on.settle();
    CHECK(waits->token() == "of-login");
    CHECK(on.disk->holds_word("refresh-of-login"));
    CHECK_FALSE(on.disk->holds_word("refresh-of-before"));

    oauth_bench dead(microsoft_client());
    dead.provider.answers = [](const form_map& form, int) {
        return form.at("grant_type") == "refresh_token"
                   ? refusal("invalid_grant")
                   : token_answer("of-login", 3600, "refresh-of-login");
    };
    CHECK(dead.get()->got.failure.permanent);
    const auto again = dead.engine->begin_loopback("office", "http://localhost:8400/");
    finish(dead, again->state, "code");
    CHECK(dead.get()->token() == "of-login");
    CHECK(dead.engine->state("office").problem.empty());
}

TEST_CASE("a new login replaces the one before; a cancelled one ends; changed settings end it") {
    oauth_bench on(google_client());
    const auto first = on.engine->begin_loopback("gmail", "http://localhost:1/");
    const auto second = on.engine->begin_loopback("gmail", "http://localhost:1/");
    CHECK((*finish(on, first->state, "code"))->error().kind == error_kind::conflict);
    on.engine->cancel_login("gmail");
    CHECK((*finish(on, second->state, "code"))->error().kind == error_kind::conflict);
    CHECK(on.engine->login("gmail").sentence == "it was cancelled");
    const auto third = on.engine->begin_loopback("gmail", "http://localhost:1/");
    auto client = google_client();
    client.client_id = "another";
    on.engine->configure({completed(client)});
    CHECK((*finish(on, third->state, "code"))->error().kind == error_kind::conflict);
    const auto fourth = on.engine->begin_loopback("gmail", "http://localhost:1/");
    on.advance(11min);
    CHECK((*finish(on, fourth->state, "code"))->error().kind == error_kind::conflict);
    CHECK(on.engine->login("gmail").now == step::failed);
    CHECK(on.provider.count() == 0);
}
