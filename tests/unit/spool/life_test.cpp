// One message's life: accepted, tried, recorded, cancelled, tried again, expired, swept; and what
// people see of it.
#include <atomic>
#include <thread>

#include "base/limits.hpp"
#include "spool/due_index.hpp"
#include "spool_kit.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using spool::message_status;

TEST_CASE("an accepted message waits, is carried, and ends as sent") {
    bench spool;
    spool.open();
    const mail_id id = spool.accept({"a@example.net"});
    REQUIRE(spool.waiting().size() == 1);
    CHECK(spool.waiting()[0].id == id);
    CHECK(spool.waiting("another").empty());
    const auto started = spool.start(id);
    REQUIRE(started.ok());
    CHECK(started->attempt == 1);
    CHECK(spool.waiting().empty());
    CHECK(spool.show(id)->status == message_status::sending);
    REQUIRE(spool.record(id, 1, {change(0, recipient_state::sent, mail::verdict::accepted)}).ok());
    const auto row = spool.show(id);
    REQUIRE(row.ok());
    CHECK(row->status == message_status::sent);
    CHECK(row->from == "noreply@example.com");
    CHECK(row->recipients[0].address == "a@example.net");
    CHECK(row->recipients[0].last->text == "said so");
    REQUIRE(row->attempts.size() == 1);
    CHECK(row->attempts[0].ended);
    CHECK(row->attempts[0].results.size() == 1);
    CHECK(spool->health_now().waiting == 0);
}

TEST_CASE("a deferred recipient waits for its time, and only it is tried again") {
    bench spool;
    spool.open();
    const mail_id id = spool.accept({"a@example.net", "b@example.net"});
    REQUIRE(spool.start(id, {0, 1}).ok());
    const auto next = spool.clock.wall_now() + std::chrono::seconds{30};
    REQUIRE(spool
                .record(id, 1,
                        {change(0, recipient_state::sent, mail::verdict::accepted),
                         change(1, recipient_state::queued, mail::verdict::deferred)},
                        next)
                .ok());
    CHECK(spool.waiting().empty());
    CHECK(spool.show(id)->next_attempt == next);
    spool.clock.advance(std::chrono::seconds{30});
    REQUIRE(spool.waiting().size() == 1);
    const auto again = spool.start(id, {0, 1});
    REQUIRE(again.ok());
    CHECK(again->recipients == std::vector<uint32_t>{1});
    CHECK(again->attempt == 2);
}

TEST_CASE("callbacks of a batch come before its message is handed out, with the mail in memory") {
    bench spool;
    spool.open();
    std::mutex mutex;
    std::vector<std::string> order;
    std::promise<spool::due_message> handed_out;
    spool->on_due([&](spool::due_message due) {
        const std::lock_guard lock(mutex);
        order.emplace_back("due");
        handed_out.set_value(std::move(due));
    });
    spool->on_event([&](const spool::event& each) {
        const std::lock_guard lock(mutex);
        order.emplace_back(to_string(each.status));
    });
    auto mail = make_message(spool.next_id(), {"a@example.net"});
    spool->accept({std::make_shared<const mail::message>(std::move(mail)), 1, "outbox", {}},
                  [&](result<spool::accept_answer> answer) {
                      const std::lock_guard lock(mutex);
                      order.emplace_back(answer ? "accepted" : "refused");
                  });
    const auto due = handed_out.get_future().get();
    REQUIRE(due.mail);
    CHECK(due.mail->parts[0].body.view() == "Hello\r\n");
    const std::lock_guard lock(mutex);
    CHECK(order == std::vector<std::string>{"accepted", "queued", "due"});
}

TEST_CASE("handlers may come while the writer works, and hear of every job that comes after them") {
    std::atomic<int> due = 0, events = 0,
                     refused = 0;  // before the spool, whose writer uses them to the end
    bench spool;
    spool.open();
    std::atomic<bool> enough = false;
    std::thread busy([&] {
        for (int i = 0; i < 200 && !enough; ++i)
            refused +=
                spool.try_accept(make_message(spool.next_id(), {"busy@example.net"})) ? 0 : 1;
    });
    for (int i = 0; i < 20; ++i)
        spool.waiting("another");  // the writer is in the middle of it
    spool->on_due([&](const spool::due_message&) { ++due; });
    spool->on_event([&](const spool::event&) { ++events; });
    spool->on_health([](const spool::health&) {});
    for (int i = 0; i < 20; ++i)
        spool.accept({"a@example.net"});
    enough = true;
    busy.join();
    spool.waiting();  // the writer is past the last callback
    CHECK(refused == 0);
    CHECK(due >= 20);
    CHECK(events >= 20);
}

