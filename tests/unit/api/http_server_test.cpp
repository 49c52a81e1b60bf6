// The server alone: order, bodies, and everything a client can do wrong.
#include "api/http_server.hpp"

#include <atomic>

#include "http_fixture.hpp"

using namespace testing;

TEST_CASE("requests on one connection are answered one after the other") {
    http_fixture with(echo_path_or_body);
    client one(with.path);
    CHECK(one.ask(get("/a")).body == "/a");
    const auto second = one.ask(post("/b", "hello"));
    CHECK(second.status == 200);
    CHECK(second.body == "hello");
    CHECK(second.header("date") != "");
    CHECK(one.ask("GET http://gatepost/c?x=1 HTTP/1.1\r\nHost: y\r\n\r\n").body == "/c");
}

TEST_CASE("pipelined requests are answered in their order, also when answers are late") {
    std::atomic<http_server*> server = nullptr;
    http_fixture with([&](const request& what, exchange_ptr to) -> handling {
        const auto late = std::chrono::milliseconds(what.path == "/0" ? 30 : 0);
        auto timer = std::make_shared<std::shared_ptr<void>>();
        *timer = server.load()->after(late, [to, path = what.path, timer] {
            response out;
            out.body = path;
            to->answer(std::move(out));
        });
        return {};
    });
    server = with.server.get();
    client one(with.path);
    std::string all;
    for (int i = 0; i < 100; ++i)
        all += get("/" + std::to_string(i));
    REQUIRE(one.send(all));
    for (int i = 0; i < 100; ++i)
        CHECK(one.read().body == "/" + std::to_string(i));
}

TEST_CASE("more is pipelined than the server holds, and nothing is lost") {
    http_fixture with(echo_path_or_body);
    client one(with.path);
    std::string all;
    for (int i = 0; i < 5000; ++i)
        all += i % 2 == 0 ? get("/" + std::to_string(i)) : post("/", std::to_string(i));
    bool sent = false;
    std::thread writer([&] { sent = one.send(all); });
    int right = 0;
    while (right < 5000 && one.read().body == (right % 2 == 0 ? "/" : "") + std::to_string(right))
        ++right;
    if (right < 5000) one.end_sending();
    writer.join();
    CHECK(sent);
    CHECK(right == 5000);
}

TEST_CASE("a request may come byte by byte, its body with a length or in chunks") {
    http_fixture with(echo_path_or_body);
    client one(with.path);
    for (const char c : post("/", "slowly"))
        one.send({&c, 1});
    CHECK(one.read().body == "slowly");
    const std::string chunked =
        "POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
    CHECK(one.ask(chunked).body == "hello world");
    for (const char c : chunked)
        one.send({&c, 1});
    CHECK(one.read().body == "hello world");
    CHECK(one.ask(get("/still")).body == "/still");
}

TEST_CASE("Expect: 100-continue is answered, unless the answer is known already") {
    http_fixture with(echo_path_or_body);
    client one(with.path);
    const std::string head = "POST / HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\n";
    CHECK(one.ask(head + "Content-Length: 5\r\n\r\n").status == 100);
    CHECK(one.ask("hello").body == "hello");
    client two(with.path);
    CHECK(two.ask(head + "Content-Length: 5000\r\n\r\n").status == 413);
}

