// stream/1 between calls: parked streams are taken, watched, and leave in order.
#include "base/limits.hpp"
#include "stream_peer.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace std::chrono_literals;

namespace {

constexpr uint64_t minute = 60'000'000'000;

// Answers lines; at QUIT it says goodbye, and remembers it.
struct polite {
    std::atomic<int> quits{0}, ends{0};
    peer server{[this](talk& with) {
        with.say("220 hello\r\n");
        for (std::string line = with.line(); !line.empty(); line = with.line()) {
            if (line == "QUIT\r\n") {
                ++quits;
                with.say("221 bye\r\n");
                break;
            }
            with.say("250 ok\r\n");
        }
        ++ends;
    }};
};

void park_one(stage& on, uint16_t port, const std::string& key, const std::string& state = {},
              uint64_t idle = minute) {
    wire to(on);
    REQUIRE(to.connect(port).status == GATEPOST_OK);
    REQUIRE(to.line().data == "220 hello\r\n");
    REQUIRE(to.park(key, idle, "QUIT\r\n", state).status == GATEPOST_OK);
    CHECK(to.line().status == GATEPOST_NOT_FOUND);
}

}  // namespace

TEST_CASE("a parked stream is taken by the next call, with its notes and facts") {
    polite other;
    stage on;
    park_one(on, other.server.port(), "key", "my notes");
    on.next_call();
    CHECK(on.instance->open_sessions() == 1);
    wire to(on);
    CHECK(to.take("other key").status == GATEPOST_NOT_FOUND);
    const heard taken = to.take("key");
    REQUIRE(taken.status == GATEPOST_OK);
    CHECK(taken.data == "my notes");
    CHECK(taken.handle != 0);
    CHECK(taken.peer == "127.0.0.1:" + std::to_string(other.server.port()));
    REQUIRE(to.write("NOOP\r\n").status == GATEPOST_OK);
    CHECK(to.line().data == "250 ok\r\n");
    CHECK(wire(on).take("key").status == GATEPOST_NOT_FOUND);
    CHECK(other.server.connections() == 1);
}

TEST_CASE("the newest of several parked streams is taken first") {
    polite other;
    stage on;
    park_one(on, other.server.port(), "key", "old");
    park_one(on, other.server.port(), "key", "new");
    wire to(on);
    CHECK(to.take("key").data == "new");
    CHECK(to.take("key").data == "old");
}

TEST_CASE("a parked stream that died is gone, once, and then there is none") {
    const std::string last_words = GENERATE(as<std::string>{}, "", "421 shutting down\r\n");
    const bool loop_heard = GENERATE(true, false);
    std::atomic<bool> leave{false}, left{false};
    peer server([&](talk& with) {
        with.say("220 hello\r\n");
        while (!leave)
            std::this_thread::sleep_for(1ms);
        with.say(last_words);
        with.close();
        left = true;
    });
    stage on;
    park_one(on, server.port(), "key");
    on.next_call();
    leave = true;
    while (!left)
        std::this_thread::sleep_for(1ms);
    if (loop_heard) {
        REQUIRE(on.until([&] { return on.instance->open_sessions() == 0; }));
    }
    wire to(on);
    CHECK(to.take("key").status == GATEPOST_GONE);
    CHECK(to.take("key").status == GATEPOST_NOT_FOUND);
    CHECK(on.instance->open_sessions() == 0);
}

TEST_CASE("a stream parked with unread bytes is dead") {
    polite other;
    stage on;
    wire to(on);
    REQUIRE(to.connect(other.server.port()).status == GATEPOST_OK);
    REQUIRE(to.exactly(3).data == "220");
    REQUIRE(to.park("key", minute, "QUIT\r\n").status == GATEPOST_OK);
    CHECK(to.take("key").status == GATEPOST_GONE);
}

