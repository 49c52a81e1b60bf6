// Those who sent with `Prefer: wait` and want to hear how it ended. The spool's events say that
// something became of a message; then the row is read, and once every recipient is final it is the
// answer. While nobody waits an event costs one atomic load.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/http.hpp"
#include "base/mail_id.hpp"
#include "spool/spool.hpp"

namespace gatepost::api {

class waiters {
  public:
    waiters(loop& where, spool::spool& store) : loop_(where), spool_(store) {}

    // Take one before the message is accepted, so that no event of its is missed; it counts as long
    // as a copy lives.
    std::shared_ptr<void> interest();

    // On the loop. Answers `to` with the message, or after `time` with 202 as `later` says.
    struct patience {
        std::chrono::seconds time{};
        std::shared_ptr<void> interest;
        std::function<response()> later;
    };
    void wait(mail_id id, exchange_ptr to, patience how);

    // Any thread.
    void on_event(const spool::event& what);

  private:
    struct waiter {
        exchange_ptr to;
        patience how;
        std::shared_ptr<void> timer;
    };
    using waiter_ptr = std::shared_ptr<waiter>;

    void look(mail_id id, const waiter_ptr& who);
    void remove(mail_id id, const waiter_ptr& who);

    loop& loop_;
    spool::spool& spool_;
    // Shared, because a copy of an interest may outlive this in a job that never ran.
    std::shared_ptr<std::atomic<int>> interested_ = std::make_shared<std::atomic<int>>(0);
    std::unordered_map<mail_id, std::vector<waiter_ptr>> waiting_;
};

}  // namespace gatepost::api
