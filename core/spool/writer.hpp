// The one thread that writes. It takes the jobs that wait, runs them in one transaction, commits,
// and only then settles them, so the sync of a commit is shared by everything that came while the
// one before was under way.
//
// Three things can go wrong, and are told apart:
// - the disk is full: SQLite undid the transaction. Accepts are refused (`storage`), the rest is
//   run again at once.
// - anything else before the commit: nothing was kept; all are refused (`storage`); sick.
// - the commit: `outcome_unknown`; the batch is noted as refused on disk first; sick.
// While sick every second a recovery is tried (disk::reopen, recover). Verdicts wait for it; they
// are the one thing that cannot be asked again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "spool/content_files.hpp"
#include "spool/disk.hpp"
#include "spool/due_index.hpp"
#include "spool/job.hpp"
#include "spool/recovery.hpp"

namespace gatepost::spool {

class writer {
  public:
    // `how` has its clock; `files` outlives the writer.
    writer(options how, std::unique_ptr<disk> opened, content_files& files);
    ~writer() { close(); }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

    // Before run(): fills the index, answers how many recipients became unknown.
    result<uint64_t> recover_at_start();
    void run();

    // Any thread. A refusal (backlog, sick, closed) is answered at once through the job.
    void submit(std::unique_ptr<job> what);
    // What submit would say now; for callers that have work to do before.
    std::optional<error> refusal(job::kind what) const;
    [[nodiscard]] health health_now() const;
    void close();

    // Who hears what. Any thread; the writer takes it over with the next job, so whatever is
    // submitted afterwards is told.
    struct listeners {
        std::function<void(due_message)> due;
        std::function<void(const event&)> event;
        std::function<void(const health&)> health;
    };
    template <class Handler>
    void listen(Handler listeners::* which, Handler handler) {
        const std::lock_guard lock(mutex_);
        given_.*which = std::move(handler);
        given_anew_ = true;
    }

  private:
    using batch = std::vector<std::unique_ptr<job>>;
    enum class outcome : uint8_t { committed, full, refused, unknown };

    void loop();
    bool take(batch& jobs);
    void carry_out(batch jobs);
    void rest();
    outcome try_batch(batch& jobs, std::vector<bool>& finished, bool again);
    void settle(batch& jobs, const std::vector<bool>& finished);
    void apply_effects();
    void refuse(batch& jobs, const error& why, const error& why_read);
    void refuse_accepts(batch& jobs);
    void requeue(batch jobs);
    void fall_sick(const std::string& cause);
    void try_to_recover();
    void refuse_all_but_records();
    bool has_room(uint64_t bytes);
    error sick_error() const;

    const options how_;
    std::unique_ptr<disk> disk_;
    content_files& files_;
    due_index index_;
    due_index lookups_;
    running_attempts running_;
    effects effects_;
    const std::function<bool(uint64_t)> has_room_;
    listeners tell_;           // the writer thread's own
    uint64_t room_ = 0;        // on the disk, less what was accepted since it was looked at
    bool room_known_ = false;  // looked at in this batch
    bool rested_ = true;       // since the last batch the log was moved and memory given back
    bool tight_ = false;       // an accept was refused: what the log holds should move now

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<job>> queue_;
    listeners given_;
    bool given_anew_ = false;
    bool asleep_ = false;
    bool closing_ = false;
    bool closed_ = false;
    health health_;
    std::atomic<uint64_t> waiting_{0};
    std::thread thread_;
};

}  // namespace gatepost::spool
