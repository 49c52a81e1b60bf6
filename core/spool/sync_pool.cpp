#include "spool/sync_pool.hpp"

#include <pthread.h>

#include <utility>

namespace gatepost::spool {

bool sync_pool::post(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        if (!std::exchange(started_, true)) {
            for (auto& each : threads_)
                each = std::thread([this] { run(); });
        }
        tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
    return true;
}

void sync_pool::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& each : threads_) {
        if (each.joinable()) each.join();
    }
}

void sync_pool::run() {
    ::pthread_setname_np(::pthread_self(), "spool-sync");
    for (;;) {
        std::function<void()> task;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
            if (tasks_.empty()) return;
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task();
    }
}

}  // namespace gatepost::spool