TEST_CASE("mail in memory for its first attempt stays within its budget") {
    bench spool;
    std::vector<spool::due_message> held;
    spool.open();
    spool->on_due([&](spool::due_message due) { held.push_back(std::move(due)); });
    const std::string large(200'000, 'x');
    const size_t fit = limits::first_attempt_bytes / large.size();
    for (size_t i = 0; i < fit + 5; ++i)
        spool.accept({"a@example.net"}, large);
    spool.waiting();  // the writer is past the last callback
    REQUIRE(held.size() == fit + 5);
    CHECK(held.front().mail);
    CHECK_FALSE(held.back().mail);
    held.clear();
    spool.accept({"a@example.net"}, large);
    spool.waiting();
    REQUIRE(held.size() == 1);
    CHECK(held.back().mail);
    spool.close();
}

TEST_CASE("a message for later is scheduled until its time") {
    bench spool;
    spool.open();
    auto mail = make_message(spool.next_id(), {"a@example.net"});
    mail.send_at = spool.clock.wall_now() + std::chrono::hours{2};
    const auto answer = spool.try_accept(std::move(mail));
    REQUIRE(answer.ok());
    CHECK(spool.show(answer->id)->status == message_status::scheduled);
    CHECK(spool.waiting().empty());
    spool.clock.advance(std::chrono::hours{2});
    CHECK(spool.show(answer->id)->status == message_status::queued);
    CHECK(spool.waiting().size() == 1);
}

TEST_CASE("a message for a time before 1970 is due at once, also after a restart") {
    bench spool;
    spool.open();
    auto mail = make_message(spool.next_id(), {"a@example.net"});
    mail.send_at = wall_time{-std::chrono::hours{24}};
    const auto answer = spool.try_accept(std::move(mail));
    REQUIRE(answer.ok());
    CHECK(spool.show(answer->id)->next_attempt == spool.clock.wall_now());
    CHECK(spool.waiting().size() == 1);
    spool.reopen();
    CHECK(spool.waiting().size() == 1);
}

TEST_CASE("a row that is due before 1970 is handed out") {
    spool::due_index index;
    const spool::waiting_place place{
        "outbox", wall_time{-std::chrono::hours{24}}, {}, start_of_time()};
    index.add({7}, place);
    CHECK(index.waiting("outbox", start_of_time(), 10).size() == 1);
    index.remove({7}, place);
    CHECK(index.size() == 0);
}

TEST_CASE("a cancel between handing out and the started mark wins") {
    bench spool;
    spool.open();
    const mail_id id = spool.accept({"a@example.net", "b@example.net"});
    SECTION("for all") {
        REQUIRE(spool.cancel(id).ok());
        const auto started = spool.start(id, {0, 1});
        REQUIRE(started.ok());
        CHECK(started->recipients.empty());
        CHECK(spool.show(id)->attempts.empty());
        CHECK(spool.show(id)->status == message_status::cancelled);
        CHECK(spool.waiting().empty());
    }
    SECTION("for those not yet on their way") {
        REQUIRE(spool.start(id, {0}).ok());
        REQUIRE(spool.cancel(id).ok());
        CHECK(spool.show(id)->recipients[0].state == recipient_state::sending);
        CHECK(spool.show(id)->recipients[1].state == recipient_state::cancelled);
        const auto again = spool.cancel(id);
        REQUIRE_FALSE(again.ok());
        CHECK(again.error().kind == error_kind::conflict);
    }
}

TEST_CASE("a stranger's message is not there") {
    bench spool;
    spool.open();
    const mail_id id = spool.accept({"a@example.net"});
    CHECK(spool.show(id, 1000).ok());
    CHECK(spool.show(id, 1001).error().kind == error_kind::not_found);
    CHECK(spool.cancel(id, 1001).error().kind == error_kind::not_found);
    CHECK(spool.retry(id, 1001).error().kind == error_kind::not_found);
    CHECK(spool.show({12345}).error().kind == error_kind::not_found);
}

TEST_CASE("a failed message may be tried again by hand, a sent or cancelled one not") {
    bench spool;
    spool.open();
    const mail_id failed = spool.accept({"a@example.net"});
    spool.finish(failed, recipient_state::failed);
    CHECK(spool.show(failed)->status == message_status::failed);
    REQUIRE(spool.retry(failed).ok());
    CHECK(spool.show(failed)->status == message_status::queued);
    CHECK(spool.waiting().size() == 1);
    spool.finish(failed);
    CHECK(spool.show(failed)->status == message_status::sent);
    CHECK(spool.show(failed)->attempts.size() == 2);
    CHECK(spool.retry(failed).error().kind == error_kind::conflict);
    const mail_id cancelled = spool.accept({"a@example.net"});
    REQUIRE(spool.cancel(cancelled).ok());
    CHECK(spool.retry(cancelled).error().kind == error_kind::conflict);
}

TEST_CASE("many attempts with long answers are all kept, in order") {
    bench spool;
    spool.open();
    const mail_id id = spool.accept({"a@example.net"});
    for (uint32_t n = 1; n <= 20; ++n) {
        REQUIRE(spool.start(id)->attempt == n);
        auto deferred = change(0, recipient_state::queued, mail::verdict::deferred);
        deferred.result.text = std::string(500, static_cast<char>('a' + n));
        REQUIRE(spool.record(id, n, {deferred}).ok());
    }
    spool.reopen();
    const auto row = spool.show(id);
    REQUIRE(row->attempts.size() == 20);
    for (uint32_t n = 1; n <= 20; ++n) {
        CHECK(row->attempts[n - 1].number == n);
        CHECK(row->attempts[n - 1].results[0].text[0] == static_cast<char>('a' + n));
    }
}

TEST_CASE("what is open too long expires, at its own time or the general one") {
    bench spool;
    spool.open();
    auto brief = make_message(spool.next_id(), {"a@example.net"});
    brief.expires_at = spool.clock.wall_now() + std::chrono::hours{1};
    const mail_id own = spool.try_accept(std::move(brief))->id;
    const mail_id general = spool.accept({"a@example.net"});
    CHECK(spool.expire() == 0);
    spool.clock.advance(std::chrono::hours{1});
    CHECK(spool.expire() == 1);
    CHECK(spool.show(own)->status == message_status::expired);
    CHECK(spool.retry(own).error().kind == error_kind::conflict);
    CHECK(spool.show(general)->status == message_status::queued);
    spool.clock.advance(limits::message_lifetime);
    CHECK(spool.expire() == 1);
    CHECK(spool.show(general)->status == message_status::expired);
    CHECK(spool.waiting().empty());
}

TEST_CASE("no attempt begins when the time is over, whether or not expiry has looked") {
    bench spool;
    spool.open();
    auto mail = make_message(spool.next_id(), {"a@example.net", "b@example.net"});
    mail.expires_at = spool.clock.wall_now() + std::chrono::hours{1};
    const mail_id id = spool.try_accept(std::move(mail))->id;
    REQUIRE(spool.start(id, {0}).ok());
    REQUIRE(
        spool.record(id, 1, {change(0, recipient_state::unknown, mail::verdict::unknown)}).ok());
    spool.clock.advance(std::chrono::hours{1});
    const auto started = spool.start(id, {0, 1});
    REQUIRE(started.ok());
    CHECK(started->recipients.empty());
    const auto row = spool.show(id);
    CHECK(row->attempts.size() == 1);
    CHECK(row->recipients[0].state == recipient_state::held);
    CHECK(row->recipients[1].state == recipient_state::expired);
    CHECK(spool.waiting().empty());
    CHECK(spool.expire() == 0);
}

TEST_CASE("what is held or failed on Friday can be sent on Monday") {
    bench spool;
    spool.lifetime = std::chrono::hours{20};
    spool.open();
    auto mail = make_message(spool.next_id(), {"a@example.net", "b@example.net"});
    SECTION("by the general lifetime") {}
    SECTION("by an expires_at of its own") {
        mail.expires_at = spool.clock.wall_now() + std::chrono::hours{1};
    }
    const mail_id id = spool.try_accept(std::move(mail))->id;
    REQUIRE(spool.start(id, {0, 1}).ok());
    REQUIRE(spool
                .record(id, 1,
                        {change(0, recipient_state::held, mail::verdict::unknown),
                         change(1, recipient_state::failed, mail::verdict::rejected)})
                .ok());
    spool.clock.advance(std::chrono::hours{72});
    CHECK(spool.expire() == 0);
    const auto row = spool.retry(id);
    REQUIRE(row.ok());
    CHECK(row->status == message_status::queued);
    CHECK(row->expires_at == spool.clock.wall_now() + spool.lifetime);
    CHECK(spool.expire() == 0);
    spool.reopen();
    CHECK(spool.expire() == 0);
    REQUIRE(spool.waiting().size() == 1);
    const auto again = spool.start(id, {0, 1});
    REQUIRE(again.ok());
    CHECK(again->recipients.size() == 2);
    CHECK(again->expires_at == row->expires_at);
}

TEST_CASE("a retry by hand does not outlive the expires_at that the sender gave") {
    bench spool;
    spool.open();
    auto mail = make_message(spool.next_id(), {"a@example.net"});
    const auto end = mail.expires_at = spool.clock.wall_now() + std::chrono::hours{1};
    const mail_id id = spool.try_accept(std::move(mail))->id;
    spool.finish(id, recipient_state::failed);
    REQUIRE(spool.retry(id).ok());
    CHECK(spool.show(id)->expires_at == end);
}

TEST_CASE("the sweep takes finished messages and keys that are old, and nothing that is open") {
    bench spool;
    spool.open();
    const mail_id finished = spool.accept({"a@example.net"});
    spool.finish(finished);
    const mail_id held = spool.accept({"a@example.net"});
    REQUIRE(spool.start(held).ok());
    REQUIRE(spool.record(held, 1, {change(0, recipient_state::held, mail::verdict::unknown)}).ok());
    spool.clock.advance(limits::keep_final - std::chrono::hours{1});
    CHECK(spool.sweep() == 0);
    spool.clock.advance(std::chrono::hours{1});
    CHECK(spool.sweep() == 1);
    CHECK(spool.show(finished).error().kind == error_kind::not_found);
    CHECK(spool.show(held)->status == message_status::held);
}

TEST_CASE("a clock that was once ahead does not keep the sweep from what is old since") {
    bench spool;
    spool.open();
    const auto ahead = std::chrono::hours{24 * 400};
    spool.clock.advance(ahead);
    const mail_id then = spool.accept({"a@example.net"});
    spool.finish(then);
    spool.clock.advance(-ahead);
    const mail_id old = spool.accept({"a@example.net"});  // its id is ahead as well
    spool.finish(old);
    spool.clock.advance(limits::keep_final - std::chrono::hours{1});
    CHECK(spool.sweep() == 0);
    const mail_id young = spool.accept({"a@example.net"});
    spool.finish(young);
    spool.clock.advance(std::chrono::hours{1});
    CHECK(spool.sweep() == 1);
    CHECK(spool.show(old).error().kind == error_kind::not_found);
    CHECK(spool.show(young).ok());
    CHECK(spool.show(then).ok());  // as old as it says, which is not known better
}

TEST_CASE("lists come newest first, page by page, and can be narrowed") {
    bench spool;
    spool.open();
    std::vector<mail_id> ids;
    for (int i = 0; i < 25; ++i)
        ids.push_back(spool.accept({"user" + std::to_string(i % 5) + "@example.net"}));
    for (size_t i = 0; i < ids.size(); i += 2)
        spool.finish(ids[i]);
    std::vector<mail_id> newest_first(ids.rbegin(), ids.rend());
    CHECK(spool.list() == newest_first);
    spool::list_query page;
    page.limit = 10;
    std::vector<mail_id> all;
    for (;;) {
        const auto some = spool.list(page);
        if (some.empty()) break;
        all.insert(all.end(), some.begin(), some.end());
        page.before = some.back();
    }
    CHECK(all == newest_first);
    spool::list_query sent;
    sent.status = message_status::sent;
    CHECK(spool.list(sent).size() == 13);
    spool::list_query to;
    to.recipient = "USER3@example.net";
    CHECK(spool.list(to).size() == 5);
    spool::list_query foreign;
    foreign.owner_uid = 4711;
    CHECK(spool.list(foreign).empty());
}

TEST_CASE("a tag finds its messages among thousands") {
    bench spool;
    spool.open();
    auto tagged = make_message(spool.next_id(), {"a@example.net"});
    tagged.tags = {"wanted"};
    const mail_id id = spool.try_accept(std::move(tagged))->id;
    std::atomic<int> left = 3000;
    std::promise<void> all;
    for (int i = left; i > 0; --i) {
        auto mail =
            std::make_shared<const mail::message>(make_message(spool.next_id(), {"b@example.net"}));
        spool->accept({mail, 1, "outbox", {}}, [&](const auto&) {
            if (--left == 0) all.set_value();
        });
    }
    all.get_future().get();
    spool::list_query query;
    query.tag = "wanted";
    CHECK(spool.list(query) == std::vector<mail_id>{id});
}

TEST_CASE("many threads may call at once, and every answer comes once") {
    bench spool;
    spool.open();
    std::atomic<int> accepted = 0;
    std::vector<std::thread> callers;
    for (int t = 0; t < 4; ++t) {
        callers.emplace_back([&] {
            for (int i = 0; i < 100; ++i) {
                const auto answer =
                    spool.try_accept(make_message(spool.next_id(), {"a@example.net"}));
                if (!answer) continue;
                const auto started = spool.start(answer->id);
                const auto sent = change(0, recipient_state::sent, mail::verdict::accepted);
                if (started && spool.record(answer->id, started->attempt, {sent})) ++accepted;
            }
        });
    }
    for (auto& each : callers)
        each.join();
    CHECK(accepted == 400);
    spool::list_query sent;
    sent.status = message_status::sent;
    sent.limit = 1000;
    CHECK(spool.list(sent).size() == limits::list_max);
}
