#include "spool/write_gatherer.hpp"

#include <sqlite3.h>

#include <cstring>
#include <map>
#include <memory>
#include <mutex>

namespace gatepost::spool {
namespace {

// SQLite's own VFS counts the bytes of one write in 17 bits.
constexpr size_t most_gathered = size_t{64} << 10;

struct gathered {
    sqlite3_int64 at = 0;
    std::string bytes;

    [[nodiscard]] sqlite3_int64 end() const {
        return at + static_cast<sqlite3_int64>(bytes.size());
    }
};

struct gathering_file {
    sqlite3_file base;
    sqlite3_file* real;
    gathered* pending;
};

gathering_file& own(sqlite3_file* file) {
    return *reinterpret_cast<gathering_file*>(file);
}
sqlite3_file* real_of(sqlite3_file* file) {
    return own(file).real;
}

int write_out(sqlite3_file* file) {
    auto& pending = *own(file).pending;
    if (pending.bytes.empty()) return SQLITE_OK;
    const int code = real_of(file)->pMethods->xWrite(
        real_of(file), pending.bytes.data(), static_cast<int>(pending.bytes.size()), pending.at);
    pending.bytes.clear();
    return code;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    auto& pending = *own(file).pending;
    const auto more = static_cast<size_t>(size);
    if (!pending.bytes.empty() &&
        (at != pending.end() || pending.bytes.size() + more > most_gathered)) {
        if (const int code = write_out(file); code != SQLITE_OK) return code;
    }
    if (more >= most_gathered)
        return real_of(file)->pMethods->xWrite(real_of(file), bytes, size, at);
    if (pending.bytes.empty()) pending.at = at;
    pending.bytes.append(static_cast<const char*>(bytes), more);
    return SQLITE_OK;
}

int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    const auto& pending = *own(file).pending;
    const bool apart = pending.bytes.empty() || at + size <= pending.at || at >= pending.end();
    if (!apart) {
        if (const int code = write_out(file); code != SQLITE_OK) return code;
    }
    return real_of(file)->pMethods->xRead(real_of(file), to, size, at);
}

int close(sqlite3_file* file) {
    const int written = write_out(file);
    const int closed = real_of(file)->pMethods->xClose(real_of(file));
    delete own(file).pending;
    return written == SQLITE_OK ? closed : written;
}

// Calls the method of the file below after what is pending was written.
template <auto Method, class... Arguments>
int after_writing(sqlite3_file* file, Arguments... arguments) {
    if (const int code = write_out(file); code != SQLITE_OK) return code;
    return (real_of(file)->pMethods->*Method)(real_of(file), arguments...);
}

template <auto Method, class... Arguments>
int pass_on(sqlite3_file* file, Arguments... arguments) {
    return (real_of(file)->pMethods->*Method)(real_of(file), arguments...);
}

// Version 1: no shared memory, no mapping; the exclusive mode needs neither.
const sqlite3_io_methods methods = [] {
    sqlite3_io_methods made{};
    using io = sqlite3_io_methods;
    made.iVersion = 1;
    made.xClose = close;
    made.xRead = read;
    made.xWrite = write;
    made.xTruncate = after_writing<&io::xTruncate, sqlite3_int64>;
    made.xSync = after_writing<&io::xSync, int>;
    made.xFileSize = after_writing<&io::xFileSize, sqlite3_int64*>;
    made.xLock = pass_on<&io::xLock, int>;
    made.xUnlock = after_writing<&io::xUnlock, int>;
    made.xCheckReservedLock = pass_on<&io::xCheckReservedLock, int*>;
    made.xFileControl = after_writing<&io::xFileControl, int, void*>;
    made.xSectorSize = pass_on<&io::xSectorSize>;
    made.xDeviceCharacteristics = pass_on<&io::xDeviceCharacteristics>;
    return made;
}();

struct gathering_over {
    sqlite3_vfs vfs;
    sqlite3_vfs* under;
    std::string name;
};

int open(sqlite3_vfs* self, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* under = reinterpret_cast<gathering_over*>(self)->under;
    auto& made = own(file);
    made.base.pMethods = nullptr;
    made.real = reinterpret_cast<sqlite3_file*>(&made + 1);
    const int code = under->xOpen(under, name, made.real, flags, out_flags);
    if (code != SQLITE_OK) {
        if (made.real->pMethods != nullptr) made.real->pMethods->xClose(made.real);
        return code;
    }
    made.pending = new gathered;
    made.base.pMethods = &methods;
    return SQLITE_OK;
}

}  // namespace

std::string gathering_vfs(const std::string& under) {
    static std::mutex mutex;
    static std::map<std::string, std::unique_ptr<gathering_over>> known;
    const std::lock_guard lock(mutex);
    auto& made = known[under];
    if (made) return made->name;
    sqlite3_vfs* below = sqlite3_vfs_find(under.empty() ? nullptr : under.c_str());
    if (below == nullptr) return {};
    made = std::make_unique<gathering_over>();
    made->name = "gatepost-gathering-" + std::string(below->zName);
    made->under = below;
    made->vfs = *below;
    made->vfs.zName = made->name.c_str();
    made->vfs.pNext = nullptr;
    made->vfs.szOsFile = below->szOsFile + static_cast<int>(sizeof(gathering_file));
    made->vfs.xOpen = open;
    sqlite3_vfs_register(&made->vfs, 0);
    return made->name;
}

}  // namespace gatepost::spool
