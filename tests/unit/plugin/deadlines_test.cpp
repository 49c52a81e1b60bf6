// Calls that do not end by themselves: deadline, cancel, shutdown, and a plugin that reacts to
// none of them.
#include <algorithm>

#include "base/limits.hpp"
#include "support/catch.hpp"
#include "support/heard.hpp"
#include "workbench.hpp"

using namespace workbench;
using namespace std::chrono_literals;
using gatepost::mail::blame;
using gatepost::mail::verdict;
using plugin::cancel_reason;

namespace {

constexpr auto grace = gatepost::limits::cancel_grace;

void commit(bench& on, gatepost_call call) {
    on.context(call).ledger_begun();
    on.context(call).ledger_written();
}

gatepost_outcome stopped() {
    gatepost_outcome made = outcome(0);
    made.kind = GATEPOST_OUTCOME_CANCELLED;
    return made;
}

uint64_t send_until(bench& on, std::chrono::milliseconds limit) {
    plugin::call_request request;
    request.message = small_mail();
    request.carry = {0};
    request.deadline = on.clock.mono_now() + limit;
    return on.call(std::move(request));
}

}  // namespace

TEST_CASE("at the deadline the plugin is asked to end, and its operations are cancelled") {
    bench on;
    on.make();
    const auto call = send_until(on, 10s);
    REQUIRE(on.ask(call) == GATEPOST_OK);
    on.pass(9999ms);
    CHECK(on.plays.cancelled.empty());
    on.pass(1ms);
    REQUIRE(on.plays.cancelled.size() == 1);
    CHECK(on.plays.cancelled[0].second == GATEPOST_WHY_DEADLINE);
    CHECK(on.held[0]->cancelled());
    on.held[0]->finish({});
    on.complete(call, stopped());
    on.pump();
    REQUIRE(on.results.size() == 1);
    CHECK(on.results[0].verdict == verdict::deferred);
    CHECK(on.results[0].blame == blame::network);
    CHECK_FALSE(on.results[0].plugin_fault);
}

TEST_CASE("a plugin that ignores its deadline is ended after the grace, by the ledger") {
    bench on;
    on.make();
    const auto quiet = send_until(on, 10s);
    const auto written = send_until(on, 10s);
    commit(on, written);
    on.pass(10s);
    on.pass(grace - 1ms);
    CHECK(on.results.empty());
    on.pass(1ms);
    REQUIRE(on.results.size() == 2);
    for (const auto& each : on.results)
        CHECK(each.plugin_fault);
    CHECK(on.results[0].verdict != on.results[1].verdict);
    CHECK(on.instance->open_calls() == 0);

    SECTION("its late completion changes nothing, makes it whole again, and is logged once") {
        const std::string log = gatepost::tests::heard([&] {
            on.complete(quiet, outcome(GATEPOST_ACCEPTED));
            on.complete(written, outcome(GATEPOST_ACCEPTED));
            on.pump();
        });
        CHECK(std::ranges::count(log, '\n') == 1);
        CHECK(log.find("it completed a call after the host had ended it") != log.npos);
        CHECK(on.results.size() == 2);
        CHECK(on.instance->faults() == 4);
        on.instance.reset();
        CHECK(on.plays.destroyed == 1);
    }
    SECTION("while it is stuck it is never destroyed, and its host table stays") {
        bool drained = false;
        on.instance->drain([&] { drained = true; });
        on.pump();
        CHECK(drained);
        on.instance.reset();
        CHECK(on.plays.destroyed == 0);
        on.complete(quiet, outcome(GATEPOST_ACCEPTED));
        CHECK(on.plays.host->now(on.plays.host) > 0);
    }
}

TEST_CASE("a caller's cancel before commits ends the call within the grace") {
    bench on;
    on.make();
    const auto call = on.send();
    REQUIRE(on.ask(call) == GATEPOST_OK);
    on.instance->cancel(call, cancel_reason::caller);
    on.instance->cancel(call, cancel_reason::caller);
    REQUIRE(on.plays.cancelled.size() == 1);
    CHECK(on.plays.cancelled[0].second == GATEPOST_WHY_CALLER);
    CHECK(on.held[0]->cancelled());
    SECTION("the plugin reacts") {
        on.held[0]->finish({});
        on.pump();
        on.complete(call, stopped());
        on.pump();
        CHECK_FALSE(on.results.at(0).plugin_fault);
        CHECK(on.results[0].blame == blame::none);
    }
    SECTION("the plugin does not") {
        on.pass(grace);
        CHECK(on.results.at(0).plugin_fault);
    }
    CHECK(on.results[0].verdict == verdict::deferred);
}

