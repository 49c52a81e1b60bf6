#include "failing_disk.hpp"

#include <sqlite3.h>

#include <mutex>
#include <new>

namespace gatepost::tests {
namespace {

struct wrapped_file {
    sqlite3_file base;
    sqlite3_file* real;
    bool log;
};

sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs own_vfs;
sqlite3_io_methods methods;

sqlite3_file* real_of(sqlite3_file* file) {
    return reinterpret_cast<wrapped_file*>(file)->real;
}

bool take_one(std::atomic<int>& count) {
    int left = count.load();
    while (left > 0 && !count.compare_exchange_weak(left, left - 1)) {
    }
    return left > 0;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    if (failing_disk::full || take_one(failing_disk::full_writes)) return SQLITE_FULL;
    return real_of(file)->pMethods->xWrite(real_of(file), bytes, size, at);
}

int sync(sqlite3_file* file, int flags) {
    const bool log = reinterpret_cast<wrapped_file*>(file)->log;
    if (take_one(log ? failing_disk::failing_log_syncs : failing_disk::failing_main_syncs))
        return SQLITE_IOERR_FSYNC;
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

void set_methods() {
    methods.iVersion = 1;
    methods.xClose = [](sqlite3_file* f) { return real_of(f)->pMethods->xClose(real_of(f)); };
    methods.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
        return real_of(f)->pMethods->xRead(real_of(f), to, size, at);
    };
    methods.xWrite = write;
    methods.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
        return real_of(f)->pMethods->xTruncate(real_of(f), size);
    };
    methods.xSync = sync;
    methods.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
        return real_of(f)->pMethods->xFileSize(real_of(f), size);
    };
    methods.xLock = [](sqlite3_file* f, int how) {
        return real_of(f)->pMethods->xLock(real_of(f), how);
    };
    methods.xUnlock = [](sqlite3_file* f, int how) {
        return real_of(f)->pMethods->xUnlock(real_of(f), how);
    };
    methods.xCheckReservedLock = [](sqlite3_file* f, int* out) {
        return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
    };
    methods.xFileControl = [](sqlite3_file* f, int what, void* argument) {
        return real_of(f)->pMethods->xFileControl(real_of(f), what, argument);
    };
    methods.xSectorSize = [](sqlite3_file* f) {
        return real_of(f)->pMethods->xSectorSize(real_of(f));
    };
    methods.xDeviceCharacteristics = [](sqlite3_file* f) {
        return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
    };
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* wrapped = reinterpret_cast<wrapped_file*>(file);
    wrapped->base.pMethods = nullptr;
    wrapped->log = (flags & SQLITE_OPEN_WAL) != 0;
    wrapped->real = reinterpret_cast<sqlite3_file*>(wrapped + 1);
    const int code = real_vfs->xOpen(real_vfs, name, wrapped->real, flags, out_flags);
    if (code == SQLITE_OK) wrapped->base.pMethods = &methods;
    return code;
}

}  // namespace

void failing_disk::install() {
    static std::once_flag once;
    std::call_once(once, [] {
        sqlite3_initialize();
        real_vfs = sqlite3_vfs_find(nullptr);
        own_vfs = *real_vfs;
        own_vfs.zName = name;
        own_vfs.pNext = nullptr;
        own_vfs.szOsFile = real_vfs->szOsFile + static_cast<int>(sizeof(wrapped_file));
        own_vfs.xOpen = open;
        set_methods();
        sqlite3_vfs_register(&own_vfs, 0);
    });
}

}  // namespace gatepost::tests
