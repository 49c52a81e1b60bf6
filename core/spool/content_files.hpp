// Contents that are too large for a row: a file each, in the folder `contents` beside the database.
//
// A file gets its final name at once (random, O_EXCL): what makes it part of a message is the row
// that names it, and that row is queued for commit only after the file and its folder were synced,
// on the sync threads. A file that no row names is an orphan: removed when its writer is dropped
// unfinished, when the last copy of its content goes and no accept took it, by the sweep when
// nobody accepted it within four times the time a request may take, and at start.
//
// Failures: `storage` when the disk is full (the reserve of folder.hpp is respected) or a sync
// failed. A failed sync is never tried again on the same file.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.hpp"
#include "mail/content.hpp"
#include "mail/message.hpp"
#include "spool/record.hpp"

namespace gatepost::spool {

// Where the contents of a message ended up, all of it on disk.
struct placed_contents {
    std::vector<content_place> places;
    std::vector<std::string> files;  // that the message takes; each once
};

class content_files {
  public:
    // Makes the folder if it is missing.
    static result<std::unique_ptr<content_files>> open(std::filesystem::path folder);
    ~content_files();

    [[nodiscard]] const std::filesystem::path& folder() const;
    mail::content_factory factory();

    // True if `place` has to be called; else every content stays inline.
    static bool needs_files(const mail::message& mail);
    // Any thread; `done` on a sync thread, after every sync. Contents in memory beyond
    // limits::inline_content_bytes in all go to a file too; files of strangers are copied. `busy`
    // after stop.
    void place(std::shared_ptr<const mail::message> mail,
               std::function<void(result<placed_contents>)> done);

    // The row was committed: the files are its own now.
    void keep(const std::vector<std::string>& files);
    // The row was refused: its caller may come again with the same contents. `certain`: no row can
    // name them, so they may go with their last owner; else they are left to the sweep.
    void release(const std::vector<std::string>& files, bool certain);
    void remove(const std::vector<std::string>& files);
    // Removes what nobody took in time.
    void sweep();
    // At start, before the first job: removes every file not in `named`; gives how many.
    uint64_t remove_orphans(const std::unordered_set<std::string>& named);
    // Runs what was posted, then no more.
    void stop();

  private:
    class shared;
    explicit content_files(std::shared_ptr<shared> state);
    std::shared_ptr<shared> shared_;
};

}  // namespace gatepost::spool
