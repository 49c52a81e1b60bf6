// Commits that fail, and full disks: who is told what, and that a refused batch never comes back.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "failing_disk.hpp"
#include "spool_kit.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

const spool::idempotency key{"uid:1", "key", "print"};

struct failing_bench : bench {
    failing_bench() : bench((failing_disk::install(), failing_disk::name)) {
        failing_disk::heal();
        open();
    }
    ~failing_bench() { failing_disk::heal(); }

    result<spool::accept_answer> send(std::optional<spool::idempotency> with = std::nullopt) {
        return try_accept(make_message(next_id(), {"a@example.net"}), std::move(with));
    }
};

}  // namespace

TEST_CASE("a commit whose sync fails is answered as unknown; its mail never comes back") {
    std::mutex mutex;  // before the spool, whose writer uses them to the end
    std::vector<spool::health> told;
    const auto times_told = [&] {
        const std::lock_guard lock(mutex);
        return told.size();
    };
    failing_bench spool;
    const mail_id good = spool.accept({"a@example.net"});
    spool->on_health([&](const spool::health& now) {
        const std::lock_guard lock(mutex);
        told.push_back(now);
    });
    failing_disk::failing_log_syncs = 1;
    const auto answer = spool.send(key);
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().kind == error_kind::outcome_unknown);
    CHECK(contains(answer.error().detail, "same Idempotency-Key"));
    const auto refused = spool.send();
    if (!refused) CHECK(refused.error().kind == error_kind::storage);
    REQUIRE(spool.wait_for_health(false));
    // The state changes before the handler hears of it.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (times_told() < 2 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    {
        const std::lock_guard lock(mutex);
        REQUIRE(told.size() == 2);
        CHECK(told[0].sick);
        CHECK_FALSE(told[0].cause.empty());
        CHECK_FALSE(told[1].sick);
    }
    CHECK(spool.list() == std::vector<mail_id>{good});
    const auto again = spool.send(key);  // the key was not used up: sent again, kept once
    REQUIRE(again.ok());
    CHECK_FALSE(again->replayed);
    spool.reopen();
    CHECK(spool.list() == std::vector<mail_id>{again->id, good});
    CHECK(spool.waiting().size() == 2);
    CHECK(spool->recovery().refused_batches_removed == 0);
}

TEST_CASE("a refused batch does not come back after a kill before the recovery") {
    failing_bench spool;
    const mail_id good = spool.accept({"a@example.net"});
    spool.close();
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        spool.open();
        if (!spool.send()) ::_exit(1);
        failing_disk::failing_log_syncs = 1'000'000;
        const auto answer = spool.send();
        ::_exit(answer.ok() || answer.error().kind != error_kind::outcome_unknown ? 2 : 0);
    }
    int exit_status = 0;
    REQUIRE(::waitpid(child, &exit_status, 0) == child);
    REQUIRE(exit_status == 0);
    SECTION("cut by the note") {
        spool.open();
        CHECK(spool->recovery().refused_batches_removed == 1);
        CHECK(spool.list().size() == 2);
        spool.reopen();
        CHECK(spool->recovery().refused_batches_removed == 0);
        CHECK(spool.list().size() == 2);
    }
    SECTION("without the note it would") {
        // The frames are whole in the log: that is why the note is written before the answer.
        REQUIRE(std::filesystem::remove(spool.path() / "refused"));
        spool.open();
        CHECK(spool.list().size() == 3);
    }
    CHECK(spool.list().back() == good);
}

TEST_CASE("a list that shares its batch with an accept that finds the disk full is whole") {
    failing_bench spool;
    std::vector<mail_id> newest_first;
    for (int i = 0; i < 3; ++i)
        newest_first.insert(newest_first.begin(), spool.accept({"a@example.net"}));
    awaited<spool::accept_answer> accepted;
    awaited<std::vector<spool::message_row>> listed;
    auto mail =
        std::make_shared<const mail::message>(make_message(spool.next_id(), {"a@example.net"}));
    // Submitted while the writer runs a callback, so both are in its next batch.
    spool->waiting("outbox", spool.clock.wall_now(), 1, [&](const auto&) {
        failing_disk::full_writes = 1;
        spool->accept({mail, 1000, "outbox", {}}, accepted.callback());
        spool->list({}, listed.callback());
    });
    const auto refused = accepted.get();
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == error_kind::storage);
    const auto rows = listed.get();
    REQUIRE(rows.ok());
    std::vector<mail_id> found;
    for (const auto& each : *rows)
        found.push_back(each.id);
    CHECK(found == newest_first);
}

