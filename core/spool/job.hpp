// What the writer is asked to do, and what a batch of it does beside the rows. A job may run more
// than once before it is settled (a batch that met a full disk is run again without its accepts),
// so everything it changes in memory goes through `effects`, which are applied after the commit.
// Of those that work in slices, a list begins anew then (`again`), because it may have seen what
// was undone; expire and sweep go on where they were: what such a batch undid, the next call does.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spool/due_index.hpp"
#include "spool/spool.hpp"
#include "spool/store.hpp"

namespace gatepost::spool {

struct effects {
    struct move {
        mail_id id;
        std::optional<waiting_place> from, to;
    };
    std::vector<move> moves, lookup_moves;
    std::vector<event> events;
    std::vector<due_message> due;
    std::vector<mail_id> accepted;
    std::vector<std::string> files_kept, files_unused;
    std::vector<std::pair<mail_id, uint32_t>> started, ended;  // attempts
};

struct work {
    store& rows;
    const due_index& index;
    const due_index& lookups;
    wall_time now;
    effects& out;
    // True if a message of that size may be accepted without touching the reserve.
    const std::function<bool(uint64_t)>& has_room;
    bool again = false;  // the batch met a full disk, and what it did was undone
};

class job {
  public:
    virtual ~job() = default;
    job() = default;
    job(const job&) = delete;
    job& operator=(const job&) = delete;

    enum class kind : uint8_t {
        read,    // keeps nothing: refused plainly while the spool is sick
        accept,  // takes space: refused first when the disk is full
        change,
        record  // a verdict: never refused, waits until the spool is well again
    };
    [[nodiscard]] virtual kind what() const = 0;
    [[nodiscard]] virtual size_t weight() const { return 0; }  // bytes it writes
    // False: there is more to do, run it again in a later batch.
    virtual bool run(work& on) = 0;
    virtual void settle() = 0;
    virtual void fail(const error& why) = 0;
};

// A job made of a function: `Work` takes work& and gives result<T>, or nothing if there is more to
// do.
template <class T, class Work>
class function_job final : public job {
  public:
    function_job(kind what, Work work, callback<T> done)
        : what_(what), work_(std::move(work)), done_(std::move(done)) {}

    kind what() const override { return what_; }
    bool run(work& on) override {
        answer_ = work_(on);
        return answer_.has_value();
    }
    void settle() override { done_(*std::move(answer_)); }
    void fail(const error& why) override { done_(why); }

  private:
    kind what_;
    Work work_;
    callback<T> done_;
    std::optional<result<T>> answer_;
};

template <class T, class Work>
std::unique_ptr<job> make_job(job::kind what, Work work, callback<T> done) {
    return std::make_unique<function_job<T, Work>>(what, std::move(work), std::move(done));
}

}  // namespace gatepost::spool
