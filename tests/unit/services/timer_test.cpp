// timer/1: fires, is cancelled, and never outlasts its call.
#include "fake_host.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace std::chrono_literals;

namespace {

gatepost_status sleep_for(stage& on, heard& answer, uint64_t nanoseconds) {
    return on.ask(answer, [&](gatepost_done done, void* user, gatepost_operation* id) {
        return on.table<gatepost_timer>("gatepost.timer/1")
            .sleep(on.host(), on.call, nanoseconds, done, user, id);
    });
}

}  // namespace

TEST_CASE("a sleep ends after its time, and several run side by side") {
    stage on;
    heard short_one, long_one;
    const auto began = machine_clock().mono_now();
    REQUIRE(sleep_for(on, long_one, 20'000'000) == GATEPOST_OK);
    REQUIRE(sleep_for(on, short_one, 0) == GATEPOST_OK);
    CHECK_FALSE(short_one.done());
    REQUIRE(on.until([&] { return short_one.done(); }));
    REQUIRE(on.until([&] { return long_one.done(); }));
    CHECK(machine_clock().mono_now() - began >= 20ms);
    CHECK(short_one.status == GATEPOST_OK);
    CHECK(long_one.status == GATEPOST_OK);
    CHECK(long_one.times == 1);
}

TEST_CASE("a cancelled sleep answers soon and once") {
    stage on;
    heard answer;
    REQUIRE(sleep_for(on, answer, UINT64_MAX) == GATEPOST_OK);
    on.turn_once();
    CHECK_FALSE(answer.done());
    on.cancel(answer.operation);
    on.cancel(answer.operation);
    REQUIRE(on.until([&] { return answer.done(); }));
    on.turn_once();
    CHECK(answer.status == GATEPOST_CANCELLED);
    CHECK(answer.times == 1);
}

TEST_CASE("a sleep past the deadline ends there, with a time-out") {
    SECTION("a deadline to come") {
        stage on({}, {nullptr, machine_clock().mono_now() + 10ms});
        heard answer;
        REQUIRE(sleep_for(on, answer, 3'600'000'000'000) == GATEPOST_OK);
        REQUIRE(on.until([&] { return answer.done(); }));
        CHECK(answer.status == GATEPOST_TIMEOUT);
    }
    SECTION("a deadline that has passed") {
        stage on({}, {nullptr, machine_clock().mono_now() - 1s});
        heard answer;
        REQUIRE(sleep_for(on, answer, 1) == GATEPOST_OK);
        REQUIRE(on.until([&] { return answer.done(); }));
        CHECK(answer.status == GATEPOST_TIMEOUT);
    }
}

TEST_CASE("a call that ends takes its sleeps with it") {
    stage on;
    heard answer;
    REQUIRE(sleep_for(on, answer, UINT64_MAX) == GATEPOST_OK);
    on.instance->end_call(on.call);
    on.more_may_come.reset();
    on.turn_once();
    CHECK(answer.times == 0);
    CHECK(on.loop->stopped());  // no timer is left for the loop to wait for
}
