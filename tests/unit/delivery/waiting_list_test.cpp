#include "delivery/waiting_list.hpp"

#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::delivery;
using namespace std::chrono_literals;

namespace {

const wall_time now{1'000s};

spool::due_message waits(uint64_t id, wall_time due,
                         mail::priority urgency = mail::priority::normal) {
    return {mail_id{id}, "outbox", due, urgency, nullptr};
}

}  // namespace

TEST_CASE("what is due comes out: urgent first, then by time, then by age") {
    waiting_list list(10);
    list.add(waits(1, now - 1s));
    list.add(waits(2, now - 2s));
    list.add(waits(3, now, mail::priority::high));
    list.add(waits(4, now - 9s, mail::priority::low));
    list.add(waits(5, now + 1s, mail::priority::high));
    CHECK(list.take_due(now)->id.value == 3);
    CHECK(list.take_due(now)->id.value == 2);
    CHECK(list.take_due(now)->id.value == 1);
    CHECK(list.take_due(now)->id.value == 4);
    CHECK_FALSE(list.take_due(now));
    CHECK(list.next_due() == now + 1s);
}

TEST_CASE("a message told twice stands once, with the newer time, and keeps its memory") {
    waiting_list list(10);
    auto first = waits(1, now + 1h);
    first.mail = std::make_shared<mail::message>();
    list.add(first);
    list.add(waits(1, now, mail::priority::high));
    CHECK(list.size() == 1);
    const auto taken = list.take_due(now);
    REQUIRE(taken);
    CHECK(taken->mail == first.mail);
    CHECK_FALSE(list.next_due());
}

TEST_CASE("a full window turns away and says that more waits on disk") {
    waiting_list list(4);
    for (uint64_t id = 1; id <= 6; ++id)
        list.add(waits(id, now));
    CHECK(list.size() == 4);
    CHECK(list.incomplete());
    CHECK_FALSE(list.wants_refill());
    while (list.size() > 0)
        list.take_due(now);
    CHECK(list.wants_refill());
    list.refilled(false);
    CHECK_FALSE(list.wants_refill());
}
