// Leader and followers: an entry in `running_` means that somebody is syncing that folder now and
// will look again before leaving, so that nobody who adds himself under the lock is forgotten.
#include "services/folder_sync.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace gatepost::services {

void folder_sync::sync(unique_fd folder, waiter done) {
    struct stat facts{};
    if (::fstat(folder.get(), &facts) != 0) return done(errno);
    const key which{facts.st_dev, facts.st_ino};
    {
        const std::lock_guard lock(mutex_);
        const auto [entry, first] = running_.try_emplace(which);
        if (entry->second.waiting.empty()) entry->second.folder = std::move(folder);
        entry->second.waiting.push_back(std::move(done));
        if (!first) return;
    }
    lead(which);
}

void folder_sync::lead(const key& which) {
    for (;;) {
        queue batch;
        {
            const std::lock_guard lock(mutex_);
            const auto entry = running_.find(which);
            if (entry->second.waiting.empty()) {
                running_.erase(entry);
                return;
            }
            std::swap(batch, entry->second);
        }
        const int error_number = ::fsync(batch.folder.get()) == 0 ? 0 : errno;
        count_.fetch_add(1, std::memory_order_relaxed);
        for (const waiter& each : batch.waiting)
            each(error_number);
    }
}

}  // namespace gatepost::services
