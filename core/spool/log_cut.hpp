// How a commit that failed is undone for certain.
//
// When the sync of a commit fails, its frames may or may not be in SQLite's log on disk, and the
// kernel may have dropped pages it could not write (it says so once only). So the log is never
// synced again: what was committed before is copied to a new file, synced there, and renamed over
// the old log. The failed batch is then gone, and what was acknowledged stands on a sync that
// succeeded.
//
// Until that is done, a crash would bring the frames back. So before a caller of the batch is
// answered, a small file (`refused`) says how much of the log is good; the next start cuts too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/mail_id.hpp"
#include "base/result.hpp"

namespace gatepost::spool {

// A place in the log: the generation (SQLite's two salts) and the frames in it that are committed.
// No frames: everything committed is in the main file, so nothing of any log is needed. No salt:
// it could not be read; the log is taken to be of the right generation.
struct log_mark {
    std::optional<uint64_t> salt;
    uint32_t frames = 0;
};

// Of the log as it is now; nothing if there is no log or no whole header.
std::optional<uint64_t> read_log_salt(const std::filesystem::path& log);

// Cuts the log behind the mark. A log of another generation than the mark's is emptied: SQLite
// begins a new one only after the old one is wholly in the main file.
status cut_log(const std::filesystem::path& log, const log_mark& good);

status write_refusal(const std::filesystem::path& folder, const log_mark& good,
                     const std::vector<mail_id>& refused);
status remove_refusal(const std::filesystem::path& folder);
// At start, before SQLite opens the log: cuts if a refusal is there. Gives how many batches were
// cut (0 or 1). The refusal stays until remove_refusal.
result<uint64_t> obey_refusal(const std::filesystem::path& folder,
                              const std::filesystem::path& log);

}  // namespace gatepost::spool
