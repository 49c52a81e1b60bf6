// http/1: what is sent, what is heard, and what is refused before anything is sent.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>

#include "http_peer.hpp"
#include "services/http/order.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

std::string take_it(const web_request&, int) {
    return web_answer("202 Accepted", "taken", "X-Message-Id: abc\r\nX-Empty:\r\n");
}

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

constexpr uint32_t sending = uint32_t{GATEPOST_COMMITS} | uint32_t{GATEPOST_HTTP_CLEAR};

}  // namespace

TEST_CASE("a request is sent as it was asked for, with nothing added but what it must have") {
    web_server server(take_it);
    stage on;
    const auto answer = fetch(on, {.url = server.url("/v3/mail/send?a=b%20c"),
                                   .headers = {{"Authorization", "Bearer key"},
                                               {"Content-Type", "application/json"},
                                               {"X-Empty", ""}},
                                   .body = {bytes_segment("{\"a\":"), bytes_segment("1}")},
                                   .required = sending});
    CHECK(answer.status == GATEPOST_OK);
    CHECK(answer.http_status == 202);
    CHECK(answer.data == "taken");
    CHECK(answer.headers.at("x-message-id") == "abc");
    CHECK(answer.headers.at("x-empty").empty());
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
    const auto got = server.requests();
    REQUIRE(got.size() == 1);
    CHECK(got[0].line == "POST /v3/mail/send?a=b%20c HTTP/1.1");
    CHECK(got[0].body == "{\"a\":1}");
    const std::vector<std::string> expected{"Host: 127.0.0.1:" + std::to_string(server.port()),
                                            "User-Agent: Gatepost",
                                            "Authorization: Bearer key",
                                            "Content-Type: application/json",
                                            "X-Empty:",
                                            "Content-Length: 7"};
    auto lines = got[0].head, wanted = expected;
    std::ranges::sort(lines);
    std::ranges::sort(wanted);
    CHECK(lines == wanted);
}

TEST_CASE("a connection is kept for the next request, of another call too") {
    web_server server(take_it);
    stage on;
    for (int i = 0; i < 5; ++i) {
        const auto answer =
            fetch(on, {.url = server.url(), .body = {bytes_segment("x")}, .required = sending});
        CHECK(answer.status == GATEPOST_OK);
        on.next_call();
    }
    CHECK(server.requests().size() == 5);
    CHECK(server.connections() == 1);
    CHECK(on.instance->open_sessions() == 1);
}

