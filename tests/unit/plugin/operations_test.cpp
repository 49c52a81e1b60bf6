// Operations of a call: answered exactly once, never inline, not after the call, and not in floods.
#include <stdexcept>
#include <thread>

#include "base/limits.hpp"
#include "support/catch.hpp"
#include "workbench.hpp"

using namespace workbench;
using gatepost::mail::verdict;

namespace {

plugin::operation::answer answer_of(std::string data) {
    plugin::operation::answer made;
    made.data = std::move(data);
    return made;
}

}  // namespace

TEST_CASE("an answer comes once, later, on the loop") {
    bench on;
    on.make();
    const auto call = on.send();
    gatepost_operation id = 0;
    REQUIRE(on.ask(call, &id) == GATEPOST_OK);
    on.held[0]->finish(answer_of("first"));
    on.held[0]->finish(answer_of("second"));
    CHECK(on.dones.empty());
    on.pump();
    REQUIRE(on.dones.size() == 1);
    CHECK(on.dones[0].operation == id);
    CHECK(on.dones[0].data == "first");
}

TEST_CASE("an answer may be given by any thread") {
    bench on;
    on.make();
    const auto call = on.send();
    for (int i = 0; i < 32; ++i)
        REQUIRE(on.ask(call) == GATEPOST_OK);
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (size_t i = t; i < 32; i += 2)  // two threads race for each
                on.held[i]->finish(answer_of("x"));
        });
    for (auto& each : threads)
        each.join();
    on.pump();
    CHECK(on.dones.size() == 32);
}

TEST_CASE("a service that drops an operation answers with that") {
    bench on;
    on.make();
    const auto call = on.send();
    REQUIRE(on.ask(call) == GATEPOST_OK);
    on.held.clear();
    on.pump();
    REQUIRE(on.dones.size() == 1);
    CHECK(on.dones[0].status == GATEPOST_FAILED);
}

TEST_CASE("a hundred thousand operations are refused, and the call goes on") {
    bench on;
    on.make();
    const auto call = on.send();
    size_t accepted = 0;
    for (int i = 0; i < 100'000; ++i) {
        const auto status = on.ask(call);
        accepted += status == GATEPOST_OK ? 1 : 0;
        if (status != GATEPOST_OK && status != GATEPOST_LIMIT) FAIL("neither");
    }
    CHECK(accepted == gatepost::limits::operations_per_call);
    on.held.pop_back();
    on.pump();
    CHECK(on.ask(call) == GATEPOST_OK);
    for (const auto& each : on.held)
        each->finish({});
    on.pump();
    on.complete(call, outcome(GATEPOST_DEFERRED));
    on.pump();
    CHECK(on.results.size() == 1);
    CHECK(on.instance->faults() == 0);
}

TEST_CASE("requests without a done, or for a call that is over, are invalid") {
    bench on;
    on.make();
    const auto call = on.send();
    gatepost_status refused = GATEPOST_OK;
    CHECK(on.context(call).begin(nullptr, nullptr, nullptr, refused) == nullptr);
    CHECK(refused == GATEPOST_INVALID);
    on.complete(call, outcome(GATEPOST_DEFERRED));
    CHECK(on.ask(call) == GATEPOST_INVALID);
    CHECK(on.ask(call + 1) == GATEPOST_INVALID);
}

TEST_CASE("cancelling an operation tells its service, and the done still comes") {
    bench on;
    on.make();
    const auto call = on.send();
    gatepost_operation id = 0;
    REQUIRE(on.ask(call, &id) == GATEPOST_OK);
    int told = 0;
    std::weak_ptr<plugin::operation> weak = on.held[0];
    on.held[0]->on_cancel([&, weak] {
        ++told;
        plugin::operation::answer stopped;
        stopped.status = GATEPOST_CANCELLED;
        weak.lock()->finish(stopped);
    });
    on.plays.host->cancel(on.plays.host, id);
    on.plays.host->cancel(on.plays.host, id);
    on.plays.host->cancel(on.plays.host, id + 1000);
    CHECK(told == 1);
    CHECK(on.dones.empty());
    on.pump();
    REQUIRE(on.dones.size() == 1);
    CHECK(on.dones[0].status == GATEPOST_CANCELLED);
}

TEST_CASE("completing with operations running is a fault; they are cancelled and stay silent") {
    bench on;
    on.make();
    const auto call = on.send();
    REQUIRE(on.ask(call) == GATEPOST_OK);
    REQUIRE(on.ask(call) == GATEPOST_OK);
    on.held[0]->finish(answer_of("on its way"));
    on.complete(call, outcome(GATEPOST_DEFERRED));
    CHECK(on.held[1]->cancelled());
    on.held[1]->finish(answer_of("late"));
    on.pump();
    CHECK(on.dones.empty());
    CHECK(on.results.size() == 1);
    CHECK(on.instance->faults() == 1);
    on.instance.reset();
    CHECK(on.plays.destroyed == 1);
}

TEST_CASE("an instance whose memory a service still reads is left behind") {
    bench on;
    on.make();
    const auto call = on.send();
    REQUIRE(on.ask(call) == GATEPOST_OK);
    on.complete(call, outcome(GATEPOST_DEFERRED));
    on.pump();
    on.instance.reset();
    CHECK(on.plays.destroyed == 0);
}

TEST_CASE("an exception out of a done ends the call by the ledger") {
    bench on;
    on.make();
    const auto call = on.send();
    on.context(call).ledger_begun();
    on.context(call).ledger_written();
    REQUIRE(on.ask(call) == GATEPOST_OK);
    on.on_done = [](const auto&) { throw std::runtime_error("no"); };
    on.held[0]->finish({});
    on.pump();
    REQUIRE(on.results.size() == 1);
    CHECK(on.results[0].verdict == verdict::unknown);
    CHECK(on.results[0].plugin_fault);
}

TEST_CASE("a done may complete its call and begin the next operation") {
    bench on;
    on.make();
    const auto call = on.send();
    int steps = 0;
    on.on_done = [&](const auto&) {
        if (++steps < 1000) {
            REQUIRE(on.ask(call) == GATEPOST_OK);
            on.held.back()->finish({});
            on.held.clear();
        } else {
            on.complete(call, outcome(GATEPOST_DEFERRED));
        }
    };
    REQUIRE(on.ask(call) == GATEPOST_OK);
    on.held.back()->finish({});
    on.pump();
    CHECK(steps == 1000);
    CHECK(on.results.size() == 1);
}

TEST_CASE("slots live with the call, or with the instance") {
    bench on;
    on.make();
    const auto call = on.send();
    static const int key = 0, other = 0;
    auto state = std::make_shared<int>(1);
    auto& first = on.context(call).slot(&key);
    first = state;
    on.context(call).slot(&other) = std::make_shared<int>(2);
    on.instance->slot(&key) = state;
    CHECK(&on.context(call).slot(&key) == &first);
    CHECK(state.use_count() == 3);
    on.complete(call, outcome(GATEPOST_DEFERRED));
    CHECK(state.use_count() == 2);
    on.pump();
    on.instance.reset();
    CHECK(state.use_count() == 1);
}
