// How a call ends when something goes wrong: cancelled, thrown at, out of memory, without a
// service.
#include <new>

#include "probe.hpp"
#include "support/catch.hpp"

namespace {
// Which of the next allocations without exception fails; frames and calls are made with these.
int fail_allocation_in = -1;
}  // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    if (fail_allocation_in >= 0 && fail_allocation_in-- == 0) return nullptr;
    try {
        return ::operator new(size);
    } catch (...) {
        return nullptr;
    }
}

namespace {

using namespace gatepost::sdk;
using namespace std::chrono_literals;
using probe::counted;

task<outcome> sleeps(context& with, message) {
    const counted local;
    co_await with.timer.sleep(1h);
    co_return outcome::accepted("slept");
}
task<outcome> sleeps_in_child(context& with, message mail) {
    const counted local;
    outcome below = co_await sleeps(with, mail);
    co_return below;
}
task<outcome> swallows(context& with, message) {
    int caught = 0;
    for (int at = 0; at < 3; ++at) {
        try {
            co_await with.timer.sleep(1h);
        } catch (const cancelled&) {
            ++caught;
        }
    }
    co_return outcome::rejected(blame::message, "caught " + std::to_string(caught));
}
task<outcome> ordinary_handler(context& with, message) {
    try {
        co_await with.timer.sleep(1h);
    } catch (const std::exception&) {
        co_return outcome::accepted("swallowed");
    }
    co_return outcome::accepted("slept");
}
task<outcome> says_goodbye(context& with, message) {
    bool stopped = false;
    try {
        co_await with.timer.sleep(1h);
    } catch (const cancelled&) {
        stopped = true;
    }
    if (stopped) {
        const shield guard(with);
        co_await with.cache.put("goodbye", "quit");
    }
    co_await with.timer.sleep(1h);
    co_return outcome::accepted("never");
}
task<outcome> commits(context& with, message) {
    file_write file;
    file.path = "/x";
    file.commits = true;
    const auto written = co_await with.file.write(file);
    const auto after = co_await with.cache.get("a");
    co_return outcome::accepted(written.ok() && after.ok() ? "written" : "not");
}
task<outcome> throws_after_commits(context& with, message) {
    file_write file;
    file.commits = true;
    co_await with.file.write(file);
    throw std::runtime_error("oops");
}
task<outcome> throws_at_once(context&, message) {
    const counted local;
    throw std::runtime_error("bad luck");
    co_return outcome::accepted();
}
task<outcome> throws_an_int(context& with, message) {
    co_await with.timer.sleep(1s);
    throw 42;
}
task<outcome> not_a_coroutine(context&, message) {
    throw std::runtime_error("before any frame");
}
task<outcome> asks_for_http(context& with, message) {
    http_request request;
    const auto answer = co_await with.http.fetch(request);
    co_return outcome::after(answer, "the request");
}
task<outcome> makes_folder(context& with, message) {
    with.report.passed("stage", "text");
    const auto made = co_await with.file.make_folder("/x");
    co_return outcome::after(made);
}
task<outcome> catches_memory(context& with, message mail) {
    std::string seen = "nothing";
    try {
        outcome below = co_await sleeps(with, mail);
        seen = below.text;
    } catch (const std::bad_alloc&) {
        seen = "no memory for the child";
    }
    co_return outcome::accepted(seen);
}
task<outcome> every_field(context&, message) {
    outcome all = outcome::deferred(blame::quota, "slow down", 451);
    all.state = "state";
    all.recipients.push_back({1, verdict::rejected, blame::recipient, 550, "no such user", "", 3s});
    co_return all;
}

}  // namespace

TEST_CASE("Cancel stops the running operation and completes once as cancelled") {
    probe::run run(sleeps_in_child);
    run.host.script["timer.sleep"].held = true;
    run.start();
    run.cancel();
    run.cancel();
    run.host.run();
    const fake::completion end = run.the_completion();
    CHECK(end.kind == GATEPOST_OUTCOME_CANCELLED);
    CHECK(end.verdict == GATEPOST_DEFERRED);
    probe::plugin()->cancel(run.instance, run.call, GATEPOST_WHY_CALLER);
    CHECK(run.host.completions.size() == 1);
}

TEST_CASE("A cancelled call begins nothing new, and a swallowed cancel comes again") {
    probe::run run(swallows);
    run.host.script["timer.sleep"].held = true;
    run.start();
    run.cancel();
    run.host.run();
    const fake::completion end = run.the_completion();
    CHECK(end.kind == GATEPOST_OUTCOME_DONE);  // the provider's own word
    CHECK(end.text == "caught 3");
    CHECK(run.host.requests == std::vector<std::string>{"timer.sleep 3600000000000", "cancel 1"});
}

