// http/1: what is certain after every way in which a request can end. The first test is the one a
// second mail depends on.
#include "http_peer.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

constexpr uint32_t sending = uint32_t{GATEPOST_COMMITS} | uint32_t{GATEPOST_HTTP_CLEAR};

std::string url_of(const peer& server) {
    return "http://127.0.0.1:" + std::to_string(server.port()) + "/send";
}

}  // namespace

TEST_CASE("a request that a kept connection swallowed is not sent again") {
    const std::string body =
        GENERATE(std::string("{\"mail\":1}"), std::string(300'000, 'm'), std::string());
    // The second request is read whole, and then the connection ends.
    web_server server([](const web_request&, int number) {
        return number == 2 ? std::string() : web_answer("202 Accepted", "");
    });
    stage on;
    std::vector<gatepost_segment> segments;
    if (!body.empty()) segments.push_back(bytes_segment(body));
    REQUIRE(fetch(on, {.url = server.url(), .body = segments, .required = sending}).status ==
            GATEPOST_OK);
    on.next_call();
    const auto second = fetch(on, {.url = server.url(), .body = segments, .required = sending});
    INFO(body.size() << " bytes: " << second.text);
    CHECK(second.status == GATEPOST_UNCERTAIN);
    CHECK(second.http_status == 0);
    CHECK(second.text.find("callback") == second.text.npos);
    CHECK(on.ledger() == ledger_marks{1, 1, 0});
    // libcurl may have begun a new connection for it, but not a byte came there.
    CHECK(server.requests().size() == 2);
    on.next_call();
    CHECK(fetch(on, {.url = server.url(), .body = segments, .required = sending}).status ==
          GATEPOST_OK);
    CHECK(server.requests().size() == 3);
}

TEST_CASE("a kept connection that had ended before is no attempt") {
    std::atomic<int> seen{0};
    peer server([&](talk& with) {
        const auto got = read_web_request(with);
        ++seen;
        with.want(got.whole);
        with.say(web_answer("202 Accepted", ""));
    });
    stage on;
    for (int i = 0; i < 3; ++i) {
        const auto answer =
            fetch(on, {.url = url_of(server), .body = {bytes_segment("x")}, .required = sending});
        CHECK(answer.status == GATEPOST_OK);
        server.join();  // now it is closed
    }
    CHECK(seen == 3);
    CHECK(server.connections() == 3);
}

TEST_CASE("what lies on a kept connection unasked is no answer to the next request") {
    struct extra {
        std::string bytes;
        bool ends;
    };
    const auto unasked = GENERATE(extra{web_answer("408 Request Timeout", ""), true},
                                  extra{web_answer("202 Accepted", ""), false},
                                  extra{"garbage", false}, extra{"", true});
    std::atomic<int> seen{0};
    std::atomic<bool> go{false}, said{false};
    peer server([&](talk& with) {
        with.want(read_web_request(with).whole);
        const bool first = seen++ == 0;
        with.say(web_answer("202 Accepted", ""));
        if (!first) return;
        while (!go)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        with.say(unasked.bytes);
        if (unasked.ends) with.half_close();
        said = true;
        with.want(read_web_request(with).line.empty());
    });
    stage on;
    const web_facts request{
        .url = url_of(server), .body = {bytes_segment("x")}, .required = sending};
    REQUIRE(fetch(on, request).status == GATEPOST_OK);
    go = true;
    REQUIRE(on.until([&] { return said.load(); }));
    on.next_call();
    const auto second = fetch(on, request);
    INFO(unasked.bytes << second.text);
    CHECK(second.status == GATEPOST_OK);
    CHECK(second.http_status == 202);
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
    CHECK(server.connections() == 2);
}

TEST_CASE("a connection that ends before the request was whole: not taken over") {
    peer server([](talk& with) {
        (void)read_head(with);
        (void)with.bytes(1000);
        with.reset();
    });
    stage on;
    const std::string body(8 << 20, 'x');
    const auto answer =
        fetch(on, {.url = url_of(server), .body = {bytes_segment(body)}, .required = sending});
    CHECK(answer.status == GATEPOST_DISCONNECTED);
    CHECK(on.ledger() == ledger_marks{1, 0, 0});
}

TEST_CASE("a connection that ends after the whole request: nobody knows") {
    const bool hard = GENERATE(false, true);
    peer server([hard](talk& with) {
        with.want(read_web_request(with).whole);
        if (hard) with.reset();
    });
    stage on;
    const auto answer =
        fetch(on, {.url = url_of(server), .body = {bytes_segment("x")}, .required = sending});
    CHECK(answer.status == GATEPOST_UNCERTAIN);
    CHECK(on.ledger() == ledger_marks{1, 1, 0});
    CHECK(server.connections() == 1);
}

TEST_CASE("an answer that is not whole, or no HTTP: nobody knows") {
    const std::string reply =
        GENERATE(std::string("HTTP/1.1 202"), std::string("HTTP/1.1 202 Accepted\r\nContent-Le"),
                 std::string("220 smtp.example.com ESMTP\r\n"),
                 std::string("\x15\x03\x01\x00\x02\x02\x46", 7),
                 std::string("HTTP/1.1 100 Continue\r\n\r\n"));
    peer server([reply](talk& with) {
        with.want(read_web_request(with).whole);
        with.say(reply);
    });
    stage on;
    INFO(reply);
    const auto answer =
        fetch(on, {.url = url_of(server), .body = {bytes_segment("x")}, .required = sending});
    CHECK(answer.status == GATEPOST_UNCERTAIN);
    CHECK(answer.http_status == 0);
    CHECK(on.ledger() == ledger_marks{1, 1, 0});
}

TEST_CASE("a head that is too long answers if its status was read, and else not") {
    const bool interim = GENERATE(false, true);
    peer server([interim](talk& with) {
        with.want(read_web_request(with).whole);
        std::string text = interim ? "" : "HTTP/1.1 400 Bad Request\r\n";
        for (int i = 0; i < 10'000; ++i)
            text += interim ? "HTTP/1.1 100 Continue\r\n\r\n" : "X-More: and more\r\n";
        with.say(text);
    });
    stage on;
    const auto answer =
        fetch(on, {.url = url_of(server), .body = {bytes_segment("x")}, .required = sending});
    CHECK(answer.status == (interim ? GATEPOST_UNCERTAIN : GATEPOST_LIMIT));
    CHECK(answer.http_status == (interim ? 0 : 400));
    CHECK(on.ledger() == (interim ? ledger_marks{1, 1, 0} : ledger_marks{1, 1, 1}));
}

TEST_CASE("a body that breaks off: the status is told, and that it is not whole") {
    peer server([](talk& with) {
        with.want(read_web_request(with).whole);
        with.say("HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\nX-Id: 7\r\n\r\nhalf");
    });
    stage on;
    const auto answer =
        fetch(on, {.url = url_of(server), .body = {bytes_segment("x")}, .required = sending});
    CHECK(answer.status == GATEPOST_UNCERTAIN);
    CHECK(answer.http_status == 202);
    CHECK(answer.data == "half");
    CHECK(answer.headers.at("x-id") == "7");
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
}

TEST_CASE("an answer that comes drop by drop ends with the time of the request") {
    peer server([](talk& with) {
        with.want(read_web_request(with).whole);
        with.say("HTTP/1.1 202 Accepted\r\n");
        for (int i = 0; i < 200 && with.socket() >= 0; ++i) {
            with.say("X");
            char byte = 0;
            const timeval drop{0, 20'000};
            ::setsockopt(with.socket(), SOL_SOCKET, SO_RCVTIMEO, &drop, sizeof drop);
            if (::recv(with.socket(), &byte, 1, 0) == 0) return;
        }
    });
    stage on;
    const auto answer = fetch(on, {.url = url_of(server),
                                   .body = {bytes_segment("x")},
                                   .required = sending,
                                   .timeout = 300'000'000});
    CHECK(answer.status == GATEPOST_UNCERTAIN);
    CHECK(on.ledger() == ledger_marks{1, 1, 0});
}

TEST_CASE("a server that takes nothing: the time ends, and it is not taken over") {
    std::atomic<bool> over{false};
    peer server([&](talk& with) {
        (void)read_head(with);
        while (!over)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    stage on;
    const std::string body(16 << 20, 'x');
    const auto answer = fetch(on, {.url = url_of(server),
                                   .body = {bytes_segment(body)},
                                   .required = sending,
                                   .timeout = 300'000'000});
    over = true;
    CHECK(answer.status == GATEPOST_TIMEOUT);
    CHECK(on.ledger() == ledger_marks{1, 0, 0});
}

TEST_CASE("an answer before the body is whole is an answer") {
    peer server([](talk& with) {
        (void)read_head(with);
        with.say("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
        (void)with.rest();
    });
    stage on;
    const std::string body(8 << 20, 'x');
    const auto answer =
        fetch(on, {.url = url_of(server), .body = {bytes_segment(body)}, .required = sending});
    CHECK(answer.status == GATEPOST_OK);
    CHECK(answer.http_status == 413);
    CHECK(answer.data == "big");
}

TEST_CASE("cancelling ends a request at every point, once") {
    const int point = GENERATE(0, 1, 2, 3);
    std::atomic<bool> reached{point == 0}, over{false};
    peer server([&](talk& with) {
        (void)read_head(with);
        if (point == 1) reached = true;
        if (point >= 2) (void)with.bytes(8 << 20);
        if (point == 2) reached = true;
        if (point == 3) {
            with.say("HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nhalf");
            reached = true;
        }
        while (!over)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    stage on;
    on.instance->allowed.push_back({"name-to-look-up.invalid", 0, true});
    const std::string body(8 << 20, 'x');
    web_heard answer;
    REQUIRE(begin_fetch(on, answer,
                        {.url = point == 0 ? "http://name-to-look-up.invalid/" : url_of(server),
                         .body = {bytes_segment(body)},
                         .required = sending}) == GATEPOST_OK);
    REQUIRE(on.until([&] { return reached.load(); }));
    on.cancel(answer.operation);
    CHECK(on.until([&] { return answer.done(); }));
    CHECK(answer.status == GATEPOST_CANCELLED);
    over = true;
    for (int i = 0; i < 5; ++i)
        on.turn_once();
    CHECK(answer.times == 1);
    CHECK(on.instance->open_sessions() == 0);
}

TEST_CASE("a call that ends takes its requests with it") {
    peer server([](talk& with) { (void)with.rest(); });
    stage on;
    web_heard answer;
    REQUIRE(begin_fetch(on, answer, {.url = url_of(server), .body = {bytes_segment("x")}}) ==
            GATEPOST_OK);
    REQUIRE(on.until([&] { return server.connections() == 1; }));
    on.next_call();
    CHECK(on.until([&] { return on.instance->open_sessions() == 0; }));
    CHECK(answer.times == 0);
}

TEST_CASE("the call's deadline holds for a request without a time of its own") {
    peer server([](talk& with) { (void)with.rest(); });
    stage on;
    on.next_call({.message = nullptr,
                  .deadline = machine_clock().mono_now() + std::chrono::milliseconds(200)});
    const auto answer =
        fetch(on, {.url = url_of(server), .body = {bytes_segment("x")}, .required = sending});
    CHECK(answer.status == GATEPOST_UNCERTAIN);
}