TEST_CASE("TLS tickets that come while a stream is parked do not kill it") {
    const temp_folder folder;
    const auto authority = make_authority("Test");
    const auto ca_file = (folder / "ca.pem").string();
    std::ofstream(ca_file) << authority.pem();
    peer server([how = peer_tls{make_leaf(authority)}](talk& with) {
        with.start_tls(how);
        with.say(with.line());
        with.line();
    });
    stage on;
    wire to(on);
    // TLS 1.3 sends its tickets behind the handshake: nothing has read them when it is parked.
    REQUIRE(
        to.connect(server.port(), {.host = "localhost", .tls = true, .ca_file = ca_file}).status ==
        GATEPOST_OK);
    REQUIRE(to.park("key", minute).status == GATEPOST_OK);
    on.next_call();
    for (int i = 0; i < 5; ++i)
        on.loop->run_one_for(10ms);
    REQUIRE(to.take("key").status == GATEPOST_OK);
    to.write("still there\r\n");
    CHECK(to.line().data == "still there\r\n");
}

TEST_CASE("at its idle limit a parked stream says farewell and is closed") {
    polite other;
    stage on;
    park_one(on, other.server.port(), "key", {}, 10'000'000);
    on.next_call();
    REQUIRE(on.until([&] { return on.instance->open_sessions() == 0; }));
    REQUIRE(on.until([&] { return other.ends == 1; }));
    CHECK(other.quits == 1);
    CHECK(wire(on).take("key").status == GATEPOST_NOT_FOUND);
}

TEST_CASE("parking with no idle time is an orderly end") {
    polite other;
    stage on;
    park_one(on, other.server.port(), "key", {}, 0);
    REQUIRE(on.until([&] { return on.instance->open_sessions() == 0; }));
    REQUIRE(on.until([&] { return other.ends == 1; }));
    CHECK(other.quits == 1);
}

TEST_CASE("draining waits until parked streams have said farewell") {
    polite other;
    stage on;
    park_one(on, other.server.port(), "one");
    park_one(on, other.server.port(), "two");
    on.next_call();
    bool drained = false;
    on.instance->drain([&] {
        drained = true;
        CHECK(on.instance->open_sessions() == 0);
    });
    CHECK_FALSE(drained);
    REQUIRE(on.until([&] { return drained; }));
    REQUIRE(on.until([&] { return other.ends == 2; }));
    CHECK(other.quits == 2);
    // What is parked from here on leaves at once.
    park_one(on, other.server.port(), "three");
    REQUIRE(on.until([&] { return on.instance->open_sessions() == 0; }));
    CHECK(wire(on).take("three").status == GATEPOST_NOT_FOUND);
}

TEST_CASE("a peer that does not answer the farewell is not waited for long") {
    peer mute([](talk& with) {
        with.say("220 hello\r\n");
        with.rest();
    });
    stage on;
    park_one(on, mute.port(), "key");
    on.next_call();
    const auto began = machine_clock().mono_now();
    bool drained = false;
    on.instance->drain([&] { drained = true; });
    REQUIRE(on.until([&] { return drained; }));
    CHECK(machine_clock().mono_now() - began < limits::farewell_time + 1s);
}

TEST_CASE("an instance that ends without a drain says farewell and does not wait") {
    polite other;
    {
        stage on;
        park_one(on, other.server.port(), "key");
    }
    other.server.join();
    CHECK(other.quits == 1);
}

TEST_CASE("over the cap the oldest parked stream leaves") {
    polite other;
    stage on;
    for (size_t i = 0; i <= limits::parked_streams; ++i)
        park_one(on, other.server.port(), "key " + std::to_string(i));
    REQUIRE(on.until([&] { return on.instance->open_sessions() == limits::parked_streams; }));
    CHECK(wire(on).take("key 0").status == GATEPOST_NOT_FOUND);
    CHECK(wire(on).take("key 1").status == GATEPOST_OK);
}

TEST_CASE("notes, keys and farewells have their caps") {
    polite other;
    stage on;
    wire to(on);
    REQUIRE(to.connect(other.server.port()).status == GATEPOST_OK);
    REQUIRE(to.line().status == GATEPOST_OK);
    CHECK(to.park("key", minute, {}, std::string(4097, 'x')).status == GATEPOST_LIMIT);
    CHECK(to.park(std::string(2000, 'k'), minute).status == GATEPOST_LIMIT);
    CHECK(to.park("key", minute, std::string(2000, 'f')).status == GATEPOST_LIMIT);
    CHECK(to.park("", minute).status == GATEPOST_INVALID);
    CHECK(to.park("key", minute, {}, std::string(4096, 'x')).status == GATEPOST_OK);
    CHECK(to.take("key").data == std::string(4096, 'x'));
}
