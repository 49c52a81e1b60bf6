// Logins over the API: the real engine with a provider of a few lines behind it.
#include "api/router.hpp"
#include "api_fixture.hpp"

using namespace testing;
using services::oauth_request;
using services::oauth_response;

namespace {

struct store_in_memory final : services::oauth_store {
    void keep(const std::string&, secret, std::function<void(status)> done) override {
        done(success{});
    }
};

// Answers on a thread of its own, as the transport must.
oauth_response provider(const oauth_request& asked) {
    oauth_response out;
    out.http_status = 200;
    const std::string form(asked.body.reveal());
    if (asked.url.ends_with("/device"))
        out.body = R"({"device_code":"hidden-device","user_code":"ABCD-1234","interval":5,)"
                   R"("expires_in":900,"verification_uri":"https://id.example/device"})";
    else if (form.find("code=good") != form.npos)
        out.body = R"({"access_token":"hidden-access","refresh_token":"hidden-refresh",)"
                   R"("expires_in":3600,"token_type":"Bearer"})";
    else {
        out.http_status = 400;
        out.body = R"({"error":"invalid_grant","error_description":"no such code"})";
    }
    return out;
}

std::unique_ptr<services::oauth_engine> make_engine(const std::string& device_url) {
    services::oauth_options how;
    how.store = std::make_shared<store_in_memory>();
    how.transport = [](const oauth_request& asked, std::function<void(oauth_response)> done) {
        std::thread([asked, done = std::move(done)] { done(provider(asked)); }).detach();
    };
    auto engine = services::oauth_engine::make(std::move(how));
    services::oauth_client client;
    client.connection = "primary";
    client.client_id = "application";
    client.scope = "mail offline_access";
    client.token_url = "https://id.example/token";
    client.authorize_url = "https://id.example/authorize";
    client.device_url = device_url;
    engine->configure({client});
    return engine;
}

struct oauth_fixture {
    explicit oauth_fixture(const std::string& device_url = "https://id.example/device")
        : engine(make_engine(device_url)), api(config::role::admin, engine.get()) {}
    ~oauth_fixture() { engine->stop(); }

    answer post_to(const std::string& what, const std::string& body = "{}") const {
        return api.ask(post("/v1/connections/primary/oauth/" + what, body));
    }
    json oauth() const {
        return json::parse(api.ask(get("/v1/connections/primary")).body).value("oauth", json());
    }
    json begin() const {
        return json::parse(
            post_to("authorize", R"({"redirect_uri":"http://127.0.0.1:7000/"})").body);
    }
    answer finish(const std::string& state, const std::string& code) const {
        return post_to("finish", json{{"state", state}, {"code", code}}.dump());
    }

    std::unique_ptr<services::oauth_engine> engine;
    api_fixture api;
};

}  // namespace

TEST_CASE("a connection with an [oauth] table says how it stands, without a secret") {
    const oauth_fixture with;
    const json shown = with.oauth();
    CHECK(shown["grant"] == "refresh_token");
    CHECK(shown["logged_in"] == false);
    CHECK_FALSE(shown.contains("login"));
    const auto list = json::parse(with.api.ask(get("/v1/connections")).body)["connections"];
    CHECK(list[0]["oauth"]["logged_in"] == false);
    CHECK_FALSE(list[1].contains("oauth"));
}

TEST_CASE("a device login shows the code for people, and keeps the other") {
    const oauth_fixture with;
    const auto begun = with.post_to("device");
    CHECK(begun.status == 200);
    const json body = json::parse(begun.body);
    CHECK(body["user_code"] == "ABCD-1234");
    CHECK(body["verification_uri"] == "https://id.example/device");
    CHECK(body["expires_in"] == 900);
    CHECK(begun.body.find("hidden") == begun.body.npos);
    CHECK(with.oauth()["login"]["state"] == "pending");
}

TEST_CASE("a login by redirect ends with the code of the right state") {
    const oauth_fixture with;
    const json begun = with.begin();
    const std::string address = begun["authorize_url"], state = begun["state"];
    CHECK(address.starts_with("https://id.example/authorize?"));
    CHECK(address.find("code_challenge_method=S256") != address.npos);
    CHECK(with.finish("another", "good").status == 409);
    const auto done = with.finish(state, "good");
    CHECK(done.status == 200);
    const json shown = json::parse(done.body);
    CHECK(shown["logged_in"] == true);
    CHECK(shown["token_source"] == "login");
    CHECK(shown["login"]["state"] == "done");
    CHECK(done.body.find("hidden") == done.body.npos);
    CHECK(with.finish(state, "good").status == 409);
}

TEST_CASE("a code that the provider does not take is its refusal") {
    const oauth_fixture with;
    const json begun = with.begin();
    const auto refused = with.finish(begun["state"], "stolen");
    CHECK(refused.status == 502);
    CHECK(json::parse(refused.body)["detail"].get<std::string>().find("invalid_grant") !=
          std::string::npos);
    CHECK(with.oauth()["login"]["state"] == "failed");
}

TEST_CASE("a provider without a device flow says so") {
    const oauth_fixture with("");
    CHECK(with.post_to("device").status == 409);
}

TEST_CASE("logins that cannot begin are refused in words") {
    const oauth_fixture with;
    const auto pointer = [&](const std::string& what, const std::string& body) -> std::string {
        const auto got = with.post_to(what, body);
        const json document = json::parse(got.body);
        if (!document.contains("errors")) return std::to_string(got.status);
        return document["errors"][0]["pointer"];
    };
    CHECK(pointer("device", R"({"scope":"more"})") == "/scope");
    CHECK(pointer("device", "[]") == "");
    CHECK(pointer("authorize", "") == "/redirect_uri");
    CHECK(pointer("authorize", R"({"redirect_uri":7})") == "/redirect_uri");
    CHECK(pointer("authorize", R"({"redirect_uri":"https://evil.example/"})") == "422");
    CHECK(pointer("finish", R"({"state":"x"})") == "/code");
    CHECK(pointer("finish", R"({"state":"","code":"x"})") == "/state");
    const auto ask = [&](const std::string& name) {
        return with.api.ask(post("/v1/connections/" + name + "/oauth/device", "")).status;
    };
    CHECK(ask("second") == 404);  // no table
    CHECK(ask("third") == 404);
}

TEST_CASE("who may only send begins no login and sees none") {
    const auto engine = make_engine("https://id.example/device");
    {
        const api_fixture with(config::role::send, engine.get());
        for (const char* what : {"device", "authorize", "finish"})
            CHECK(
                with.ask(post("/v1/connections/primary/oauth/" + std::string(what), "{}")).status ==
                403);
        CHECK(with.ask(get("/v1/connections/primary")).body.find("oauth") == std::string::npos);
        CHECK(with.ask(get("/v1/connections")).body.find("oauth") == std::string::npos);
    }
    engine->stop();
}

TEST_CASE("a gateway without OAuth says so") {
    const api_fixture with;
    CHECK(with.ask(post("/v1/connections/primary/oauth/device", "")).status == 404);
}
