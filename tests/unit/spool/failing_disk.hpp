// An SQLite VFS that does what the real one does until it is told to fail: the next syncs of the
// log or of the main file give EIO (the written bytes stay, as with a real disk they may), or
// writes find the disk full.
#pragma once

#include <atomic>

namespace gatepost::tests {

struct failing_disk {
    static constexpr const char* name = "failing-disk";
    static void install();  // once; later calls do nothing

    static inline std::atomic<int> failing_log_syncs = 0;  // how many of the next
    static inline std::atomic<int> failing_main_syncs = 0;
    static inline std::atomic<bool> full = false;
    static inline std::atomic<int> full_writes = 0;  // how many of the next writes find it full
    static void heal() {
        failing_log_syncs = failing_main_syncs = full_writes = 0;
        full = false;
    }
};

}  // namespace gatepost::tests
