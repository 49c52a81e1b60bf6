// stream/1: connecting, reading in every mode, writing, and what happens when a peer misbehaves.
#include <sys/socket.h>

#include <cstdio>

#include "base/limits.hpp"
#include "stream_peer.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace std::chrono_literals;

namespace {

constexpr uint64_t millisecond = 1'000'000;

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("a line is asked and answered in clear") {
    peer server([](talk& with) {
        with.say("220 hello\r\n");
        with.want(with.line() == "NOOP\r\n");
        with.say("250 ok\r\n");
        with.want(with.line().empty());
    });
    stage on;
    wire to(on);
    const heard opened = to.connect(server.port());
    REQUIRE(opened.status == GATEPOST_OK);
    CHECK(opened.peer == "127.0.0.1:" + std::to_string(server.port()));
    CHECK(opened.facts.tls_version == 0);
    CHECK(opened.facts.failed_at == 0);
    CHECK(to.line().data == "220 hello\r\n");
    const heard put = to.write("NOOP\r\n");
    CHECK(put.status == GATEPOST_OK);
    CHECK(put.length == 6);
    CHECK(to.line().data == "250 ok\r\n");
    CHECK(on.instance->open_sessions() == 1);
    to.close();
    CHECK(on.instance->open_sessions() == 0);
    CHECK(to.line().status == GATEPOST_NOT_FOUND);
}

TEST_CASE("a read gives what was asked for, from what has come") {
    peer server([](talk& with) {
        with.say("one\r\ntwo\nthree");
        with.line();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(to.line().data == "one\r\n");
    CHECK(to.exactly(2).data == "tw");
    CHECK(to.line().data == "o\n");
    CHECK(to.some(3).data == "thr");
    CHECK(to.some().data == "ee");
    const heard late = to.some(10, 5 * millisecond);
    CHECK(late.status == GATEPOST_TIMEOUT);
    CHECK(late.data.empty());
    CHECK(to.write("still usable\r\n").status == GATEPOST_OK);
}

TEST_CASE("a line that comes byte by byte is put together, and its time is for all of it") {
    std::atomic<bool> over{false};
    peer server([&](talk& with) {
        for (const char each : std::string("250 slow\r\n"))
            with.say(std::string(1, each));
        while (!over) {
            with.say("x");
            std::this_thread::yield();
        }
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(to.line().data == "250 slow\r\n");
    const heard never = to.line(100'000'000, 20 * millisecond);
    // Either its time was over, or the cap on what is read ahead was met first.
    CHECK((never.status == GATEPOST_TIMEOUT || never.status == GATEPOST_LIMIT));
    over = true;
}

TEST_CASE("a line longer than asked for leaves nothing but closing") {
    peer server([](talk& with) {
        with.say(std::string(600, 'x') + "\r\n250 ok\r\n");
        with.line();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(to.line(512).status == GATEPOST_LIMIT);
    CHECK(to.line(4096).status == GATEPOST_LIMIT);
    CHECK(to.some().status == GATEPOST_LIMIT);
    CHECK(to.write("x").status == GATEPOST_INVALID);
    CHECK(to.park("key", 1).status == GATEPOST_INVALID);
    to.close();
}

TEST_CASE("a line exactly as long as asked for is given") {
    peer server([](talk& with) {
        with.say("12345678\r\n12345678\r\n");
        with.line();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(to.line(10).data == "12345678\r\n");
    CHECK(to.line(9).status == GATEPOST_LIMIT);
}

TEST_CASE("what is read ahead is bounded, and nothing of it is lost") {
    constexpr size_t size = 3 * limits::stream_read_ahead_bytes;
    std::string sent(size, '\0');
    for (size_t i = 0; i < size; ++i)
        sent[i] = static_cast<char>('a' + i % 23);
    peer server([&](talk& with) { with.say(sent); });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    std::string got;
    for (;;) {
        const heard piece = to.some(100'000);
        if (piece.status != GATEPOST_OK) break;
        REQUIRE(piece.data.size() <= 100'000);
        got += piece.data;
    }
    CHECK(got == sent);
}

TEST_CASE("the end of the peer comes after what it had said") {
    peer server([](talk& with) {
        with.say("221 bye\r\nand a piece");
        with.close();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(to.line().data == "221 bye\r\n");
    const heard end = to.line();
    CHECK(end.status == GATEPOST_DISCONNECTED);
    CHECK(end.data.empty());
    CHECK(says(end.text, "127.0.0.1:" + std::to_string(server.port())));
    CHECK(to.some().data == "and a piece");
    CHECK(to.some().status == GATEPOST_DISCONNECTED);
    CHECK(to.exactly(1).status == GATEPOST_DISCONNECTED);
}

TEST_CASE("a half-closed peer can still be written to") {
    std::string got;
    peer server([&](talk& with) {
        with.half_close();
        got = with.line();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(to.line().status == GATEPOST_DISCONNECTED);
    CHECK(to.write("QUIT\r\n").status == GATEPOST_OK);
    server.join();
    CHECK(got == "QUIT\r\n");
}

TEST_CASE("what a peer said before it reset is read, also when the write behind it failed") {
    std::atomic<bool> said{false};
    peer server([&](talk& with) {
        with.line();
        with.say("554 go away\r\n");
        said = true;
        with.close();  // with bytes unread: the kernel resets
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    REQUIRE(to.write("MAIL\r\n").status == GATEPOST_OK);
    REQUIRE(on.until([&] { return said.load(); }));
    const std::string large(8 << 20, 'x');
    const heard put = to.write(large, GATEPOST_COMMITS);
    CHECK(put.status == GATEPOST_DISCONNECTED);
    CHECK(on.ledger() == ledger_marks{1, 0, 0});
    CHECK(to.line().data == "554 go away\r\n");
    CHECK(to.line().status == GATEPOST_DISCONNECTED);
}

TEST_CASE("a reset is a disconnect") {
    peer server([](talk& with) {
        with.line();
        with.reset();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    heard answer;
    REQUIRE(to.begin_read(answer, GATEPOST_READ_LINE, 100) == GATEPOST_OK);
    to.write("x\r\n");
    REQUIRE(on.until([&] { return answer.done(); }));
    CHECK(answer.status == GATEPOST_DISCONNECTED);
}

TEST_CASE("a read without time finds what has come, and waits for nothing") {
    std::atomic<bool> said{false};
    peer server([&](talk& with) {
        with.line();
        with.say("early\r\n");
        said = true;
        with.rest();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(to.some(100, 1).status == GATEPOST_TIMEOUT);
    REQUIRE(to.write("say\r\n").status == GATEPOST_OK);
    while (!said)
        std::this_thread::sleep_for(1ms);
    // The loop has not turned since: the bytes are the kernel's still.
    const heard found = to.some(100, 1);
    CHECK(found.status == GATEPOST_OK);
    CHECK(found.data == "early\r\n");
    CHECK(to.some(100, 1).status == GATEPOST_TIMEOUT);
}

TEST_CASE("the call's deadline ends a read") {
    peer server([](talk& with) { with.line(); });
    stage on({}, {nullptr, machine_clock().mono_now() + 200ms});
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    const heard answer = to.line();
    CHECK(answer.status == GATEPOST_TIMEOUT);
}

TEST_CASE("a Unix socket is connected to by its path") {
    const temp_folder folder;
    const std::string path = (folder.path() / "lmtp").string();
    peer server([](talk& with) { with.say("220 here\r\n"); }, path);
    stage on;
    on.instance->allowed = {{"unix:" + path, 0, true}};
    wire to(on);
    const heard opened = to.connect(0, {.host = "unix:" + path});
    REQUIRE(opened.status == GATEPOST_OK);
    CHECK(opened.peer == "unix:" + path);
    CHECK(to.line().data == "220 here\r\n");
}

TEST_CASE("requests that break a rule are refused") {
    peer server([](talk& with) { with.line(); });
    stage on;
    wire to(on);
    CHECK(to.connect(server.port(), {.required = 4}).status == GATEPOST_UNSUPPORTED);
    CHECK(to.connect(0).status == GATEPOST_INVALID);
    CHECK(to.connect(1, {.host = ""}).status == GATEPOST_INVALID);
    CHECK(to.connect(1, {.host = "a\r\nb"}).status == GATEPOST_INVALID);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(to.write("x", 4).status == GATEPOST_UNSUPPORTED);
    CHECK(to.some(0).status == GATEPOST_INVALID);
    CHECK(to.exactly(1 << 30).status == GATEPOST_LIMIT);
    heard one, two;
    REQUIRE(to.begin_read(one, GATEPOST_READ_LINE, 100) == GATEPOST_OK);
    CHECK(to.begin_read(two, GATEPOST_READ_LINE, 100) == GATEPOST_INVALID);
    CHECK(to.park("key", 1).status == GATEPOST_INVALID);
    // A stream of another call is nobody's here.
    const gatepost_call mine = std::exchange(on.call, on.instance->begin_call({}));
    CHECK(to.line().status == GATEPOST_NOT_FOUND);
    CHECK(to.write("x").status == GATEPOST_NOT_FOUND);
    on.instance->end_call(mine);
    CHECK(on.instance->open_sessions() == 0);
}

TEST_CASE("rounds of one line there and one back", "[.figures]") {
    constexpr int rounds = 50'000;
    peer server([](talk& with) {
        char piece[4096];
        for (ssize_t got = 1; got > 0;) {
            got = ::recv(with.socket(), piece, sizeof piece, 0);
            if (got > 0) ::send(with.socket(), piece, static_cast<size_t>(got), MSG_NOSIGNAL);
        }
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    const auto began = machine_clock().mono_now();
    for (int i = 0; i < rounds; ++i) {
        to.write("MAIL FROM:<a@example.com>\r\n");
        to.line(1000, 300'000'000'000);
    }
    const std::chrono::duration<double> took = machine_clock().mono_now() - began;
    std::printf("%.0f rounds/s\n", rounds / took.count());
    on.instance->end_call(on.call);
    on.call = on.instance->begin_call({});
}
