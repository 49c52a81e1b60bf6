// Asking later what became of a mail: what waits for it survives, what it learns settles what was
// unknown, and a mail that was sent can still fail, but is never tried again by itself.
#include "base/limits.hpp"
#include "spool_kit.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace std::chrono_literals;
using spool::message_status;

namespace {

// A spool with one message whose first attempt ended as `state` and asks for a lookup in a minute.
struct asked {
    explicit asked(recipient_state state, mail::verdict verdict) {
        spool.open();
        id = spool.accept({"a@example.net"});
        REQUIRE(spool.start(id).ok());
        spool::record_request record{id, 1, {change(0, state, verdict)}, {}, "notes", due()};
        if (state == recipient_state::unknown) record.next_attempt = spool.clock.wall_now() + 5min;
        awaited<success> answer;
        spool->record(std::move(record), answer.callback());
        REQUIRE(answer.get().ok());
    }
    wall_time due() const { return spool.clock.wall_now() + 1min; }

    std::vector<spool::due_message> lookups() {
        awaited<std::vector<spool::due_message>> answer;
        spool->lookups("outbox", spool.clock.wall_now(), 100, answer.callback());
        return *answer.get();
    }
    result<success> learn(std::vector<spool::recipient_change> changes, uint32_t attempt = 1,
                          std::optional<wall_time> again = std::nullopt) {
        awaited<success> answer;
        spool->lookup({id, attempt, std::move(changes), spool.clock.wall_now(), "later", again},
                      answer.callback());
        return answer.get();
    }
    recipient_state state() { return spool.show(id)->recipients[0].state; }

    bench spool;
    mail_id id;
};

}  // namespace

TEST_CASE("a sent message waits for its lookup through a restart, and only until it was done") {
    asked one(recipient_state::sent, mail::verdict::accepted);
    CHECK(one.spool.show(one.id)->status == message_status::sent);
    CHECK(one.lookups().empty());
    one.spool.reopen();
    CHECK(one.spool.waiting().empty());
    one.spool.clock.advance(1min);
    REQUIRE(one.lookups().size() == 1);
    const auto loaded = one.spool.load(one.id);
    CHECK(loaded->lookup_state == "notes");
    CHECK(loaded->lookup_attempt == 1);
    REQUIRE(one.learn({}).ok());
    CHECK(one.lookups().empty());
    one.spool.reopen();
    CHECK(one.lookups().empty());
    CHECK(one.state() == recipient_state::sent);
    CHECK(one.learn({}).error().kind == error_kind::conflict);
}

TEST_CASE("a sent message can turn out to have failed, and is not tried again by itself") {
    asked one(recipient_state::sent, mail::verdict::accepted);
    REQUIRE(one.learn({change(0, recipient_state::failed, mail::verdict::rejected)}).ok());
    CHECK(one.spool.show(one.id)->status == message_status::failed);
    CHECK(one.spool.show(one.id)->attempts[0].results[0].verdict == mail::verdict::rejected);
    CHECK(one.spool.waiting().empty());
    one.spool.clock.advance(limits::keep_final + 1h);
    CHECK(one.spool.sweep() == 1);
}

TEST_CASE("a lookup never opens what was sent") {
    asked one(recipient_state::sent, mail::verdict::accepted);
    REQUIRE(one.learn({change(0, recipient_state::queued, mail::verdict::deferred)}).ok());
    CHECK(one.state() == recipient_state::sent);
    CHECK(one.spool.waiting().empty());
}

TEST_CASE("an unknown outcome is settled by a lookup") {
    const auto settled = [](recipient_state to, mail::verdict verdict) {
        asked one(recipient_state::unknown, mail::verdict::unknown);
        REQUIRE(one.learn({change(0, to, verdict)}).ok());
        const bool waits = !one.spool.waiting().empty();
        if (waits) {
            REQUIRE(one.spool.start(one.id)->attempt == 2);
            CHECK_FALSE(one.spool.show(one.id)->recipients[0].possible_duplicate);
        }
        return waits;
    };
    CHECK_FALSE(settled(recipient_state::sent, mail::verdict::accepted));
    CHECK_FALSE(settled(recipient_state::failed, mail::verdict::rejected));
    CHECK(settled(recipient_state::queued, mail::verdict::deferred));
}

TEST_CASE("an unknown outcome whose time is over is held, and its lookup may still settle it") {
    asked one(recipient_state::unknown, mail::verdict::unknown);
    one.spool.clock.advance(limits::message_lifetime);
    CHECK(one.spool.expire() == 1);
    CHECK(one.state() == recipient_state::held);
    CHECK(one.spool.expire() == 0);
    CHECK(one.spool.waiting().empty());
    REQUIRE(one.lookups().size() == 1);
    REQUIRE(one.learn({change(0, recipient_state::sent, mail::verdict::accepted)}).ok());
    CHECK(one.state() == recipient_state::sent);
}

TEST_CASE("a lookup of an attempt that a newer one has overtaken says nothing about it") {
    asked one(recipient_state::unknown, mail::verdict::unknown);
    one.spool.clock.advance(5min);
    REQUIRE(one.spool.start(one.id)->attempt == 2);
    REQUIRE(one.learn({change(0, recipient_state::failed, mail::verdict::rejected)}).ok());
    CHECK(one.state() == recipient_state::sending);
}

TEST_CASE("a lookup that nobody does, as of a removed connection, ends some days after its time") {
    asked one(recipient_state::sent, mail::verdict::accepted);
    one.spool.clock.advance(spool::lookup_patience);
    CHECK(one.spool.expire() == 0);
    CHECK(one.spool.sweep() == 0);
    one.spool.reopen();
    one.spool.clock.advance(1min);
    REQUIRE(one.lookups().size() == 1);
    CHECK(one.spool.expire() == 1);
    CHECK(one.lookups().empty());
    CHECK(one.state() == recipient_state::sent);
    CHECK(one.learn({}).error().kind == error_kind::conflict);
    CHECK(one.spool.sweep() == 1);
    CHECK(one.spool.show(one.id).error().kind == error_kind::not_found);
}

TEST_CASE("a lookup that is given up leaves what is unknown to a person") {
    asked one(recipient_state::unknown, mail::verdict::unknown);
    one.spool.clock.advance(spool::lookup_patience + 1min);
    CHECK(one.spool.expire() == 1);  // its own time is over as well
    CHECK(one.lookups().empty());
    CHECK(one.state() == recipient_state::held);
    one.spool.clock.advance(limits::keep_final + 1min);
    CHECK(one.spool.sweep() == 0);
    CHECK(one.spool.retry(one.id).ok());
}

TEST_CASE("a provider that never knows is not asked for ever") {
    asked one(recipient_state::sent, mail::verdict::accepted);
    uint32_t asked_times = 0;
    one.spool.clock.advance(1min);
    for (; asked_times < 1000 && !one.lookups().empty(); ++asked_times) {
        REQUIRE(one.learn({}, 1, one.due()).ok());
        one.spool.clock.advance(1min);
    }
    CHECK(asked_times == limits::lookups_of_attempt);
}
