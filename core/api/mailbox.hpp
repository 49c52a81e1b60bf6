// What other threads want done on the api thread, gathered: the spool answers hundreds of sends
// after one commit, and they shall cost one wake-up, not hundreds.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

namespace gatepost::api {

class mailbox {
  public:
    // True if the loop must be woken: nothing waited before.
    bool put(std::function<void()> work) {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(work));
        return waiting_.size() == 1;
    }

    // On the loop's thread. What is put meanwhile comes with the next wake-up.
    void run() {
        {
            const std::lock_guard lock(mutex_);
            running_.swap(waiting_);
        }
        for (auto& work : running_)
            work();
        running_.clear();
    }

  private:
    std::mutex mutex_;
    std::vector<std::function<void()>> waiting_;
    std::vector<std::function<void()>> running_;  // loop only; keeps its room
};

}  // namespace gatepost::api
