// The log's length is a compromise: each checkpoint moves a page once however often it was written,
// and ends in a sync of the main file, during which no commit runs.
#include "spool/disk.hpp"

#include "base/log.hpp"

namespace gatepost::spool {
namespace {
constexpr uint32_t checkpoint_frames = 4000;  // 16 MiB
}

result<std::unique_ptr<disk>> disk::open(place where) {
    std::unique_ptr<disk> made(new disk(std::move(where)));
    auto cut = obey_refusal(made->where_.folder, made->log());
    if (!cut) return cut.error();
    made->refused_ = *cut;
    if (auto opened = made->open_database(); !opened) return opened.error();
    if (*cut > 0) {
        if (auto gone = remove_refusal(made->where_.folder); !gone) return gone.error();
    }
    return made;
}

status disk::open_database() {
    auto opened = database::open(file(), where_.vfs);
    if (!opened) return opened.error();
    db_ = *std::move(opened);
    rows_ = std::make_unique<store>(*db_, where_.contents);
    good_ = {};  // opening ended with a checkpoint
    next_checkpoint_ = checkpoint_frames;
    if (db_->failed()) return error{error_kind::io, db_->what_failed().text};
    return success{};
}

bool disk::commit() {
    const uint32_t before = db_->log_frames();
    const bool writes = db_->writes_pending();
    db_->commit();
    if (db_->failed()) return false;
    if (!writes) return true;
    const uint32_t frames = db_->log_frames();
    if (!good_.salt || frames <= before) good_.salt = read_log_salt(log());
    good_.frames = frames;
    return true;
}

uint64_t disk::unmoved_bytes() const {
    return uint64_t{db_->log_frames()} * page_bytes;
}

std::optional<std::string> disk::checkpoint(bool now) {
    if (db_->log_frames() == 0 || (!now && db_->log_frames() < next_checkpoint_))
        return std::nullopt;
    const auto done = db_->checkpoint();
    if (done.complete) {
        good_ = {};
        next_checkpoint_ = checkpoint_frames;
        return std::nullopt;
    }
    next_checkpoint_ = db_->log_frames() + checkpoint_frames / 4;
    if (done.ok || done.why.full) return std::nullopt;
    return "the log could not be moved into the main file: " + done.why.text;
}

void disk::note_refused(const std::vector<mail_id>& ids) {
    if (auto noted = write_refusal(where_.folder, good_, ids); !noted) {
        log::warn("spool.refusal",
                  "a failed commit could not be noted; a crash now may bring it back",
                  {{"reason", noted.error().detail}});
    }
}

status disk::reopen() {
    rows_.reset();
    db_.reset();
    // Again and again with the same mark, until all of it has succeeded once.
    if (auto cut = cut_log(log(), good_); !cut) return cut;
    const log_mark mark = good_;
    status opened = open_database();
    if (opened) {
        // The checkpoint of opening moved all that is good; a cut at the old mark does no harm to
        // it.
        db_->begin();
        rows_->probe();
        if (!commit()) opened = error{error_kind::io, db_->what_failed().text};
    }
    if (opened) opened = remove_refusal(where_.folder);
    if (opened) return success{};
    rows_.reset();
    db_.reset();
    good_ = mark;
    return opened;
}

void disk::close() {
    if (!db_) return;
    db_->checkpoint();
    rows_.reset();
    db_.reset();
}

}  // namespace gatepost::spool
