// Every coroutine shape the layer and the guide rely on, because GCC 12 miscompiles some others.
// Built at -O0 and -O2 beside the build's own flags; what is destroyed twice or never shows in
// `counted` and in the sanitizers.
#include <memory>

#include "probe.hpp"
#include "support/catch.hpp"

namespace {

using namespace gatepost::sdk;
using namespace std::chrono_literals;
using probe::counted;

task<outcome> no_await(context&, message) {
    co_return outcome::accepted("at once");
}

task<outcome> value_and_bare(context& with, message) {
    const auto first = co_await with.cache.get("a");
    co_await with.timer.sleep(1s);
    co_return outcome::accepted(first.data);
}

task<counted> child(context& with, counted given, const std::string& by_reference) {
    counted mine;
    const auto got = co_await with.cache.get(by_reference);
    given.text += got.data;
    co_return given;
}
task<outcome> nested(context& with, message) {
    const counted here;
    const std::string key = "a key that is too long for the small buffer";
    counted argument("begin ");
    const auto one = co_await child(with, argument, key);
    const auto two = co_await child(with, one, key);
    co_return outcome::accepted(two.text);
}

task<std::unique_ptr<std::string>> move_only(context& with) {
    const auto got = co_await with.cache.get("a");
    auto made = std::make_unique<std::string>(got.data);
    co_return made;
}
task<void> nothing(context& with) {
    co_await with.timer.sleep(1s);
}
task<outcome> move_only_and_void(context& with, message) {
    auto pointer = co_await move_only(with);
    co_await nothing(with);
    co_return outcome::accepted(*pointer);
}

task<outcome> range_for(context& with, message) {
    const std::vector<counted> all(5);
    std::string out;
    for (const counted& one : all) {
        const counted local;
        const auto got = co_await with.cache.get(one.text);
        out += got.data;
    }
    co_return outcome::accepted(out);
}

task<outcome> branches(context& with, message) {
    std::string out;
    for (int at = 0; at < 6; ++at) {
        const counted local;
        if (at == 1) continue;
        if (at == 5) break;
        switch (at % 3) {
            case 0: {
                const auto got = co_await with.cache.get("zero");
                out += "0" + got.data;
                break;
            }
            default: {
                const counted deeper;
                co_await with.timer.sleep(1s);
                out += "+";
            }
        }
        if (out.size() > 100) co_return outcome::accepted("too long");
    }
    co_return outcome::accepted(out);
}

task<int> thrower(context& with, int depth) {
    const counted local;
    if (depth == 0) {
        co_await with.timer.sleep(1s);
        throw std::runtime_error("from below");
    }
    const int got = co_await thrower(with, depth - 1);
    co_return got;
}
task<outcome> catching(context& with, message) {
    std::string seen;
    try {
        const counted local;
        const int never = co_await thrower(with, 3);
        seen = std::to_string(never);
    } catch (const std::runtime_error& error) {
        seen = error.what();
    }
    const auto after = co_await with.cache.get("a");  // never inside the handler
    co_return outcome::accepted(seen + after.data);
}

task<int> deep(context& with, int depth) {
    const counted local;
    if (depth == 0) {
        co_await with.timer.sleep(1s);
        co_return 0;
    }
    const int below = co_await deep(with, depth - 1);
    co_return below + 1;
}
task<outcome> deep_chain(context& with, message) {
    const int depth = co_await deep(with, 1000);
    co_return outcome::accepted(std::to_string(depth));
}

task<int> short_one(int at) {
    co_return at;
}
task<outcome> long_loop(context& with, message) {
    // Refused at once, and children that never wait: the stack must not grow with the count.
    int64_t sum = 0;
    for (int at = 0; at < 200000; ++at) {
        co_await with.timer.sleep(1s);
        const int got = co_await short_one(at);
        sum += got;
    }
    co_return outcome::accepted(std::to_string(sum));
}

task<outcome> member_like(context& with, message mail) {
    std::string out;
    for (const recipient& one : mail.carried()) {
        const std::string address(one.address);
        co_await with.cache.get(address);
        out += address + " ";
    }
    co_return outcome::accepted(out);
}

}  // namespace

TEST_CASE("A coroutine that never waits completes inside start") {
    probe::run run(no_await);
    run.start();
    CHECK(run.the_completion().text == "at once");
}

TEST_CASE("An awaited value and a bare await come back from the queue") {
    probe::run run(value_and_bare);
    run.host.script["cache.get"].data = "found";
    run.start();
    CHECK(run.host.completions.empty());
    run.host.run();
    CHECK(run.the_completion().text == "found");
    CHECK(run.host.requests == std::vector<std::string>{"cache.get a", "timer.sleep 1000000000"});
}

TEST_CASE("Children take values and references, and everything is destroyed once") {
    probe::run run(nested);
    run.host.script["cache.get"].data = "x";
    CHECK(run.finish().text == "begin xx");
}

TEST_CASE("A child may return what can only be moved, or nothing") {
    probe::run run(move_only_and_void);
    run.host.script["cache.get"].data = "moved";
    CHECK(run.finish().text == "moved");
}

TEST_CASE("An await may stand in the body of a range-for over a named container") {
    probe::run run(range_for);
    run.host.script["cache.get"].data = "y";
    CHECK(run.finish().text == "yyyyy");
}

TEST_CASE("An await may stand in the branches of if and switch, with continue and break around") {
    probe::run run(branches);
    run.host.script["cache.get"].data = "z";
    CHECK(run.finish().text == "0z+0z+");
}

TEST_CASE("An exception climbs through children and is caught around an await") {
    probe::run run(catching);
    run.host.script["cache.get"].data = "!";
    CHECK(run.finish().text == "from below!");
}

TEST_CASE("A thousand nested children return one by one") {
    probe::run run(deep_chain);
    CHECK(run.finish().text == "1000");
}

TEST_CASE("Two hundred thousand awaits in a loop do not grow the stack") {
    probe::run run(long_loop, {"timer"});
    CHECK(run.finish().text == "19999900000");
}

TEST_CASE("Two calls of one instance run interleaved") {
    probe::run run(member_like);
    run.host.start(probe::plugin(), run.instance, GATEPOST_SEND, &run.message.view);
    run.host.start(probe::plugin(), run.instance, GATEPOST_TEST, &run.message.view);
    run.host.run();
    REQUIRE(run.host.completions.size() == 2);
    CHECK(run.host.completions[0].text == "first@example.net second@example.net ");
    CHECK(run.host.completions[1].text == "first@example.net second@example.net ");
    CHECK(run.host.requests[0] == run.host.requests[1]);
}
