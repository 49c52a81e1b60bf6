// stream/1 and certainty: what the ledger may say after a `commits` write, in every way it can end;
// bodies in windows; and cancelling in each phase.
#include "base/limits.hpp"
#include "stream_peer.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace std::chrono_literals;

namespace {

std::string pattern(size_t size) {
    std::string bytes(size, '\0');
    uint32_t state = 7;
    for (char& each : bytes) {
        state = state * 1664525U + 1013904223U;
        each = static_cast<char>(state >> 24);
    }
    return bytes;
}

gatepost_handle open_part(stage& on, uint32_t part) {
    const gatepost_body_request request{sizeof request,         0, GATEPOST_BODY_PART, part,
                                        GATEPOST_FORM_IDENTITY, 0};
    const auto& table = on.table<gatepost_body>("gatepost.body/1");
    return on
        .wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
            return table.open(on.host(), on.call, &request, done, user, id);
        })
        .handle;
}

// Reads nothing until it is told to.
struct stubborn {
    std::atomic<bool> go{false};
    peer server{[this](talk& with) {
        with.say("220 hello\r\n");
        while (!go)
            std::this_thread::sleep_for(1ms);
        with.rest();
    }};
    ~stubborn() { go = true; }
};

}  // namespace

TEST_CASE("a committing write is begun, written, and answered by what came after it") {
    peer server([](talk& with) {
        with.say("354 early\r\n");
        with.want(with.line() == "the message\r\n");
        with.say("250 ok\r\n");
        with.line();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    // It has come before the write, so it is no answer to it, although it is read after.
    REQUIRE(to.exactly(4).data == "354 ");
    REQUIRE(to.write("the message\r\n", GATEPOST_COMMITS).status == GATEPOST_OK);
    CHECK(on.ledger() == ledger_marks{1, 1, 0});
    CHECK(to.line().data == "early\r\n");
    CHECK(on.ledger() == ledger_marks{1, 1, 0});
    CHECK(to.exactly(1).data == "2");
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
    CHECK(to.line().data == "50 ok\r\n");
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
}

TEST_CASE("a committing write without an answer stays unanswered") {
    peer server([](talk& with) { with.want(with.line() == "the message\r\n"); });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    REQUIRE(to.write("the message\r\n", GATEPOST_COMMITS).status == GATEPOST_OK);
    CHECK(to.line().status == GATEPOST_DISCONNECTED);
    CHECK(on.ledger() == ledger_marks{1, 1, 0});
}

TEST_CASE("a committing write that the peer takes only a part of is not written") {
    peer server([](talk& with) {
        with.bytes(1000);
        with.reset();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    const heard put = to.write(pattern(16 << 20), GATEPOST_COMMITS);
    CHECK(put.status == GATEPOST_DISCONNECTED);
    CHECK(on.ledger() == ledger_marks{1, 0, 0});
}

TEST_CASE("a refusal that comes while a committing write still runs is an answer to it") {
    constexpr size_t size = 16 << 20;  // more than the kernel takes before the peer reads
    peer server([](talk& with) {
        with.bytes(1000);
        with.say("552 too large\r\n");
        with.bytes(size - 1000);
        with.line();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    REQUIRE(to.write(pattern(size), GATEPOST_COMMITS).status == GATEPOST_OK);
    CHECK(on.ledger() == ledger_marks{1, 1, 0});
    CHECK(to.line().data == "552 too large\r\n");
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
}

TEST_CASE("a stream write that does not commit leaves the ledger alone") {
    peer server([](talk& with) { with.line(); });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    REQUIRE(to.write("NOOP\r\n").status == GATEPOST_OK);
    CHECK(on.ledger() == ledger_marks{0, 0, 0});
}

TEST_CASE("25 MB from memory and from a file arrive whole, in windows") {
    const temp_folder folder;
    const bool in_file = GENERATE(false, true);
    const std::string bytes = pattern(25 << 20);
    mail::content content = mail::content::from_string(bytes);
    if (in_file) {
        const auto path = folder / "big";
        std::ofstream(path, std::ios::binary) << bytes;
        content = mail::content::from_file(path, 0, bytes.size());
    }
    std::string got;
    peer server([&](talk& with) {
        got = with.bytes(bytes.size() + 10);
        with.say("250 ok\r\n");
    });
    stage on({}, {with_attachment(content)});
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    const gatepost_handle body = open_part(on, 2);
    const heard put =
        to.write({bytes_segment("HEAD\r\n"), body_segment(body), bytes_segment("\r\n.\r")},
                 GATEPOST_COMMITS);
    REQUIRE(put.status == GATEPOST_OK);
    CHECK(put.length == bytes.size() + 10);
    CHECK(to.line().data == "250 ok\r\n");
    CHECK(got == "HEAD\r\n" + bytes + "\r\n.\r");
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
    CHECK(on.services->largest_window() <= limits::body_window_bytes);
}

TEST_CASE("a message of ordinary size arrives in one piece") {
    std::string got;
    peer server([&](talk& with) {
        char piece[65536];
        const ssize_t size = ::recv(with.socket(), piece, sizeof piece, 0);
        got.assign(piece, size > 0 ? static_cast<size_t>(size) : 0);
        with.say("250 ok\r\n");
    });
    stage on({}, {small_mail("Hello, world\r\n")});
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    const gatepost_handle body = open_part(on, 1);
    REQUIRE(
        to.write({bytes_segment("MAIL\r\nRCPT\r\n"), body_segment(body), bytes_segment(".\r\n")})
            .status == GATEPOST_OK);
    CHECK(to.line().data == "250 ok\r\n");
    CHECK(got == "MAIL\r\nRCPT\r\nHello, world\r\n.\r\n");
}

TEST_CASE("a cancelled read leaves the stream usable") {
    peer server([](talk& with) { with.say(with.line()); });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    heard answer;
    REQUIRE(to.begin_read(answer, GATEPOST_READ_LINE, 100) == GATEPOST_OK);
    on.cancel(answer.operation);
    REQUIRE(on.until([&] { return answer.done(); }));
    CHECK(answer.status == GATEPOST_CANCELLED);
    to.write("hello\r\n");
    CHECK(to.line().data == "hello\r\n");
}

TEST_CASE("a cancelled write closes the stream, but what was said is read") {
    stubborn other;
    stage on;
    wire to(on);
    REQUIRE(to.connect(other.server.port()).status == GATEPOST_OK);
    const std::string large = pattern(32 << 20);
    heard answer;
    REQUIRE(to.begin_write(answer, {bytes_segment(large)}, GATEPOST_COMMITS) == GATEPOST_OK);
    on.turn_once();
    CHECK_FALSE(answer.done());
    CHECK(to.line().data == "220 hello\r\n");
    on.cancel(answer.operation);
    REQUIRE(on.until([&] { return answer.done(); }));
    CHECK(answer.status == GATEPOST_CANCELLED);
    CHECK(on.ledger() == ledger_marks{1, 0, 0});
    CHECK(to.line().status == GATEPOST_DISCONNECTED);
    CHECK(to.write("x").status == GATEPOST_DISCONNECTED);
    CHECK(on.instance->open_sessions() == 0);
}

TEST_CASE("a write that the peer does not take ends at the deadline") {
    stubborn other;
    stage on({}, {nullptr, machine_clock().mono_now() + 300ms});
    wire to(on);
    REQUIRE(to.connect(other.server.port()).status == GATEPOST_OK);
    const heard put = to.write(pattern(32 << 20), GATEPOST_COMMITS);
    CHECK(put.status == GATEPOST_TIMEOUT);
    CHECK(on.ledger() == ledger_marks{1, 0, 0});
    CHECK(on.instance->open_sessions() == 0);
}

TEST_CASE("a connect is cancelled in any of its phases") {
    std::atomic<int> came{0};
    peer silent([&](talk& with) {
        ++came;
        with.rest();
    });
    stage on;
    wire to(on);
    connect_facts how;
    SECTION("the name") {
        how.host = "localhost";
    }
    SECTION("TLS") {
        how.tls = true;
    }
    SECTION("the proxy") {
        how.proxy = "socks5://127.0.0.1:" + std::to_string(silent.port());
    }
    heard answer;
    REQUIRE(to.begin_connect(answer, silent.port(), how) == GATEPOST_OK);
    if (how.host == "127.0.0.1") REQUIRE(on.until([&] { return came > 0; }));
    CHECK(on.instance->open_sessions() == 1);
    on.cancel(answer.operation);
    REQUIRE(on.until([&] { return answer.done(); }));
    CHECK(answer.status == GATEPOST_CANCELLED);
    CHECK(answer.times == 1);
    CHECK(on.instance->open_sessions() == 0);
}

TEST_CASE("STARTTLS is cancelled, and closing answers it too") {
    peer silent([](talk& with) { with.rest(); });
    stage on;
    wire to(on);
    const bool by_close = GENERATE(false, true);
    REQUIRE(to.connect(silent.port()).status == GATEPOST_OK);
    heard answer;
    const gatepost_tls_options options{sizeof options, 0, {}, {}, {}, {}, 1, 0};
    REQUIRE(on.ask(answer, [&](gatepost_done done, void* user, gatepost_operation* id) {
        return on.table<gatepost_stream>("gatepost.stream/1")
            .start_tls(on.host(), on.call, to.handle, &options, done, user, id);
    }) == GATEPOST_OK);
    CHECK(to.line().status == GATEPOST_INVALID);
    if (by_close)
        to.close();
    else
        on.cancel(answer.operation);
    REQUIRE(on.until([&] { return answer.done(); }));
    CHECK(answer.status == GATEPOST_CANCELLED);
    CHECK(on.instance->open_sessions() == 0);
}

TEST_CASE("a call that ends takes its streams with it, and what ran is never answered") {
    peer server([](talk& with) { with.want(with.rest().empty()); });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    heard reading, connecting;
    REQUIRE(to.begin_read(reading, GATEPOST_READ_LINE, 100) == GATEPOST_OK);
    REQUIRE(to.begin_connect(connecting, server.port()) == GATEPOST_OK);
    on.instance->end_call(on.call);
    CHECK(on.instance->open_sessions() == 0);
    on.turn_once();
    CHECK(reading.times == 0);
    CHECK(connecting.times == 0);
}
