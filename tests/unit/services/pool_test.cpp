// The threads behind the services, and the one sync for all who wait.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <future>
#include <thread>

#include "base/file.hpp"
#include "services/blocking_pool.hpp"
#include "services/folder_sync.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::services;
using namespace gatepost::tests;

TEST_CASE("a pool runs side by side as much as it may, and no more") {
    blocking_pool pool(3);
    std::atomic<int> running{0}, most{0}, finished{0};
    std::promise<void> gate;
    const std::shared_future<void> open = gate.get_future().share();
    for (int i = 0; i < 30; ++i) {
        REQUIRE(pool.post([&, open] {
            int seen = most.load();
            const int now = ++running;
            while (now > seen && !most.compare_exchange_weak(seen, now)) {
            }
            open.wait();
            --running;
            ++finished;
        }));
    }
    while (running.load() < 3)
        std::this_thread::yield();
    gate.set_value();
    pool.stop();
    CHECK(finished.load() == 30);
    CHECK(most.load() == 3);
}

TEST_CASE("a pool's threads leave the processors to whom a 202 waits for") {
    const auto niceness = [] { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); };
    const int ours = niceness();
    int theirs = 0;
    blocking_pool pool(1);
    REQUIRE(pool.post([&] { theirs = niceness(); }));
    pool.stop();
    CHECK(theirs == std::min(ours + 10, 19));
    CHECK(niceness() == ours);
}

TEST_CASE("a stopped pool has done what it took, and takes no more") {
    blocking_pool pool(1);
    std::atomic<int> finished{0};
    for (int i = 0; i < 100; ++i)
        REQUIRE(pool.post([&] { ++finished; }));
    pool.stop();
    CHECK(finished.load() == 100);
    CHECK_FALSE(pool.post([&] { ++finished; }));
    pool.stop();
    CHECK(finished.load() == 100);
}

TEST_CASE("work that throws harms no other work") {
    blocking_pool pool(1);
    std::atomic<bool> after{false};
    pool.post([] { throw std::runtime_error("a test's own failure"); });
    pool.post([&] { after = true; });
    pool.stop();
    CHECK(after.load());
}

TEST_CASE("all who come while a folder is being synced share the next sync") {
    const temp_folder folder;
    const auto open = [&] { return std::move(*open_file(folder.path(), O_RDONLY | O_DIRECTORY)); };
    folder_sync sync;
    std::promise<void> leading, others_are_waiting;
    std::thread leader([&] {
        sync.sync(open(), [&](int number) {
            CHECK(number == 0);
            leading.set_value();
            others_are_waiting.get_future().wait();
        });
    });
    leading.get_future().wait();
    std::atomic<int> served{0};
    for (int i = 0; i < 10; ++i)
        sync.sync(open(), [&](int number) { served += number == 0 ? 1 : 100; });
    CHECK(served.load() == 0);
    others_are_waiting.set_value();
    leader.join();
    CHECK(served.load() == 10);
    CHECK(sync.count() == 2);
}

TEST_CASE("a sync that fails fails everybody who waited for it, and only them") {
    const temp_folder folder;
    folder_sync sync;
    int failed = 0, worked = -1;
    // A descriptor that only names the folder cannot be synced.
    sync.sync(unique_fd(::open(folder.path().c_str(), O_PATH | O_DIRECTORY)),
              [&](int number) { failed = number; });
    sync.sync(std::move(*open_file(folder.path(), O_RDONLY | O_DIRECTORY)),
              [&](int number) { worked = number; });
    CHECK(failed == EBADF);
    CHECK(worked == 0);
}

TEST_CASE("folders do not wait for each other") {
    const temp_folder one, other;
    folder_sync sync;
    bool nested = false;
    sync.sync(std::move(*open_file(one.path(), O_RDONLY | O_DIRECTORY)), [&](int) {
        sync.sync(std::move(*open_file(other.path(), O_RDONLY | O_DIRECTORY)),
                  [&](int number) { nested = number == 0; });
        CHECK(nested);
    });
    CHECK(nested);
}
