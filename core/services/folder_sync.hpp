// One fsync of a folder for all who wait for it.
//
// A rename is safe once a sync of its folder that began after it has ended. Under load many files
// go to one folder, and a sync costs the same for one as for a hundred: so whoever comes while one
// is running waits for the next, and that next one serves everybody who came meanwhile. The first
// to come does the work on its own thread; nobody is delayed to make a group larger.
//
// A failed sync fails everybody who waited for it: none of them knows whether its name survives.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/file.hpp"

namespace gatepost::services {

class folder_sync {
  public:
    // errno of the sync, 0 if it is on disk.
    using waiter = std::function<void(int error_number)>;

    // Blocking thread. `folder` must be open for reading; `done` runs on this thread or on the one
    // that leads, before that one's call returns.
    void sync(unique_fd folder, waiter done);
    uint64_t count() const { return count_.load(std::memory_order_relaxed); }

  private:
    using key = std::pair<dev_t, ino_t>;
    struct queue {
        unique_fd folder;  // the first waiter's: it sees every error since that one came
        std::vector<waiter> waiting;
    };
    void lead(const key& which);

    std::mutex mutex_;
    std::map<key, queue> running_;  // one entry for every folder that has a leader
    std::atomic<uint64_t> count_{0};
};

}  // namespace gatepost::services
