// Threads for what waits on a disk. They start when there is more to do than threads that wait for
// work, up to a cap, and leave after a while without any, so that an idle daemon holds none.
//
// fdatasync of many small files wants many threads, not few: each sleeps in the kernel, and the
// file system serves them together.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace gatepost::services {

class blocking_pool {
  public:
    explicit blocking_pool(size_t most_threads);
    ~blocking_pool();

    // False after stop, or if no thread can be had; the work is not done then. Work must not throw.
    bool post(std::function<void()> work);
    // Does all that was taken, then ends the threads.
    void stop();

  private:
    using thread_list = std::list<std::thread>;
    void run(thread_list::iterator self);
    bool wait_for_work(std::unique_lock<std::mutex>& lock);
    void start_thread();

    const size_t most_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> work_;
    thread_list threads_, ended_;
    size_t waiting_ = 0;
    bool stopped_ = false;
};

}  // namespace gatepost::services
