// What a crash leaves, and who picks it up: children that are killed, and the start after them.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>

#include "base/limits.hpp"
#include "spool_kit.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using spool::message_status;

namespace {

// A child that runs `work`, whose lines come back; killed after `lines` of them.
template <class Work>
std::vector<uint64_t> run_and_kill(size_t lines, Work work) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::close(ends[0]);
        work([&](uint64_t value) {
            if (::write(ends[1], &value, sizeof value) < 0) ::_exit(2);
        });
        for (;;)
            ::pause();
    }
    ::close(ends[1]);
    std::vector<uint64_t> values;
    uint64_t value = 0;
    bool alive = true;
    while (::read(ends[0], &value, sizeof value) == static_cast<ssize_t>(sizeof value)) {
        values.push_back(value);
        if (values.size() >= lines && std::exchange(alive, false)) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return values;
}

}  // namespace

TEST_CASE("every message acknowledged before a kill is there, once") {
    bench spool;
    std::set<uint64_t> seen;
    for (int round = 0; round < 3; ++round) {
        const auto acked = run_and_kill(200, [&](auto tell) {
            spool.open();
            mail_id_source ids(spool->recovery().newest);
            for (;;) {
                auto mail = make_message(ids.next(spool.clock.wall_now()), {"a@example.net"});
                spool->accept({std::make_shared<const mail::message>(std::move(mail)), 1, "outbox",
                               std::nullopt},
                              [tell](result<spool::accept_answer> answer) {
                                  if (answer) tell(answer->id.value);
                              });
            }
        });
        CHECK(acked.size() >= 200);
        for (const uint64_t id : acked)
            CHECK(seen.insert(id).second);
    }
    spool.open();
    std::set<uint64_t> waiting;
    for (const auto& each : spool.waiting("outbox", 10'000'000))
        CHECK(waiting.insert(each.id.value).second);
    for (const uint64_t id : seen)
        CHECK(waiting.contains(id));
}

TEST_CASE("recipients with a started mark are unknown after a kill, the others untouched") {
    bench spool;
    run_and_kill(1, [&](auto tell) {
        spool.open();
        const auto first = spool.accept({"a@example.net", "b@example.net"});
        spool.accept({"c@example.net"});
        if (spool.start(first, {1}).ok()) tell(first.value);
    });
    spool.open();
    CHECK(spool->recovery().recipients_unknown == 1);
    CHECK(spool->recovery().messages_waiting == 2);
    REQUIRE(spool.waiting().size() == 1);  // the other is not tried before the delay
    spool.clock.advance(std::chrono::minutes{5});
    REQUIRE(spool.waiting().size() == 2);
    const auto id = spool->recovery().newest;
    const auto loaded = spool.load(id);
    CHECK(loaded->recipients[0].state == recipient_state::queued);
    const auto ids = spool.list();
    const auto lost = spool.load(ids[1]);
    CHECK(lost->recipients[1].state == recipient_state::unknown);
    CHECK(lost->unknown_attempts == 1);
    CHECK(spool.start(ids[1], {0, 1}).ok());
    const auto row = spool.show(ids[1]);
    CHECK_FALSE(row->recipients[0].possible_duplicate);
    CHECK(row->recipients[1].possible_duplicate);
    CHECK_FALSE(row->attempts[0].ended);
}

TEST_CASE("the rule decides what becomes of an unknown recipient") {
    bench spool;
    run_and_kill(1, [&](auto tell) {
        spool.open();
        const auto by_connection = spool.accept({"a@example.net"});
        auto own = make_message(spool.next_id(), {"a@example.net"});
        own.on_unknown = mail::unknown_rule::retry;
        const auto by_message = spool.try_accept(std::move(own))->id;
        if (spool.start(by_connection).ok() && spool.start(by_message).ok()) tell(1);
    });
    auto how = spool.options();
    how.unknown_rule_of = [](const std::string& connection) {
        return connection == "outbox" ? mail::unknown_rule::hold : mail::unknown_rule::retry;
    };
    {
        auto opened = spool::spool::open(how);
        REQUIRE(opened.ok());
        CHECK((*opened)->recovery().recipients_unknown == 2);
        CHECK((*opened)->recovery().messages_waiting == 1);
    }
    spool.open();
    const auto ids = spool.list();
    CHECK(spool.show(ids[0])->status == message_status::unknown);
    CHECK(spool.show(ids[1])->status == message_status::held);
}

TEST_CASE("a second daemon leaves with the first one's pid, the first goes on") {
    bench spool;
    spool.open();
    const auto second = spool::spool::open(spool.options());
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().kind == error_kind::conflict);
    CHECK(contains(second.error().detail, "pid " + std::to_string(::getpid())));
    spool.accept({"a@example.net"});
    spool.reopen();
    CHECK(spool.waiting().size() == 1);
}

TEST_CASE("fifty thousand waiting messages are known again after a restart") {
    bench spool;
    spool.open();
    std::atomic<int> left = 50'000;
    std::promise<void> all;
    const auto prototype = make_message({1}, {"a@example.net"}, std::string(50, 'x'));
    for (int i = left, burst = 0; i > 0; --i) {
        auto mail = std::make_shared<mail::message>(prototype);
        mail->id = spool.next_id();
        spool->accept({std::move(mail), 1, "outbox", {}}, [&](const auto& answer) {
            if (answer && --left == 0) all.set_value();
        });
        if (++burst % 10'000 == 0) spool.waiting("none", 1);  // stay below the backlog
    }
    REQUIRE(all.get_future().wait_for(std::chrono::minutes{2}) == std::future_status::ready);
    spool.reopen();
    CHECK(spool->recovery().messages_waiting == 50'000);
    CHECK(spool.waiting("outbox", 100).size() == 100);
    CHECK(spool->health_now().waiting == 50'000);
}
