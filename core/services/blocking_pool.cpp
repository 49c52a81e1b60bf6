// One lock and one condition for all: what is posted here waits for a disk anyway. A thread that
// leaves cannot join itself; it moves its handle to `ended_`, where the next caller joins it.
#include "services/blocking_pool.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

#include "base/log.hpp"

namespace gatepost::services {
namespace {

constexpr auto idle_time = std::chrono::seconds(20);

void do_safely(const std::function<void()>& work) {
    try {
        work();
    } catch (const std::exception& failure) {
        log::error("services.work", "work on a disk ended with an exception",
                   {{"what", failure.what()}});
    }
}

// What is done here may wait: nobody's 202 does. Up to sixteen threads that a disk wakes together
// would otherwise keep the loops and the writer from their processors for milliseconds. Linux takes
// the priority of a thread, and lets everybody lower it.
void stand_back() {
    const auto self = static_cast<id_t>(::gettid());
    ::setpriority(PRIO_PROCESS, self, ::getpriority(PRIO_PROCESS, self) + 10);
}

}  // namespace

blocking_pool::blocking_pool(size_t most_threads) : most_(std::max<size_t>(most_threads, 1)) {}

blocking_pool::~blocking_pool() {
    stop();
}

bool blocking_pool::post(std::function<void()> work) {
    thread_list ended;
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) return false;
        work_.push_back(std::move(work));
        if (waiting_ < work_.size() && threads_.size() < most_) start_thread();
        if (threads_.empty()) {
            work_.pop_back();
            return false;
        }
        ended.swap(ended_);
    }
    changed_.notify_one();
    for (std::thread& each : ended)
        each.join();
    return true;
}

// The lock is held, so the new thread does not look at its list entry before it is complete.
void blocking_pool::start_thread() {
    threads_.emplace_back();
    try {
        threads_.back() = std::thread([this, self = std::prev(threads_.end())] { run(self); });
    } catch (const std::system_error&) {
        threads_.pop_back();  // the others will do it, later
    }
}

// Gives false if the thread shall leave.
bool blocking_pool::wait_for_work(std::unique_lock<std::mutex>& lock) {
    ++waiting_;
    const bool woken =
        changed_.wait_for(lock, idle_time, [this] { return stopped_ || !work_.empty(); });
    --waiting_;
    return woken && !work_.empty();
}

void blocking_pool::run(thread_list::iterator self) {
    ::pthread_setname_np(::pthread_self(), "blocking");
    stand_back();
    std::unique_lock lock(mutex_);
    while (wait_for_work(lock)) {
        std::function<void()> work = std::move(work_.front());
        work_.pop_front();
        lock.unlock();
        do_safely(work);
        work = nullptr;  // what it holds goes before the lock is taken
        lock.lock();
    }
    ended_.splice(ended_.end(), threads_, self);
    changed_.notify_all();
}

void blocking_pool::stop() {
    thread_list ended;
    {
        std::unique_lock lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return threads_.empty(); });
        ended.swap(ended_);
    }
    for (std::thread& each : ended)
        each.join();
}

}  // namespace gatepost::services
