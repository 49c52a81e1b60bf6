// The database together with the means to come back after a failed commit: it knows which part of
// the log is acknowledged, notes a refused batch before its callers are answered, and can close,
// cut, reopen and probe. The writer thread only (open: the opener's).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "spool/database.hpp"
#include "spool/log_cut.hpp"
#include "spool/store.hpp"

namespace gatepost::spool {

class disk {
  public:
    struct place {
        std::filesystem::path folder;
        std::filesystem::path contents;
        std::string vfs;
    };
    static result<std::unique_ptr<disk>> open(place where);

    database& db() { return *db_; }
    store& rows() { return *rows_; }
    [[nodiscard]] uint64_t refused_batches() const { return refused_; }  // cut at open

    // False: look at db().what_failed().
    bool commit();
    // Bytes by which the main file may grow at the next checkpoint, at most.
    [[nodiscard]] uint64_t unmoved_bytes() const;
    // When the log is long enough, or at once. What failed, other than for want of space, is given.
    std::optional<std::string> checkpoint(bool now);

    // Before the callers of a failed commit are answered; a failure is only logged.
    void note_refused(const std::vector<mail_id>& ids);
    // Close, cut, open, write a probe, forget the note. On failure the database stays closed (rows
    // and db must not be used) until a later call succeeds.
    status reopen();
    // The last checkpoint and the end; the database must be healthy.
    void close();

  private:
    explicit disk(place where) : where_(std::move(where)) {}
    [[nodiscard]] std::filesystem::path file() const { return where_.folder / "spool.db"; }
    [[nodiscard]] std::filesystem::path log() const { return where_.folder / "spool.db-wal"; }
    status open_database();

    place where_;
    std::unique_ptr<database> db_;
    std::unique_ptr<store> rows_;
    log_mark good_;
    uint64_t refused_ = 0;
    uint32_t next_checkpoint_ = 0;  // frames
};

}  // namespace gatepost::spool
