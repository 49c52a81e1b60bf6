// The order that nothing may change: a rotated refresh token is on disk before its access token is
// given to anybody.
#include "oauth_kit.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace gatepost::services;
using namespace std::chrono_literals;

namespace {

// Each answer brings the next refresh token, as Microsoft's do.
oauth_response rotating(const form_map&, int number) {
    const std::string text = std::to_string(number);
    return token_answer("token-" + text, 3600, "refresh-" + text);
}

}  // namespace

TEST_CASE("a rotated refresh token is on disk before anybody has its access token") {
    oauth_bench on(microsoft_client());
    on.provider.answers = rotating;
    on.disk->holds = true;
    const auto first = on.get(), second = on.get();
    CHECK(on.disk->tries() == 1);
    CHECK_FALSE(first->done());
    CHECK(on.provider.count() == 1);
    on.disk->holds = false;
    on.disk->release();
    CHECK(on.disk->holds_word("refresh-1"));
    on.settle();
    CHECK(first->token() == "token-1");
    CHECK(second->token() == "token-1");
    CHECK(on.engine->state("office").token_source == "rotation");
    on.advance(2h);
    CHECK(on.get()->token() == "token-2");
    CHECK(on.provider.form(1).at("refresh_token") == "0.first-refresh");
    CHECK(on.provider.form(2).at("refresh_token") == "refresh-1");
    CHECK(on.disk->holds_word("refresh-2"));
}

TEST_CASE("what was kept is used after a restart") {
    std::map<std::string, secret> kept;
    {
        oauth_bench on(microsoft_client());
        on.provider.answers = rotating;
        on.get();
        kept = on.disk->kept();
    }
    oauth_bench on(microsoft_client(), kept);
    on.get();
    CHECK(on.provider.form(1).at("refresh_token") == "refresh-1");
    CHECK(on.engine->state("office").token_source == "rotation");
    auto changed = microsoft_client();
    changed.refresh_token = secret("a new one in the file");
    oauth_bench other(changed, kept);
    other.get();
    CHECK(other.provider.form(1).at("refresh_token") == "a new one in the file");
}

TEST_CASE("if the disk takes it not, its access token is given to nobody until it does") {
    oauth_bench on(microsoft_client());
    on.provider.answers = rotating;
    on.disk->full = true;
    const auto refused = on.get();
    CHECK(refused->got.failure.blame == oauth_blame::storage);
    CHECK(refused->got.failure.retry_after == 1s);
    CHECK(refused->got.failure.sentence ==
          "a new refresh token could not be kept: no space left; its access token is used when it "
          "is on disk");
    CHECK(on.get()->got.failure.blame == oauth_blame::storage);
    CHECK(on.get(true)->got.failure.blame == oauth_blame::storage);
    CHECK(on.provider.count() == 1);
    CHECK(on.disk->tries() == 1);
    on.advance(1s);
    CHECK(on.disk->tries() == 2);
    on.advance(1s);
    CHECK(on.disk->tries() == 2);
    on.disk->full = false;
    on.advance(1s);
    CHECK(on.disk->tries() == 3);
    CHECK(on.disk->holds_word("refresh-1"));
    CHECK(on.get()->token() == "token-1");
    CHECK(on.provider.count() == 1);
    CHECK(on.engine->state("office").problem.empty());
}

TEST_CASE("a token that waited for the disk until it was over is got anew, with the new one") {
    oauth_bench on(microsoft_client());
    on.provider.answers = rotating;
    on.disk->full = true;
    on.get();
    on.advance(2h);
    on.disk->full = false;
    on.advance(2min);
    CHECK(on.get()->token() == "token-2");
    CHECK(on.provider.form(2).at("refresh_token") == "refresh-1");
}

TEST_CASE("a rotation that comes after the settings changed is kept all the same") {
    oauth_bench on(microsoft_client());
    on.provider.answers = rotating;
    on.provider.holds = true;
    const auto waits = on.get();
    auto client = microsoft_client();
    client.ca_file = "/etc/ssl/other.pem";
    on.engine->configure({completed(client)});
    on.provider.holds = false;
    on.provider.release();
    on.settle();
    CHECK(on.provider.form(2).at("refresh_token") == "refresh-1");
    CHECK(waits->token() == "token-2");
}

TEST_CASE("stopping waits for a rotation that is under way, and keeps it") {
    oauth_bench on(microsoft_client());
    on.provider.answers = rotating;
    on.provider.holds = true;
    const auto waits = on.get();
    std::thread later([&] { on.provider.release(); });
    on.engine->stop();
    later.join();
    CHECK(waits->times == 1);
    CHECK(on.disk->holds_word("refresh-1"));
}

TEST_CASE("an application's token needs no disk, whatever else its answer holds") {
    auto client = microsoft_client();
    client.grant = oauth_grant::client_credentials;
    client.refresh_token = secret();
    client.client_secret = secret("s");
    client.tenant = "example.org";
    oauth_bench on(client);
    on.provider.answers = rotating;
    CHECK(on.get()->token() == "token-1");
    CHECK(on.disk->tries() == 0);
    CHECK(on.engine->state("office").grant == "client_credentials");
    CHECK(on.engine->state("office").logged_in);
}
