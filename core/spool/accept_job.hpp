// Accepting a message, in two halves: on the caller's thread (or a sync thread, if it has content
// files) the message becomes bytes; on the writer's thread these bytes become rows. The key of
// idempotency is looked up and stored in the same transaction.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "spool/content_files.hpp"
#include "spool/job.hpp"

namespace gatepost::spool {

// How much accepted mail is kept in memory for its first attempt; shared by all who hold some.
using memory_budget = std::shared_ptr<std::atomic<uint64_t>>;

class accept_job final : public job {
  public:
    accept_job(accept_request request, placed_contents placed, wall_time now,
               std::chrono::milliseconds lifetime, content_files& files, memory_budget used,
               callback<accept_answer> done);

    kind what() const override { return kind::accept; }
    size_t weight() const override { return record_.size() + state_.size(); }
    bool run(work& on) override;
    void settle() override;
    void fail(const error& why) override;

  private:
    result<accept_answer> take(work& on);
    std::shared_ptr<const mail::message> keep_in_memory();

    const mail_id id_;
    std::shared_ptr<const mail::message> mail_;
    std::optional<idempotency> key_;
    std::vector<std::string> file_names_;
    std::string record_;
    std::string state_;
    waiting_place place_;
    event event_;
    content_files& files_;
    memory_budget used_;
    callback<accept_answer> done_;
    std::optional<result<accept_answer>> answer_;
};

}  // namespace gatepost::spool
