// Two threads that wait for disks, so that neither the API loop nor the writer does. Started at the
// first task; tasks run in the order they came, so a task may wait for an earlier one.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace gatepost::spool {

class sync_pool {
  public:
    sync_pool() = default;
    ~sync_pool() { stop(); }
    sync_pool(const sync_pool&) = delete;
    sync_pool& operator=(const sync_pool&) = delete;

    // False after stop: the task will not run.
    bool post(std::function<void()> task);
    // Runs what was posted, then ends the threads.
    void stop();

  private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
    std::array<std::thread, 2> threads_;
    bool started_ = false;
    bool stopping_ = false;
};

}  // namespace gatepost::spool
