// Queue, batches, commit. Sickness stands in writer_sick.cpp.
#include "spool/writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "spool/folder.hpp"

namespace gatepost::spool {
namespace {

// A batch of large messages is cut here, so that one commit does not hold the others up.
constexpr size_t batch_bytes = size_t{4} << 20;
constexpr auto idle_time = std::chrono::seconds{1};

error full_error() {
    return {error_kind::storage, "the spool's disk is full", {}, std::chrono::seconds{5}};
}

}  // namespace

writer::writer(options how, std::unique_ptr<disk> opened, content_files& files)
    : how_(std::move(how)),
      disk_(std::move(opened)),
      files_(files),
      has_room_([this](uint64_t bytes) { return has_room(bytes); }) {}

result<uint64_t> writer::recover_at_start() {
    auto lost = recover(*disk_, {index_, lookups_}, how_, how_.clock->wall_now(), running_);
    waiting_ = index_.size();
    return lost;
}

void writer::run() {
    thread_ = std::thread([this] { loop(); });
}

std::optional<error> writer::refusal(job::kind what) const {
    const std::lock_guard lock(mutex_);
    if (closing_)
        return error{error_kind::busy, "the spool is closing", {}, std::chrono::seconds{1}};
    if (what == job::kind::record) return std::nullopt;
    if (health_.sick) return sick_error();
    if (queue_.size() >= limits::spool_backlog) {
        return error{error_kind::busy,
                     "more waits for the disk than may wait, try again",
                     {},
                     std::chrono::seconds{1}};
    }
    return std::nullopt;
}

void writer::submit(std::unique_ptr<job> what) {
    if (auto no = refusal(what->what())) {
        what->fail(*no);
        return;
    }
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (!closed_) {
            queue_.push_back(std::move(what));
            wake = std::exchange(asleep_, false);
        }
    }
    if (what) {
        what->fail({error_kind::busy, "the spool is closed"});
    } else if (wake) {
        changed_.notify_one();
    }
}

health writer::health_now() const {
    const std::lock_guard lock(mutex_);
    health now = health_;
    now.waiting = waiting_.load(std::memory_order_relaxed);
    return now;
}

void writer::close() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        asleep_ = false;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