TEST_CASE("nothing of a request stays for the next one, be it like it or not") {
    web_server server(take_it);
    stage on;
    const auto post = [&](const std::string& key, std::string_view body) {
        return web_facts{.url = server.url(),
                         .headers = {{"Authorization", key}},
                         .body = {bytes_segment(body)},
                         .required = sending};
    };
    const std::string large(100'000, 'x');
    auto other_path = post("second", "moved");
    other_path.url = server.url("/other");
    auto typed = post("second", "{}");
    typed.headers.emplace_back("Content-Type", "application/json");
    const std::vector<web_facts> all{post("first", "a"),
                                     post("first", "longer than a"),
                                     post("first", large),
                                     post("first", "b"),
                                     post("second", "c"),
                                     {.url = server.url(), .method = "GET"},
                                     typed,
                                     other_path,
                                     post("second", "")};
    for (const web_facts& each : all) {
        REQUIRE(fetch(on, each).http_status == 202);
        on.next_call();
    }
    const auto got = server.requests();
    REQUIRE(got.size() == all.size());
    CHECK(server.connections() == 1);
    for (size_t i = 0; i < all.size(); ++i) {
        CAPTURE(i);
        const bool posts = all[i].method == "POST";
        CHECK(got[i].line == all[i].method + (i == 7 ? " /other HTTP/1.1" : " /send HTTP/1.1"));
        CHECK(got[i].header("authorization") == (posts ? all[i].headers[0].second : ""));
        CHECK(got[i].has("content-type") == (i == 6));
        CHECK(got[i].body.size() == (posts ? all[i].body[0].bytes.size : 0));
    }
    CHECK(got[2].body == large);
    CHECK(got[3].body == "b");
}

TEST_CASE("a request like the one before goes by its name to a new connection, in its own time") {
    std::atomic<int> talks{0};
    peer server([&talks](talk& with) {
        (void)read_web_request(with);
        if (++talks < 4) with.say(web_answer("202 Accepted", "", "Connection: close\r\n"));
        if (talks == 4) (void)with.bytes(1);  // silence, until the client leaves
    });
    stage on;
    web_facts what{.url = "http://localhost:" + std::to_string(server.port()) + "/send",
                   .body = {bytes_segment("whole")},
                   .required = sending};
    for (int i = 0; i < 3; ++i) {
        CHECK(fetch(on, what).http_status == 202);
        on.next_call();
    }
    what.timeout = 1'000'000'000;
    CHECK(fetch(on, what).status == GATEPOST_UNCERTAIN);
    server.join();
    CHECK(server.connections() == 4);
}

TEST_CASE("a small request leaves in one packet, on a new connection and on a kept one") {
    constexpr int requests = 20;  // in two packets they are read at once now and then
    peer server([](talk& with) {
        for (int i = 0; i < requests; ++i) {
            std::array<char, 4096> packet{};
            const auto got = ::recv(with.socket(), packet.data(), packet.size(), 0);
            const std::string_view bytes(packet.data(), got > 0 ? static_cast<size_t>(got) : 0);
            with.want(bytes.ends_with("\r\n\r\nwhole"));
            if (!bytes.ends_with("whole")) (void)with.bytes(5);
            with.say(web_answer("202 Accepted", ""));
        }
    });
    stage on;
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/send";
    for (int i = 0; i < requests; ++i)
        CHECK(fetch(on, {.url = url, .body = {bytes_segment("whole")}, .required = sending})
                  .http_status == 202);
    server.join();
    CHECK(server.connections() == 1);
}

TEST_CASE("an instance opens only so many connections to a host, and the rest waits its turn") {
    constexpr int most = 128, asked = 150;
    std::atomic<int> waiting{0};
    std::atomic<bool> go{false};
    web_server server([&](const web_request&, int) {
        ++waiting;
        for (int i = 0; i < 2500 && !go; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return web_answer("202 Accepted", "");
    });
    stage on;
    std::vector<web_heard> answers(asked);
    std::vector<gatepost_call> calls{on.call};  // one runs only so many operations at once
    for (int i = 0; i < asked; ++i) {
        if (i % 50 == 49) calls.push_back(on.call = on.instance->begin_call({}));
        REQUIRE(begin_fetch(on, answers[static_cast<size_t>(i)], {.url = server.url()}) ==
                GATEPOST_OK);
    }
    REQUIRE(on.until([&] { return waiting == most; }));
    CHECK(on.instance->open_sessions() == most);
    go = true;
    CHECK(on.until([&] { return std::ranges::all_of(answers, &web_heard::done); }));
    for (const web_heard& each : answers)
        CHECK(each.http_status == 202);
    CHECK(server.connections() == most);
    for (size_t i = 0; i + 1 < calls.size(); ++i)
        on.instance->end_call(calls[i]);
}

TEST_CASE("draining closes kept connections, and waits for a request that runs") {
    web_server server(take_it);
    stage on;
    CHECK(fetch(on, {.url = server.url()}).status == GATEPOST_OK);
    REQUIRE(on.instance->open_sessions() == 1);
    web_heard running;
    REQUIRE(begin_fetch(on, running, {.url = server.url()}) == GATEPOST_OK);
    bool drained = false;
    on.instance->drain([&] { drained = true; });
    CHECK_FALSE(drained);
    CHECK(on.until([&] { return drained && running.done(); }));
    CHECK(running.status == GATEPOST_OK);
    CHECK(on.instance->open_sessions() == 0);
}

TEST_CASE("methods without a body, and bodies without bytes") {
    web_server server(take_it);
    stage on;
    for (const char* const method : {"GET", "DELETE", "HEAD", "POST", "PUT"}) {
        if (std::string(method) == "HEAD") continue;  // its answer has no body to be read
        CHECK(fetch(on, {.url = server.url(), .method = method}).http_status == 202);
    }
    const auto got = server.requests();
    REQUIRE(got.size() == 4);
    CHECK(got[0].line == "GET /send HTTP/1.1");
    CHECK_FALSE(got[0].has("content-length"));
    CHECK(got[1].line == "DELETE /send HTTP/1.1");
    CHECK(got[2].header("content-length") == "0");
    CHECK(got[3].line == "PUT /send HTTP/1.1");
    CHECK(got[3].header("content-length") == "0");
    CHECK_FALSE(got[3].has("content-type"));
}

TEST_CASE("every status is an answer, and a redirect is one too") {
    web_server elsewhere(take_it);
    web_server server([&](const web_request& got, int) {
        const std::string status = got.line.substr(got.line.find("/s") + 2, 3);
        return web_answer(status + " Whatever", "why",
                          "Location: " + elsewhere.url() + "\r\nRetry-After: 7\r\n");
    });
    stage on;
    for (const uint32_t status :
         {200U, 301U, 302U, 307U, 308U, 400U, 401U, 403U, 413U, 429U, 500U, 503U}) {
        INFO(status);
        const auto answer = fetch(on, {.url = server.url("/s" + std::to_string(status)),
                                       .body = {bytes_segment("mail")},
                                       .required = sending});
        CHECK(answer.status == GATEPOST_OK);
        CHECK(answer.http_status == status);
        CHECK(answer.data == "why");
        CHECK(answer.headers.at("retry-after") == "7");
    }
    CHECK(elsewhere.connections() == 0);
}

TEST_CASE("interim answers are passed over, and trailers are no headers") {
    web_server server([](const web_request&, int) {
        return std::string(
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\nX-Here: yes\r\n"
            "\r\n5\r\nhello\r\n0\r\nX-Trailer: no\r\n\r\n");
    });
    stage on;
    const auto answer = fetch(on, {.url = server.url()});
    CHECK(answer.http_status == 202);
    CHECK(answer.data == "hello");
    CHECK(answer.headers.contains("x-here"));
    CHECK_FALSE(answer.headers.contains("link"));
    CHECK_FALSE(answer.headers.contains("x-trailer"));
}

TEST_CASE("a response is read up to its cap") {
    web_server server(
        [](const web_request&, int) { return web_answer("200 OK", std::string(5000, 'x')); });
    stage on;
    const auto fits = fetch(on, {.url = server.url(), .max_response = 5000});
    CHECK(fits.status == GATEPOST_OK);
    const auto cut = fetch(on, {.url = server.url(),
                                .body = {bytes_segment("x")},
                                .required = sending,
                                .max_response = 4999});
    CHECK(cut.status == GATEPOST_LIMIT);
    CHECK(cut.http_status == 200);
    CHECK(cut.data.size() == 4999);
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
}

TEST_CASE("a head is read up to its cap") {
    web_server server([](const web_request&, int) {
        return web_answer("200 OK", "x", "X-Long: " + std::string(70'000, 'x') + "\r\n");
    });
    stage on;
    const auto answer = fetch(on, {.url = server.url()});
    CHECK(answer.status == GATEPOST_LIMIT);
    CHECK(answer.http_status == 200);
}

TEST_CASE("compressed bytes stay what they are") {
    const std::string bomb("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
    web_server server([&](const web_request&, int) {
        return web_answer("200 OK", bomb, "Content-Encoding: gzip\r\n");
    });
    stage on;
    const auto answer = fetch(on, {.url = server.url()});
    CHECK(answer.status == GATEPOST_OK);
    CHECK(answer.data == bomb);
    CHECK_FALSE(server.requests()[0].has("accept-encoding"));
}

TEST_CASE("what could become another header or request is refused") {
    stage on;
    const std::string url = "http://127.0.0.1:1/";
    using facts = web_facts;
    const std::vector<facts> wrong{
        {.url = url, .headers = {{"X-A", "a\r\nX-B: b"}}},
        {.url = url, .headers = {{"X-A", "a\nb"}}},
        {.url = url, .headers = {{"X-A", std::string("a\0b", 3)}}},
        {.url = url, .headers = {{"X-A\r\nX-B", "b"}}},
        {.url = url, .headers = {{"X A", "b"}}},
        {.url = url, .headers = {{"", "b"}}},
        {.url = url, .headers = {{"Host", "example.com"}}},
        {.url = url, .headers = {{"content-length", "1"}}},
        {.url = url, .headers = {{"Transfer-Encoding", "chunked"}}},
        {.url = url, .headers = {{"Expect", "100-continue"}}},
        {.url = url, .headers = {{"Proxy-Authorization", "Basic x"}}},
        {.url = url, .headers = {{"Accept-Encoding", "gzip"}}},
        {.url = url, .method = "POST /x HTTP/1.1\r\nX-A:"},
        {.url = url, .method = "post"},
        {.url = url, .method = "CONNECT"},
        {.url = url, .method = ""},
        {.url = "http://127.0.0.1:1/a b"},
        {.url = "http://127.0.0.1:1/a\r\nX-A: b"},
        {.url = std::string("http://127.0.0.1:1/a\0b", 22)},
        {.url = "http://user:password@127.0.0.1:1/"},
        {.url = "http://127.0.0.1:0/"},
        {.url = "http://127.0.0.1:99999/"},
        {.url = "http://127.0.0.1:1/#part"},
        {.url = "file:///etc/passwd"},
        {.url = "ftp://127.0.0.1/"},
        {.url = "127.0.0.1/"},
        {.url = ""},
        {.url = url, .method = "GET", .body = {bytes_segment("x")}},
        {.url = url, .parts = {{str("a"), {}, {}, {}}}},
        {.url = url, .required = GATEPOST_HTTP_MULTIPART},
    };
    for (const facts& each : wrong) {
        INFO(each.method << " " << each.url << " "
                         << (each.headers.empty() ? "" : each.headers[0].first));
        CHECK(fetch(on, each).status == GATEPOST_INVALID);
    }
    CHECK(fetch(on, {.url = url, .required = 8}).status == GATEPOST_UNSUPPORTED);
    CHECK(fetch(on, {.url = url, .body = {body_segment(77)}}).status == GATEPOST_NOT_FOUND);
}

TEST_CASE("http:// needs a setting, and every host needs to be named") {
    web_server server(take_it);
    stage on;
    const auto clear = fetch(on, {.url = server.url(), .required = 0});
    CHECK(clear.status == GATEPOST_DENIED);
    CHECK(says(clear.text, "in clear"));
    const auto other = fetch(on, {.url = "http://example.com/"});
    CHECK(other.status == GATEPOST_DENIED);
    CHECK(other.failed_at == GATEPOST_AT_NAME);
    CHECK(server.connections() == 0);
}

TEST_CASE("what only the manifest names never leads into this machine") {
    web_server server(take_it);
    stage on;
    on.instance->allowed = {{"127.0.0.1", 0, false}, {"localhost", 0, false}};
    for (const std::string& host : {std::string("127.0.0.1"), std::string("localhost"),
                                    std::string("2130706433"), std::string("0x7f.1")}) {
        INFO(host);
        const auto answer =
            fetch(on, {.url = "http://" + host + ":" + std::to_string(server.port()) + "/"});
        CHECK(answer.status == GATEPOST_DENIED);
    }
    CHECK(server.connections() == 0);
    on.instance->allowed = {{"127.0.0.1", server.port(), true}};
    CHECK(fetch(on, {.url = server.url()}).status == GATEPOST_OK);
}

TEST_CASE("proxies of the environment are not asked") {
    web_server proxy(take_it), server(take_it);
    const std::string address = "http://127.0.0.1:" + std::to_string(proxy.port());
    for (const char* const name : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"})
        ::setenv(name, address.c_str(), 1);
    stage on;
    CHECK(fetch(on, {.url = server.url()}).status == GATEPOST_OK);
    for (const char* const name : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"})
        ::unsetenv(name);
    CHECK(proxy.connections() == 0);
    CHECK(server.connections() == 1);
}

TEST_CASE("a proxy is a tunnel, and its refusal is its own") {
    web_server server(take_it);
    std::string asked;
    int answer_with = 200;
    peer proxy([&](talk& with) {
        const auto head = read_head(with);
        asked = head.line + " " + head.header("proxy-authorization");
        if (answer_with != 200)
            return with.say("HTTP/1.1 " + std::to_string(answer_with) + " No\r\n\r\n");
        with.say("HTTP/1.1 200 Fine\r\nX-Proxy: yes\r\n\r\n");
        const auto inner = read_web_request(with);
        with.want(inner.line == "POST /send HTTP/1.1");
        with.want(!inner.has("proxy-authorization"));
        with.say(web_answer("202 Accepted", "through"));
        with.rest();
    });
    const std::string address = "127.0.0.1:" + std::to_string(proxy.port());
    ::setenv("no_proxy", "*", 1);
    {
        stage on;
        const auto answer =
            fetch(on, {.url = server.url(), .proxy = "http://me:se%20cret@" + address});
        CHECK(answer.status == GATEPOST_OK);
        CHECK(answer.data == "through");
        CHECK_FALSE(answer.headers.contains("x-proxy"));
    }
    ::unsetenv("no_proxy");
    proxy.join();
    CHECK(asked == "CONNECT 127.0.0.1:" + std::to_string(server.port()) +
                       " HTTP/1.1 Basic bWU6c2UgY3JldA==");
    answer_with = 407;
    stage on;
    const auto refused = fetch(on, {.url = server.url(), .proxy = "http://" + address});
    CHECK(refused.status == GATEPOST_CONNECT);
    CHECK(refused.failed_at == GATEPOST_AT_PROXY);
    CHECK(says(refused.text, "user and password"));
    const auto unnamed = fetch(on, {.url = server.url(), .proxy = "http://192.0.2.1:3128"});
    CHECK(unnamed.status == GATEPOST_DENIED);
    CHECK(unnamed.failed_at == GATEPOST_AT_PROXY);
    const auto dead = fetch(
        on, {.url = server.url(), .proxy = "http://127.0.0.1:" + std::to_string(dead_port())});
    CHECK(dead.status == GATEPOST_CONNECT);
    CHECK(dead.failed_at == GATEPOST_AT_PROXY);
}

TEST_CASE("through SOCKS5 the proxy looks the name up, and its refusal is its own") {
    const bool lets_in = GENERATE(true, false);
    std::string asked;
    const auto last = [](const std::string& bytes) {
        return bytes.empty() ? size_t{0} : static_cast<size_t>(bytes.back());
    };
    peer proxy([&](talk& with) {
        (void)with.bytes(last(with.bytes(2)));
        with.say("\x05\x02");  // user and password, please
        const std::string user = with.bytes(last(with.bytes(2)));
        const std::string password = with.bytes(last(with.bytes(1)));
        with.want(user == "me" && password == "se cret");
        with.say(std::string("\x01\x00", 2));
        asked = with.bytes(last(with.bytes(5)));
        (void)with.bytes(2);
        with.say(std::string(lets_in ? "\x05\x00" : "\x05\x05", 2) +
                 std::string("\x00\x01\x7f\x00\x00\x01\x00\x50", 8));
        if (!lets_in) return;
        with.want(read_web_request(with).line == "POST /send HTTP/1.1");
        with.say(web_answer("202 Accepted", "through"));
        with.rest();
    });
    {
        stage on;
        on.instance->allowed.push_back({"mail.invalid", 80, true});
        const auto answer =
            fetch(on, {.url = "http://mail.invalid/send",
                       .required = sending,
                       .proxy = "socks5://me:se%20cret@127.0.0.1:" + std::to_string(proxy.port())});
        INFO(answer.text);
        CHECK(answer.status == (lets_in ? GATEPOST_OK : GATEPOST_CONNECT));
        CHECK(answer.failed_at == (lets_in ? 0 : GATEPOST_AT_PROXY));
        CHECK(answer.data == (lets_in ? "through" : ""));
        CHECK(on.ledger() == (lets_in ? ledger_marks{1, 1, 1} : ledger_marks{}));
    }
    proxy.join();
    CHECK(asked == "mail.invalid");
}

TEST_CASE("nobody there, and no such name") {
    stage on;
    on.instance->allowed.push_back({"nobody.invalid", 0, true});
    const auto refused =
        fetch(on, {.url = "http://127.0.0.1:" + std::to_string(dead_port()) + "/"});
    CHECK(refused.status == GATEPOST_CONNECT);
    CHECK(refused.failed_at == GATEPOST_AT_CONNECT);
    CHECK(refused.http_status == 0);
    const auto unknown = fetch(on, {.url = "http://nobody.invalid/", .required = sending});
    CHECK(unknown.status == GATEPOST_CONNECT);
    CHECK(unknown.failed_at == GATEPOST_AT_NAME);
    CHECK(on.ledger() == ledger_marks{});
}
