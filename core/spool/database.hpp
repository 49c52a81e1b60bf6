// SQLite, as little of it as the spool needs: one connection, prepared statements, and one rule for
// errors: the first failure of a call sticks (`failed`), everything after it does nothing, and the
// writer looks once before it commits. sqlite3.h is seen only in database.cpp, statement.cpp and
// write_gatherer.cpp.
//
// The connection runs in WAL mode with synchronous=FULL: a commit returns after fdatasync of the
// log. locking_mode=EXCLUSIVE is set before the first read, so there is no shared-memory file. The
// log is reused in place, never truncated, so that a commit's fdatasync writes no metadata.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace gatepost::spool {

// Measured with messages of 4 KiB: 8 KiB pages hold one each and are half empty, 16 KiB are written
// again by every small commit; here a message takes an overflow page and a piece of a leaf.
inline constexpr uint32_t page_bytes = 4096;
inline constexpr int32_t application_id = 0x47617465;  // "Gate"
inline constexpr int32_t schema_version = 1;

class database;

// Bound by position from 1; blobs and texts are borrowed until `step` or `run` gave back.
class statement {
  public:
    statement(database& db, const char* sql);
    ~statement();
    statement(const statement&) = delete;
    statement& operator=(const statement&) = delete;

    statement& bind(int at, uint64_t value);
    statement& bind(int at, std::string_view blob);
    // True: a row is there. False: the end, or an error (see database::failed).
    bool step();
    // For statements without rows: steps once and resets.
    void run();
    void reset();
    uint64_t number(int column) const;
    // Valid until the next step or reset.
    std::string_view blob(int column) const;

  private:
    database& db_;
    sqlite3_stmt* statement_ = nullptr;
};

class database {
  public:
    // Makes the file (0600) and its tables if there is none. `config` for what is not ours: another
    // application's file, a newer version (nothing was changed then), a link, another owner.
    static result<std::unique_ptr<database>> open(const std::filesystem::path& file,
                                                  const std::string& vfs);
    ~database();
    database(const database&) = delete;
    database& operator=(const database&) = delete;

    void begin();
    void commit();
    void rollback();  // clears what stuck, if SQLite could undo everything
    void execute(const char* sql);

    struct failure {
        int code = 0;  // 0: none
        std::string text;
        bool full = false;  // no space: SQLite undid the transaction, nothing was kept
    };
    [[nodiscard]] bool failed() const { return failure_.code != 0; }
    [[nodiscard]] const failure& what_failed() const { return failure_; }
    [[nodiscard]] bool writes_pending() const;  // a write transaction is open

    // Frames in the log after the last commit: what a cut may keep (wal.hpp).
    [[nodiscard]] uint32_t log_frames() const { return frames_; }
    struct checkpoint_result {
        bool ok = false;
        bool complete = false;  // every frame is in the main file
        failure why;
    };
    // Copies the log into the main file. A failure does not stick.
    checkpoint_result checkpoint();
    uint64_t free_pages();
    void release_memory();              // of the page cache; for when there is nothing to do
    [[nodiscard]] int changes() const;  // rows the last statement wrote

  private:
    friend class statement;
    explicit database(sqlite3* handle) : handle_(handle) {}
    void note(int code);
    static int on_commit_frames(void* self, sqlite3*, const char*, int frames);
    status prepare_file_settings();
    status check_version();

    sqlite3* handle_;
    failure failure_;
    uint32_t frames_ = 0;
    std::unique_ptr<statement> begin_, commit_, rollback_;
};

}  // namespace gatepost::spool