TEST_CASE("a farewell begun in cancel may run; what ran before is cancelled") {
    bench on;
    on.make();
    const auto call = on.send();
    REQUIRE(on.ask(call) == GATEPOST_OK);
    on.plays.cancel = [&](gatepost_call, uint32_t) { REQUIRE(on.ask(call) == GATEPOST_OK); };
    on.instance->cancel(call, cancel_reason::caller);
    CHECK(on.held[0]->cancelled());
    CHECK_FALSE(on.held[1]->cancelled());
}

TEST_CASE("behind commits a caller's cancel waits for the answer") {
    bench on;
    on.make();
    const auto call = send_until(on, 60s);
    commit(on, call);
    on.instance->cancel(call, cancel_reason::caller);
    CHECK(on.plays.cancelled.empty());
    on.pass(59s);
    CHECK(on.results.empty());
    on.context(call).ledger_answered();
    on.complete(call, outcome(GATEPOST_ACCEPTED));
    on.pump();
    CHECK(on.results.at(0).verdict == verdict::accepted);
}

TEST_CASE("commits that begin in the grace of a cancel are awaited to the deadline") {
    bench on;
    on.make();
    const auto call = send_until(on, 60s);
    on.instance->cancel(call, cancel_reason::caller);
    commit(on, call);
    on.pass(grace + 1s);
    CHECK(on.results.empty());
    on.pass(60s);
    CHECK(on.plays.cancelled.back().second == GATEPOST_WHY_DEADLINE);
    on.pass(grace);
    REQUIRE(on.results.size() == 1);
    CHECK(on.results[0].verdict == verdict::unknown);
}

TEST_CASE("shutdown cuts short what nothing else may") {
    bench on;
    on.make();
    const auto call = send_until(on, 600s);
    commit(on, call);
    on.instance->cancel(call, cancel_reason::shutdown);
    REQUIRE(on.plays.cancelled.size() == 1);
    CHECK(on.plays.cancelled[0].second == GATEPOST_WHY_SHUTDOWN);
    SECTION("the plugin stops") {
        on.complete(call, stopped());
    }
    SECTION("the plugin hangs") {
        on.pass(grace);
    }
    on.pump();
    REQUIRE(on.results.size() == 1);
    CHECK(on.results[0].verdict == verdict::unknown);
}

TEST_CASE("a cancel that throws, completes, or names nothing does no harm") {
    bench on;
    on.make();
    on.instance->cancel(123'456, cancel_reason::shutdown);
    const auto first = on.send();
    on.plays.cancel = [](gatepost_call, uint32_t) { throw 1; };
    on.instance->cancel(first, cancel_reason::shutdown);
    const auto second = on.send();
    on.plays.cancel = [&](gatepost_call call, uint32_t) { on.complete(call, stopped()); };
    REQUIRE(on.ask(second) == GATEPOST_OK);
    on.instance->cancel(second, cancel_reason::shutdown);
    on.pump();
    REQUIRE(on.results.size() == 2);
    CHECK(on.results[0].plugin_fault);
    CHECK_FALSE(on.results[1].plugin_fault);
    CHECK(on.instance->open_calls() == 0);
}

TEST_CASE("a call whose deadline has passed is never begun") {
    bench on;
    on.make();
    on.pass(1h);
    send_until(on, -1ms);
    on.pump();
    CHECK(on.plays.started.empty());
    CHECK(on.results.at(0).verdict == verdict::deferred);
}

TEST_CASE("the instance's own timer keeps deadlines on the machine's clock") {
    bench on;
    plugin::instance_options how;
    how.connection = "timed";
    how.executor = on.io.get_executor();
    auto made = plugin::instance::create(loaded(), std::move(how));
    REQUIRE(made);
    on.instance = *made;
    plugin::call_request late, soon;
    for (auto* each : {&late, &soon})
        each->message = small_mail();
    late.deadline = gatepost::machine_clock().mono_now() + 60s;
    soon.deadline = gatepost::machine_clock().mono_now() + 20ms;
    const auto other = on.call(std::move(late));
    const auto call = on.call(std::move(soon));
    on.plays.cancel = [&](gatepost_call, uint32_t) { on.complete(call, stopped()); };
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (on.results.empty() && std::chrono::steady_clock::now() < limit)
        on.io.run_one_for(100ms);
    REQUIRE(on.results.size() == 1);
    CHECK(on.plays.cancelled.at(0) ==
          std::pair<gatepost_call, uint32_t>(call, GATEPOST_WHY_DEADLINE));
    on.complete(other, outcome(GATEPOST_DEFERRED));
}
