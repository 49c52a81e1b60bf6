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
    CHECK_FALSE(list.wants_refill(now));
    while (list.size() > 0)
        list.take_due(now);
    CHECK(list.wants_refill(now));
    list.refill_asked();
    list.refilled({}, false);
    CHECK_FALSE(list.wants_refill(now));
}

TEST_CASE("what waits for tomorrow does not shut out what is due now") {
    waiting_list list(4);
    for (uint64_t id = 1; id <= 4; ++id)
        list.add(waits(id, now + 24h));
    list.add(waits(5, now));
    CHECK(list.size() == 4);
    CHECK(list.horizon() == now + 24h);
    CHECK(list.take_due(now)->id.value == 5);
    CHECK_FALSE(list.wants_refill(now));
    list.add(waits(6, now));
    CHECK(list.take_due(now)->id.value == 6);
}

TEST_CASE("what comes later than something on disk waits there too") {
    waiting_list list(2);
    list.add(waits(1, now));
    list.add(waits(2, now + 1s));
    list.add(waits(3, now + 2s));  // turned away
    CHECK(list.take_due(now)->id.value == 1);
    list.add(waits(4, now + 3s));
    list.add(waits(1, now + 1h));  // deferred
    CHECK(list.size() == 1);
    CHECK(list.take_due(now + 1s)->id.value == 2);
    CHECK_FALSE(list.wants_refill(now + 1s));
    REQUIRE(list.wants_refill(now + 2s));
    list.refill_asked();
    list.refilled({waits(3, now + 2s), waits(4, now + 3s)}, true);
    CHECK(list.take_due(now + 3s)->id.value == 3);
}

TEST_CASE("what is due on disk alone is fetched, however full the window is") {
    waiting_list list(8);
    for (uint64_t id = 1; id <= 9; ++id)
        list.add(waits(id, now + 1h));
    for (uint64_t id = 11; id <= 17; ++id)
        list.add(waits(id, now + 2h, mail::priority::high));
    CHECK(list.size() == 8);
    while (list.take_due(now + 1h)) {
    }
    CHECK(list.size() >= 2);
    CHECK(list.wants_refill(now + 1h));
}

TEST_CASE("urgent mail enters a full window, and the latest of the others makes room") {
    waiting_list list(3);
    for (uint64_t id = 1; id <= 4; ++id)
        list.add(waits(id, now - std::chrono::seconds(10 - id)));
    list.add(waits(5, now, mail::priority::high));
    CHECK(list.size() == 3);
    CHECK(list.take_due(now)->id.value == 5);
    CHECK(list.take_due(now)->id.value == 1);
    CHECK(list.take_due(now)->id.value == 2);
}

TEST_CASE("what was turned away while the disk was asked is not forgotten") {
    waiting_list list(2);
    list.look_at_disk();
    list.refill_asked();
    for (uint64_t id = 1; id <= 3; ++id)
        list.add(waits(id, now));
    list.refilled({waits(1, now)}, false);  // the question was older
    CHECK(list.incomplete());
    while (list.take_due(now)) {
    }
    CHECK(list.wants_refill(now));
}

TEST_CASE("a wish to look at the disk outlives an answer to an older question") {
    waiting_list list(8);
    list.refill_asked();
    list.look_at_disk();
    list.refilled({}, false);
    CHECK(list.wants_refill(now));
    list.refill_asked();
    list.refilled({}, false);
    CHECK_FALSE(list.wants_refill(now));
}