// Waits for jobs; false at the end. While sick only the queue's end or a second's end counts.
bool writer::take(batch& jobs) {
    std::unique_lock lock(mutex_);
    const bool sick = health_.sick;
    if (sick) {
        changed_.wait_for(lock, std::chrono::seconds{1}, [this] { return closing_; });
    } else if (queue_.empty() && !closing_) {
        asleep_ = true;
        const auto awake = [this] { return !asleep_ || closing_; };
        if (rested_) {
            changed_.wait(lock, awake);
        } else {
            changed_.wait_for(lock, idle_time, awake);
        }
    }
    asleep_ = false;
    if (std::exchange(given_anew_, false)) tell_ = given_;
    if (closing_ && (queue_.empty() || sick)) {
        closed_ = true;
        return false;
    }
    if (sick) return true;
    size_t bytes = 0;
    while (!queue_.empty() && jobs.size() < limits::commit_batch && bytes < batch_bytes) {
        bytes += queue_.front()->weight();
        jobs.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    return true;
}

void writer::loop() {
    ::pthread_setname_np(::pthread_self(), "spool");
    for (;;) {
        batch jobs;
        if (!take(jobs)) break;
        if (jobs.empty()) {
            health_.sick ? try_to_recover() : rest();
            continue;
        }
        rested_ = false;
        carry_out(std::move(jobs));
        if (health_.sick) continue;
        const bool now = std::exchange(tight_, false) && disk_->unmoved_bytes() > batch_bytes / 4;
        if (const auto trouble = disk_->checkpoint(now)) fall_sick(*trouble);
    }
    for (auto& left : queue_)
        left->fail(sick_error());
    queue_.clear();
    if (!health_.sick) disk_->close();
}

// Once after each burst: the next start finds nothing to move, and an idle daemon is small.
void writer::rest() {
    if (std::exchange(rested_, true)) return;
    if (const auto trouble = disk_->checkpoint(true)) return fall_sick(*trouble);
    disk_->db().release_memory();
}

void writer::carry_out(batch jobs) {
    std::vector<bool> finished(jobs.size());
    outcome out = try_batch(jobs, finished, false);
    if (out == outcome::full) {
        refuse_accepts(jobs);
        finished.assign(jobs.size(), false);
        if (jobs.empty()) return;
        out = try_batch(jobs, finished, true);
    }
    switch (out) {
        case outcome::committed: return settle(jobs, finished);
        case outcome::full:
            fall_sick("the disk is full, and the reserve is used up");
            return refuse(jobs, full_error(), full_error());
        case outcome::refused: {
            fall_sick(disk_->db().what_failed().text);
            return refuse(jobs, sick_error(), sick_error());
        }
        case outcome::unknown: {
            disk_->note_refused(effects_.accepted);
            fall_sick(disk_->db().what_failed().text);
            const error unknown{error_kind::outcome_unknown,
                                "the disk failed in the middle of the commit, so it is not known "
                                "whether this was kept: send again with the same Idempotency-Key",
                                {},
                                std::chrono::seconds{2}};
            return refuse(jobs, unknown, sick_error());
        }
    }
}

writer::outcome writer::try_batch(batch& jobs, std::vector<bool>& finished, bool again) {
    effects_ = {};
    room_known_ = false;  // others write to that disk, too
    auto& db = disk_->db();
    db.begin();
    work on{disk_->rows(), index_, lookups_, how_.clock->wall_now(), effects_, has_room_, again};
    for (size_t i = 0; i < jobs.size() && !db.failed(); ++i)
        finished[i] = jobs[i]->run(on);
    const bool before = db.failed();
    if (!before && disk_->commit()) return outcome::committed;
    const bool full = db.what_failed().full;
    db.rollback();
    if (full && !db.failed()) return outcome::full;
    return before || full ? outcome::refused : outcome::unknown;
}

void writer::settle(batch& jobs, const std::vector<bool>& finished) {
    batch more;
    for (const auto& [id, attempt] : effects_.started)
        running_.emplace(id, attempt);
    for (const auto& each : effects_.ended) {
        const auto [begin, end] = running_.equal_range(each.first);
        const auto at = std::find_if(
            begin, end, [&](const auto& known) { return known.second == each.second; });
        if (at != end) running_.erase(at);
    }
    for (size_t i = 0; i < jobs.size(); ++i) {
        if (finished[i]) {
            jobs[i]->settle();
        } else {
            more.push_back(std::move(jobs[i]));
        }
    }
    apply_effects();
    if (!more.empty()) requeue(std::move(more));
}

void writer::apply_effects() {
    for (const auto& move : effects_.moves) {
        if (move.from) index_.remove(move.id, *move.from);
        if (move.to) index_.add(move.id, *move.to);
    }
    for (const auto& move : effects_.lookup_moves) {
        if (move.from) lookups_.remove(move.id, *move.from);
        if (move.to) lookups_.add(move.id, *move.to);
    }
    waiting_.store(index_.size(), std::memory_order_relaxed);
    if (!effects_.files_kept.empty()) files_.keep(effects_.files_kept);
    if (!effects_.files_unused.empty()) files_.remove(effects_.files_unused);
    if (tell_.event) {
        for (const auto& each : effects_.events)
            tell_.event(each);
    }
    if (tell_.due) {
        for (auto& each : effects_.due)
            tell_.due(std::move(each));
    }
    effects_ = {};
}

void writer::requeue(batch jobs) {
    const std::lock_guard lock(mutex_);
    for (auto& each : jobs)
        queue_.push_back(std::move(each));
}

void writer::refuse_accepts(batch& jobs) {
    for (auto& each : jobs) {
        if (each->what() != job::kind::accept) continue;
        each->fail(full_error());
        each.reset();
    }
    std::erase(jobs, nullptr);
}

// The reserve of folder.hpp, the pages that a checkpoint will add, and what was accepted since the
// last look are not free. Every batch looks anew: it costs less than a commit, and a look that was
// a tenth of a second old let a disk that somebody else filled run full to the last byte.
bool writer::has_room(uint64_t bytes) {
    const uint64_t needed = 2 * bytes + page_bytes;  // in the log, and in the main file
    if (!room_known_ || room_ < needed) {
        const room left = room_left(how_.folder);
        uint64_t free = left.inodes ? left.bytes : 0;
        if (free < disk_->unmoved_bytes() + bytes) free += disk_->db().free_pages() * page_bytes;
        const uint64_t owed = disk_->unmoved_bytes();
        room_ = free > owed ? free - owed : 0;
        room_known_ = true;
    }
    tight_ = room_ < needed;
    if (tight_) return false;
    room_ -= needed;
    return true;
}

}  // namespace gatepost::spool