TEST_CASE("a spool whose disk stays broken stays sick, and says so") {
    failing_bench spool;
    failing_disk::failing_log_syncs = 1'000'000;
    CHECK(spool.send().error().kind == error_kind::outcome_unknown);
    const auto refused = spool.send();
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == error_kind::storage);
    CHECK(contains(refused.error().detail, "sick"));
    CHECK(spool->health_now().sick);
    spool.close();  // ends at once, without hanging on the disk
    failing_disk::heal();
    spool.open();
    CHECK(spool.list().empty());
}

TEST_CASE("a started mark that was not kept is as if it had never been asked for") {
    failing_bench spool;
    const mail_id id = spool.accept({"a@example.net"});
    failing_disk::failing_log_syncs = 1;
    CHECK(spool.start(id).error().kind == error_kind::outcome_unknown);
    REQUIRE(spool.wait_for_health(false));
    CHECK(spool.show(id)->status == spool::message_status::queued);
    REQUIRE(spool.waiting().size() == 1);
    CHECK(spool.start(id)->attempt == 1);
}

TEST_CASE("a verdict waits for the spool to be well, and is not lost") {
    failing_bench spool;
    const mail_id id = spool.accept({"a@example.net"});
    const mail_id other = spool.accept({"b@example.net"});
    REQUIRE(spool.start(id).ok());
    REQUIRE(spool.start(other).ok());
    failing_disk::failing_log_syncs = 1;
    const auto sent = change(0, recipient_state::sent, mail::verdict::accepted);
    SECTION("its own commit failed") {}
    SECTION("it came while the spool was sick") {
        CHECK(spool.send().error().kind == error_kind::outcome_unknown);
    }
    REQUIRE(spool.record(id, 1, {sent}).ok());
    CHECK(spool.wait_for_health(false));
    CHECK(spool.show(id)->status == spool::message_status::sent);
    // An attempt that still runs is left alone.
    CHECK(spool.show(other)->status == spool::message_status::sending);
    REQUIRE(spool.record(other, 1, {sent}).ok());
}

TEST_CASE("a full disk is a plain refusal: nothing kept, nothing lost, well by itself") {
    failing_bench spool;
    const mail_id good = spool.accept({"a@example.net"});
    failing_disk::full_writes = 1;
    const auto refused = spool.send(key);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == error_kind::storage);
    CHECK(refused.error().retry_after);
    CHECK_FALSE(spool->health_now().sick);
    const auto again = spool.send(key);
    REQUIRE(again.ok());
    CHECK_FALSE(again->replayed);
    spool.reopen();
    CHECK(spool.list() == std::vector<mail_id>{again->id, good});
}

TEST_CASE("a disk too full even for verdicts makes the spool sick until there is room") {
    failing_bench spool;
    const mail_id id = spool.accept({"a@example.net"});
    REQUIRE(spool.start(id).ok());
    failing_disk::full = true;
    awaited<success> recorded;
    spool->record({id, 1, {change(0, recipient_state::sent, mail::verdict::accepted)}, {}, "", {}},
                  recorded.callback());
    REQUIRE(spool.wait_for_health(true));
    failing_disk::full = false;
    CHECK(recorded.get().ok());
    CHECK(spool.show(id)->status == spool::message_status::sent);
}

TEST_CASE("a checkpoint whose sync fails loses nothing") {
    failing_bench spool;
    std::vector<mail_id> ids;
    failing_disk::failing_main_syncs = 1;
    for (int i = 0; i < 100 && failing_disk::failing_main_syncs > 0; ++i) {
        auto mail = make_message(spool.next_id(), {"a@example.net"}, std::string(250'000, 'x'));
        const auto answer = spool.try_accept(std::move(mail));
        if (answer) ids.push_back(answer->id);
    }
    CHECK(failing_disk::failing_main_syncs == 0);
    REQUIRE(spool.wait_for_health(false));
    std::reverse(ids.begin(), ids.end());
    spool::list_query all;
    all.limit = 200;
    CHECK(spool.list(all) == ids);
    spool.reopen();
    CHECK(spool.list(all) == ids);
    CHECK(spool.load(ids.front())->mail->parts[0].body.size() == 250'000);
}