TEST_CASE("A handler for std::exception does not swallow a cancel") {
    probe::run run(ordinary_handler);
    run.host.script["timer.sleep"].held = true;
    run.start();
    run.cancel();
    run.host.run();
    CHECK(run.the_completion().kind == GATEPOST_OUTCOME_CANCELLED);
}

TEST_CASE("A shield lets a farewell through, and the next await ends the call") {
    probe::run run(says_goodbye);
    run.host.script["timer.sleep"].held = true;
    run.start();
    run.cancel(GATEPOST_WHY_SHUTDOWN);
    run.host.run();
    CHECK(run.the_completion().kind == GATEPOST_OUTCOME_CANCELLED);
    CHECK(run.host.requests.back() == "cache.put goodbye quit");
}

TEST_CASE("Once a commits request runs, a caller's cancel waits for the answer") {
    probe::run run(commits);
    run.host.script["file.write"].held = true;
    run.start();
    run.cancel(GATEPOST_WHY_CALLER);
    run.host.release();
    run.host.run();
    CHECK(run.the_completion().text == "written");
}

TEST_CASE("A shutdown cuts a commits request short, and what became of it is unknown") {
    probe::run run(commits);
    run.host.script["file.write"].held = true;
    run.start();
    run.cancel(GATEPOST_WHY_SHUTDOWN);
    run.host.run();
    const fake::completion end = run.the_completion();
    CHECK(end.kind == GATEPOST_OUTCOME_CANCELLED);
    CHECK(end.verdict == GATEPOST_UNKNOWN);
}

TEST_CASE("What a provider throws becomes an outcome with blame plugin") {
    const auto thrown = [](probe::shape shape) {
        probe::run run(shape);
        const fake::completion end = run.finish();
        CHECK(end.kind == GATEPOST_OUTCOME_DONE);
        CHECK(end.blame == GATEPOST_BLAME_PLUGIN);
        return std::to_string(end.verdict) + " " + end.text;
    };
    CHECK(thrown(throws_at_once) == "2 bad luck");
    CHECK(thrown(throws_an_int) == "2 the provider threw something that is no std::exception");
    CHECK(thrown(not_a_coroutine) == "2 before any frame");
    CHECK(thrown(throws_after_commits) == "4 oops");
}

TEST_CASE("A service the host does not offer answers in words") {
    SECTION("no table") {
        probe::run run(asks_for_http, {"http"});
        const fake::completion end = run.finish();
        CHECK(end.text == "the request: this gateway does not offer gatepost.http/1");
        CHECK(end.blame == GATEPOST_BLAME_CONFIG);
        CHECK(run.host.requests.empty());
    }
    SECTION("a table that ends before the function") {
        probe::run run(makes_folder, {"file.mkdir", "report"});
        CHECK(run.finish().text == "this gateway does not offer gatepost.file/1");
        CHECK(run.host.stages.empty());
    }
    SECTION("a request that is refused at once") {
        probe::run run(asks_for_http);
        run.host.script["http.fetch"] = {GATEPOST_DENIED, "", "", 0, true, false};
        const fake::completion end = run.finish();
        CHECK(end.text == "the request: the gateway refused a request to gatepost.http/1");
        CHECK(end.blame == GATEPOST_BLAME_CONFIG);
    }
}

TEST_CASE("Without memory for a call, a frame or a child, the call ends in words") {
    for (int which = 0; which < 2; ++which) {
        probe::run run(sleeps);
        fail_allocation_in = which;
        run.start();
        const fake::completion end = run.the_completion();
        CHECK(end.text == "out of memory");
        CHECK(end.verdict == GATEPOST_DEFERRED);
        CHECK(end.blame == GATEPOST_BLAME_PLUGIN);
        CHECK(fail_allocation_in == -1);
    }
    probe::run run(catches_memory);
    fail_allocation_in = 2;
    CHECK(run.finish().text == "no memory for the child");
    CHECK(fail_allocation_in == -1);
}

TEST_CASE("A kind of request the provider does not know completes as unsupported") {
    probe::run run(sleeps);
    for (const uint32_t kind : {uint32_t{GATEPOST_LOOKUP}, 0u, 4711u}) {
        run.host.completions.clear();
        run.start(kind);
        CHECK(run.the_completion().kind == GATEPOST_OUTCOME_UNSUPPORTED);
    }
}

TEST_CASE("Every field of an outcome crosses") {
    probe::run run(every_field);
    const fake::completion end = run.finish();
    CHECK(end.verdict == GATEPOST_DEFERRED);
    CHECK(end.blame == GATEPOST_BLAME_QUOTA);
    CHECK(end.code == 451);
    CHECK(end.text == "slow down");
    CHECK(end.state == "state");
    REQUIRE(end.recipients.size() == 1);
    CHECK(end.recipients[0].index == 1);
    CHECK(end.recipients[0].code == 550);
    CHECK(end.recipients[0].retry_after == 3000000000u);
}