TEST_CASE("a body over the cap is refused, and the answer is not lost") {
    http_fixture with(echo_path_or_body);
    client one(with.path);
    one.send("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 3000000\r\n\r\n");
    one.send(std::string(200'000, 'x'));
    const auto said = one.read();
    CHECK(said.status == 413);
    CHECK(said.header("connection") == "close");
    CHECK(said.header("content-type") == "application/problem+json");
    client two(with.path);
    two.send("POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; ++i)
        two.send("64\r\n" + std::string(100, 'x') + "\r\n");
    CHECK(two.read().status == 413);
    client small(with.path);
    CHECK(small.ask(post("/", std::string(1001, 'x'))).status == 413);
}

TEST_CASE("a head over the cap is refused") {
    http_fixture with(echo_path_or_body);
    for (const std::string& head :
         {"GET / HTTP/1.1\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n",
          "GET /" + std::string(40'000, 'x') + " HTTP/1.1\r\n\r\n", std::string(40'000, 'x')}) {
        client one(with.path);
        one.send(head);
        const int status = one.read().status;
        CHECK((status == 413 || status == 400));
        CHECK(one.closed());
    }
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 4000; ++i)
        many += "X-" + std::to_string(i) + ": y\r\n";
    client one(with.path);
    one.send(many + "\r\n");
    CHECK(one.read().status == 413);
}

TEST_CASE("garbage ends its own connection and nothing else") {
    http_fixture with(echo_path_or_body);
    client good(with.path);
    CHECK(good.ask(get("/1")).status == 200);
    const std::vector<std::string> garbage{
        std::string("\0\0\0\0\r\n\r\n", 8),
        "\x16\x03\x01\x02\x00\x01\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET nowhere HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nHost: x\n\n\r\n\r\n",
        "G\xff\xff / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\n: x\r\n\r\n",
        "\r\n\r\n\r\n\r\n",
    };
    for (const auto& bytes : garbage) {
        client one(with.path);
        one.send(bytes);
        INFO(gatepost::text::escape_for_log(bytes));
        const int status = one.read().status;
        CHECK((status == 400 || status == 413));
        CHECK(one.closed());
    }
    CHECK(good.ask(get("/2")).body == "/2");
}

TEST_CASE("a slow client is told so, an idle one is let go, others are not harmed") {
    http_fixture with(echo_path_or_body, short_times());
    client head(with.path), body(with.path), idle(with.path);
    head.send("GET / HT");
    body.send("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhe");
    CHECK(idle.ask(get("/")).status == 200);
    const auto late = head.read();
    CHECK(late.status == 408);
    CHECK(head.closed());
    CHECK(body.read().status == 408);
    CHECK(body.closed());
    CHECK(idle.closed());
    client silent(with.path);
    CHECK(silent.closed());
    client good(with.path);
    CHECK(good.ask(get("/")).status == 200);
}

TEST_CASE("two hundred clients at once are served") {
    http_fixture with(echo_path_or_body);
    std::vector<client> all;
    for (int i = 0; i < 200; ++i)
        all.emplace_back(with.path);
    for (int round = 0; round < 3; ++round) {
        for (size_t i = 0; i < all.size(); ++i)
            REQUIRE(all[i].send(post("/", std::to_string(i))));
        for (size_t i = 0; i < all.size(); ++i)
            CHECK(all[i].read().body == std::to_string(i));
    }
    CHECK(with.server->connections() == 200);
    all.clear();
    CHECK(comes_true([&] { return with.server->connections() == 0; }));
}

TEST_CASE("over the cap on connections a client is turned away in words") {
    http_limits limits;
    limits.connections = 2;
    http_fixture with(echo_path_or_body, limits);
    client one(with.path), two(with.path);
    CHECK(one.ask(get("/")).status == 200);
    CHECK(two.ask(get("/")).status == 200);
    client three(with.path);
    const auto said = three.read();
    CHECK(said.status == 503);
    CHECK(said.header("retry-after") == "1");
    CHECK(three.closed());
    one.close();
    CHECK(comes_true([&] {
        client again(with.path);
        return again.ask(get("/")).status == 200;
    }));
}

TEST_CASE("a client that leaves in the middle of a body takes its handler along") {
    static std::atomic<int> alive{0};
    struct counted final : body_handler {
        counted() { ++alive; }
        ~counted() override { --alive; }
        status on_piece(std::string_view) override { return success{}; }
        void on_end() override {}
    };
    http_fixture with([](const request&, exchange_ptr) -> handling {
        return {std::make_unique<counted>(), 1'000'000};
    });
    client one(with.path);
    one.send("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 500000\r\n\r\nbeginning");
    CHECK(comes_true([] { return alive == 1; }));
    one.close();
    CHECK(comes_true([] { return alive == 0; }));
}

TEST_CASE("leaving while an answer is awaited is noticed, half-closing is not leaving") {
    static std::atomic<int> gone{0};
    gone = 0;
    std::atomic<http_server*> server = nullptr;
    http_fixture with(
        [&](const request& what, exchange_ptr to) -> handling {
            to->on_gone([] { ++gone; });
            if (what.path == "/never") return {};
            auto timer = std::make_shared<std::shared_ptr<void>>();
            *timer = server.load()->after(std::chrono::milliseconds(60), [to, timer] {
                response out;
                out.body = "late";
                to->answer(std::move(out));
            });
            return {};
        },
        short_times());
    server = with.server.get();
    client leaves(with.path);
    leaves.send(get("/never"));
    CHECK(comes_true([&] { return with.server->connections() == 1; }));
    leaves.close();
    CHECK(comes_true([] { return gone == 1; }));
    client half(with.path);
    half.send(get("/late"));
    half.end_sending();
    CHECK(half.read().body == "late");
    CHECK(half.closed());
    CHECK(gone == 1);
    client half_then_whole(with.path);
    half_then_whole.send(get("/never"));
    half_then_whole.end_sending();
    CHECK(comes_true([&] { return with.server->connections() == 1; }));
    half_then_whole.close();
    CHECK(comes_true([] { return gone == 2; }));
}

TEST_CASE("half a request and an end of input is malformed") {
    http_fixture with(echo_path_or_body);
    client head(with.path), body(with.path), nothing(with.path);
    head.send("GET / HTTP/1.1\r\nHo");
    head.end_sending();
    CHECK(head.read().status == 400);
    body.send("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhe");
    body.end_sending();
    CHECK(body.read().status == 400);
    nothing.end_sending();
    CHECK(nothing.closed());
}

namespace {

class counting_source final : public mail::byte_source {
  public:
    explicit counting_source(uint64_t size) : size_(size) {}
    uint64_t size() const override { return size_; }
    result<size_t> read(uint64_t at, std::span<char> out) override {
        const size_t count = static_cast<size_t>(std::min<uint64_t>(out.size(), size_ - at));
        for (size_t i = 0; i < count; ++i)
            out[i] = static_cast<char>('a' + (at + i) % 23);
        return count;
    }

  private:
    uint64_t size_;
};

handling give_source(const request&, exchange_ptr to) {
    response out;
    out.type = "message/rfc822";
    out.source = std::make_unique<counting_source>(5'000'000);
    to->answer(std::move(out));
    return {};
}

}  // namespace

TEST_CASE("a long answer streams in windows, and the connection goes on") {
    http_fixture with(give_source);
    client one(with.path);
    for (int i = 0; i < 3; ++i) {
        const auto got = one.ask(get("/"));
        REQUIRE(got.body.size() == 5'000'000);
        CHECK(got.header("content-length") == "5000000");
        CHECK(got.body[4'999'999] == static_cast<char>('a' + 4'999'999 % 23));
    }
}

TEST_CASE("a client that does not read is let go") {
    http_fixture with(give_source, short_times());
    client one(with.path);
    one.send(get("/"));
    CHECK(comes_true([&] { return with.server->connections() == 1; }));
    CHECK(comes_true([&] { return with.server->connections() == 0; }));
}

TEST_CASE("a stream of pieces arrives while it happens") {
    exchange_ptr open;
    http_fixture with([&](const request&, exchange_ptr to) -> handling {
        struct streamer final : body_handler {
            explicit streamer(exchange_ptr where) : to(std::move(where)) {}
            status on_piece(std::string_view) override { return success{}; }
            void on_end() override {
                to->begin_stream("application/x-ndjson");
                to->write_stream("one\n");
            }
            exchange_ptr to;
        };
        open = to;
        return {std::make_unique<streamer>(to), 100};
    });
    client one(with.path);
    const auto read_head = [&one] {
        std::string head;
        char c = 0;
        while (head.find("\r\n\r\n") == std::string::npos && ::recv(one.fd(), &c, 1, 0) == 1)
            head += c;
        return head;
    };
    one.send(post("/", "x"));
    CHECK(read_head().find("Transfer-Encoding: chunked") != std::string::npos);
    CHECK(one.read_chunk() == "one\n");
    with.server->post([&] { open->write_stream("two\n"); });
    CHECK(one.read_chunk() == "two\n");
    with.server->post([&] {
        open->end_stream();
        open.reset();
    });
    CHECK(one.read_chunk() == "");
    one.send(post("/", "x"));  // the connection goes on, and its next stream may stay open
    CHECK(read_head().starts_with("HTTP/1.1 200"));
    CHECK(one.read_chunk() == "one\n");
    with.server->stop(std::chrono::milliseconds(0));
    open.reset();
}

TEST_CASE("HTTP/1.0 and Connection: close end after one answer") {
    http_fixture with(echo_path_or_body);
    client old(with.path);
    CHECK(old.ask("GET /old HTTP/1.0\r\n\r\n").body == "/old");
    CHECK(old.closed());
    client polite(with.path);
    const auto got = polite.ask("GET /x HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n");
    CHECK(got.header("connection") == "close");
    CHECK(polite.closed());
}

TEST_CASE("stopping lets an awaited answer out, and removes the socket") {
    exchange_ptr open;
    http_fixture with([&](const request&, exchange_ptr to) -> handling {
        open = std::move(to);
        return {};
    });
    client waiting(with.path), idle(with.path);
    waiting.send(get("/"));
    CHECK(comes_true([&] { return with.server->connections() == 2; }));
    std::thread stopper([&] { with.server->stop(std::chrono::seconds(20)); });
    CHECK(idle.closed());
    with.server->post([&] {
        response out;
        out.body = "done";
        open->answer(std::move(out));
        open.reset();
    });
    CHECK(waiting.read().body == "done");
    waiting.close();
    stopper.join();
    CHECK_FALSE(std::filesystem::exists(with.path));
}

TEST_CASE("work posted from many threads runs, each piece once") {
    http_fixture with(echo_path_or_body);
    int count = 0;  // the loop's alone
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 5000; ++i)
                with.server->post([&] { ++count; });
        });
    }
    for (auto& thread : threads)
        thread.join();
    std::atomic<int> seen{0};
    with.server->post([&] { seen = count; });
    CHECK(comes_true([&] { return seen == 20'000; }));
}
