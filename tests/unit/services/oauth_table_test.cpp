// oauth/1 as a plugin meets it, and the request itself against a real server.
#include <atomic>
#include <cstdlib>
#include <future>

#include "http_peer.hpp"
#include "oauth_kit.hpp"
#include "services/http/post.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace gatepost::services;
using namespace std::chrono_literals;

namespace {

oauth_client client_named(const std::string& connection) {
    auto out = google_client();
    out.connection = connection;
    return out;
}

// A plugin's side, with an engine behind it.
struct oauth_stage {
    explicit oauth_stage(const std::string& connection, fake_call_facts facts = {})
        : bench(client_named(connection)),
          on({}, std::move(facts), {.clock = &bench.clock, .oauth = bench.engine.get()}) {}

    ~oauth_stage() {  // the loop hears what it waited for while it still turns
        bench.provider.release();
        bench.settle();
        on.turn_once();
    }
    oauth_stage(const oauth_stage&) = delete;
    oauth_stage& operator=(const oauth_stage&) = delete;

    gatepost_status begin(heard& answer, bool force = false) {
        return on.ask(answer, [&](auto done, void* user, gatepost_operation* id) {
            return on.table<gatepost_oauth>("gatepost.oauth/1")
                .token(on.host(), on.call, force ? 1 : 0, done, user, id);
        });
    }
    heard token(bool force = false) {
        heard answer;
        const gatepost_status taken = begin(answer, force);
        if (taken != GATEPOST_OK) answer.status = taken;
        on.until([&] { return answer.done() || taken != GATEPOST_OK; });
        return answer;
    }
    oauth_bench bench;
    stage on;  // ends first
};

oauth_request request_to(const std::string& url) {
    oauth_request out;
    out.url = url;
    out.body = secret("grant_type=x&a=b%20c");
    out.anywhere = true;
    out.allow_http = true;
    return out;
}

const std::atomic<bool> goes_on{false};

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("oauth/1 gives the token of the instance's connection, as an operation of the call") {
    oauth_stage with("fake");
    const heard answer = with.token();
    CHECK(answer.status == GATEPOST_OK);
    CHECK(answer.data == "token-1");
    CHECK(answer.length == 3600);
    CHECK(answer.times == 1);
    CHECK(answer.finished == answer.operation);
    CHECK(with.token().data == "token-1");
    CHECK(with.token(true).data == "token-2");
    CHECK(with.bench.provider.count() == 2);
}

TEST_CASE("a forced refresh means the token that the call was given, not the one in hand") {
    oauth_stage with("fake");
    CHECK(with.token().data == "token-1");
    const auto other = with.bench.get(true, "token-1");  // another lane was faster
    CHECK(other->token() == "token-2");
    CHECK(with.token(true).data == "token-2");
    CHECK(with.bench.provider.count() == 2);
}

TEST_CASE("a connection without a table is told so") {
    oauth_stage with("another");
    const heard answer = with.token();
    CHECK(answer.status == GATEPOST_NOT_FOUND);
    CHECK(answer.text == "this connection has no [oauth] table");
}

TEST_CASE("what failed is told by status, with the seconds to wait") {
    oauth_stage with("fake");
    with.bench.provider.answers = [](const form_map&, int number) {
        return number == 1 ? said(503, "", {{"retry-after", "30"}}) : refusal("invalid_grant");
    };
    const heard later = with.token();
    CHECK(later.status == GATEPOST_DISCONNECTED);
    CHECK(later.length == 30);
    with.bench.advance(30s);
    const heard dead = with.token();
    CHECK(dead.status == GATEPOST_DENIED);
    CHECK(says(dead.text, "run: gatepost oauth login fake"));
}

TEST_CASE("a token that does not come is cancelled, or ends with its call, once") {
    oauth_stage with("fake");
    with.bench.provider.holds = true;
    heard answer;
    REQUIRE(with.begin(answer) == GATEPOST_OK);
    CHECK_FALSE(answer.done());
    with.on.cancel(answer.operation);
    REQUIRE(with.on.until([&] { return answer.done(); }));
    CHECK(answer.status == GATEPOST_CANCELLED);
    heard second;
    REQUIRE(with.begin(second) == GATEPOST_OK);
    with.on.next_call();
    with.bench.provider.holds = false;
    with.bench.provider.release();
    CHECK(with.token().data == "token-1");
    CHECK(answer.times == 1);
    CHECK(second.times <= 1);
}

TEST_CASE("a token that does not come before the call's deadline is a time-out") {
    oauth_stage with("fake", {nullptr, mono_time(50ms)});
    with.bench.provider.holds = true;
    const heard answer = with.token();
    CHECK(answer.status == GATEPOST_TIMEOUT);
    CHECK(answer.times == 1);
}

TEST_CASE("a token is taken out of what a trace shows") {
    web_server server([](const web_request&, int) { return web_answer("200 OK", "hello"); });
    oauth_stage with("fake", {.message = nullptr, .trace = true});
    const std::string token = with.token().data;
    const auto answer = fetch(with.on, {.url = server.url("/x?token=" + token),
                                        .headers = {{"X-Login", "user " + token}}});
    CHECK(answer.status == GATEPOST_OK);
    std::string all;
    for (const std::string& each : with.on.traces())
        all += each + "\n";
    CHECK(says(all, "(secret)"));
    CHECK_FALSE(says(all, token));
}

TEST_CASE("a force that is neither yes nor no is refused") {
    oauth_stage with("fake");
    heard answer;
    const auto taken = with.on.ask(answer, [&](auto done, void* user, gatepost_operation* id) {
        return with.on.table<gatepost_oauth>("gatepost.oauth/1")
            .token(with.on.host(), with.on.call, 2, done, user, id);
    });
    CHECK(taken == GATEPOST_INVALID);
}

// ---- the request --------------------------------------------------------------------------------

TEST_CASE("a form is posted whole, and its answer read with its headers") {
    web_server server([](const web_request&, int) {
        return web_answer("400 Bad Request", R"({"error":"invalid_grant"})", "Retry-After: 7\r\n");
    });
    const auto answer = post_form(request_to(server.url("/token")), 10s, goes_on);
    CHECK(answer.http_status == 400);
    CHECK(answer.body == R"({"error":"invalid_grant"})");
    CHECK(answer.header("retry-after") == "7");
    const auto got = server.requests();
    REQUIRE(got.size() == 1);
    CHECK(got[0].line == "POST /token HTTP/1.1");
    CHECK(got[0].header("content-type") == "application/x-www-form-urlencoded");
    CHECK(got[0].header("accept") == "application/json");
    CHECK(got[0].body == "grant_type=x&a=b%20c");
    CHECK_FALSE(got[0].has("expect"));
}

TEST_CASE("what is not allowed is not asked") {
    web_server server([](const web_request&, int) { return web_answer("200 OK", "{}"); });
    auto what = request_to(server.url("/token"));
    what.allow_http = false;
    CHECK(post_form(what, 10s, goes_on).denied);
    what = request_to(server.url("/token"));
    what.anywhere = false;
    const auto inside = post_form(what, 10s, goes_on);
    CHECK(inside.denied);
    CHECK(says(inside.problem, "leads inside this machine or its network"));
    what = request_to("file:///etc/passwd");
    CHECK(post_form(what, 10s, goes_on).denied);
    CHECK(server.requests().empty());
}

TEST_CASE("a redirect is an answer, the environment's proxy does not count, 64 KiB are enough") {
    ::setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(dead_port())).c_str(), 1);
    web_server server([](const web_request&, int number) {
        if (number == 1) return web_answer("302 Found", "", "Location: /other\r\n");
        return web_answer("200 OK", std::string(65 * 1024, 'x'));
    });
    CHECK(post_form(request_to(server.url("/token")), 10s, goes_on).http_status == 302);
    const auto large = post_form(request_to(server.url("/token")), 10s, goes_on);
    CHECK(large.http_status == 0);
    INFO(large.problem);
    CHECK(says(large.problem, "is larger than is read"));
    ::unsetenv("http_proxy");
    CHECK(server.requests().size() == 2);
}

TEST_CASE("through a proxy of the [oauth] table goes a tunnel, with the proxy's own login") {
    const bool lets_in = GENERATE(true, false);
    peer proxy([&](talk& with) {
        const auto head = read_head(with);
        with.want(head.line == "CONNECT login.invalid:80 HTTP/1.1");
        with.want(head.header("proxy-authorization") == "Basic bWU6c2UgY3JldA==");
        if (!lets_in) return with.say("HTTP/1.1 403 No\r\n\r\n");
        with.say("HTTP/1.1 200 Fine\r\n\r\n");
        const auto inner = read_web_request(with);
        with.want(inner.line == "POST /token HTTP/1.1" && !inner.has("proxy-authorization"));
        with.want(inner.body == "grant_type=x&a=b%20c");
        with.say(web_answer("200 OK", "{}"));
        with.rest();
    });
    auto what = request_to("http://login.invalid/token");
    what.proxy = secret("http://me:se%20cret@127.0.0.1:" + std::to_string(proxy.port()));
    const auto answer = post_form(what, 10s, goes_on);
    INFO(answer.problem);
    CHECK(answer.http_status == (lets_in ? 200 : 0));
    CHECK(answer.body == (lets_in ? "{}" : ""));
    CHECK(says(answer.problem, lets_in ? "" : "did not connect to login.invalid:80"));
    CHECK_FALSE(says(answer.problem, "cret"));
    proxy.join();
    CHECK(proxy.connections() == 1);
}

TEST_CASE("a dead port, a lost answer, a slow server and the end of the gateway are sentences") {
    const auto dead = post_form(request_to("http://127.0.0.1:" + std::to_string(dead_port()) + "/"),
                                10s, goes_on);
    CHECK(dead.http_status == 0);
    CHECK(says(dead.problem, "no connection to 127.0.0.1:"));
    web_server server([](const web_request&, int) { return std::string(); });
    CHECK(says(post_form(request_to(server.url("/token")), 10s, goes_on).problem,
               "gave no complete answer"));
    CHECK(server.requests().size() == 1);
    peer silent([](talk& with) { (void)with.rest(); });
    const std::string url = "http://127.0.0.1:" + std::to_string(silent.port()) + "/";
    CHECK(says(post_form(request_to(url), 100ms, goes_on).problem, "did not answer in time"));
    const std::atomic<bool> stops{true};
    CHECK(post_form(request_to(url), 10s, stops).problem == "the gateway is shutting down");
}

TEST_CASE("the engine asks a real server") {
    web_server server([](const web_request&, int) {
        return web_answer("200 OK", R"({"access_token":"real","expires_in":3600})");
    });
    auto client = google_client();
    client.token_url = server.url("/token");
    client.allow_http = true;
    oauth_options how;
    how.store = std::make_shared<fake_disk>();
    const auto engine = oauth_engine::make(std::move(how));
    engine->configure({completed(client)});
    std::promise<oauth_outcome> heard_it;
    engine->token("gmail", false, {}, [&](oauth_outcome got) { heard_it.set_value(got); });
    const oauth_outcome got = heard_it.get_future().get();
    REQUIRE(got.token.has_value());
    CHECK(got.token->value.reveal() == "real");
    CHECK(server.requests().size() == 1);
    engine->stop();
}
