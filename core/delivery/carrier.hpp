// One connection at work: its instance, its window of waiting messages, its lanes. Everything here
// happens on one delivery loop, so there are no locks; the spool's callbacks come back to the loop
// by post.
//
// A lane's way: take -> started mark on disk -> call the plugin -> decide -> record on disk. The
// next message's mark is asked for together with the record, behind it, so both share a commit and
// never more than `concurrency` marks are open. A verdict that cannot be recorded is kept and asked
// for again until the spool takes it; the lane stays taken.
//
// Slots belong to the connection's name. A carrier that a reload replaced ends what it has begun
// and drains its instance, and as long as a call runs or a session of it stands, the new one takes
// that much less: a server that allows one session never sees two.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "delivery/circuit.hpp"
#include "delivery/decide.hpp"
#include "delivery/dispatcher.hpp"
#include "delivery/lookups.hpp"
#include "delivery/rates.hpp"
#include "delivery/waiting_list.hpp"

namespace gatepost::delivery {

class carrier : public std::enable_shared_from_this<carrier> {
  public:
    struct parts {
        boost::asio::io_context& loop;
        const gatepost::clock& clock;
        spool::spool& queue;
        std::shared_ptr<plugin::instance> instance;
        config::connection connection;
        retry_policy policy;
        uint32_t concurrency;
        // Slots that older carriers of this name still hold, and where mail goes that is not this
        // one's any more. Both on the loop.
        std::function<uint32_t()> held_by_others = [] { return 0U; };
        std::function<void(spool::due_message)> pass_on = [](const spool::due_message&) {};
        std::function<void(mail_id, wall_time)> pass_on_lookup = [](mail_id, wall_time) {};
    };
    explicit carrier(parts from);

    // All on the loop.
    void start();  // asks the spool for what waits
    void add(spool::due_message message);
    void add_lookup(mail_id id, wall_time due);
    void pump();              // begins what can begin
    void resume();            // a held connection may try one mail now
    void pause(bool paused);  // the spool is sick
    void set_policy(const retry_policy& policy);
    // What was begun shortly before counts in the new one's quota too.
    void inherit(const carrier& older) {
        quotas_.sends.inherit(older.quotas_.sends);
        quotas_.lookups.inherit(older.quotas_.lookups);
    }
    // No new work, and the instance drains; done when every lane is empty and every session closed.
    // Calls run on: see cancel_early and cancel_all.
    void stop(std::function<void()> done);
    void cancel_early();  // calls that have not begun to commit
    void cancel_all();    // shutdown: also calls that wait for an answer
    // Slots it takes from a newer one: calls, and what stands open of them and after them.
    uint32_t holds() const;

    // Any thread; as of the last pump.
    uint64_t waiting() const { return shown_waiting_.load(std::memory_order_relaxed); }
    uint32_t in_flight() const { return shown_in_flight_.load(std::memory_order_relaxed); }
    // Why its mail is held and for how long, as a sentence; empty if it is not.
    std::string problem() const;

  private:
    static constexpr size_t mail_window = 10'000;  // waiting messages in memory
    struct lane;
    void begin(spool::due_message message);
    void load(std::shared_ptr<lane> work);
    void mark(std::shared_ptr<lane> work);
    void call(const std::shared_ptr<lane>& work, const spool::start_answer& started);
    void ended(const std::shared_ptr<lane>& work, plugin::call_result result);
    void record(std::shared_ptr<lane> work);
    void recorded(const lane& work);
    void let_go(const spool::due_message& taken);
    void release(const lane& work);
    std::optional<spool::due_message> take_next();
    bool allowed(const lane& work);
    bool may_begin() const;
    void heed(const mail::attempt_result& said);
    std::shared_ptr<lookups> make_lookups();
    void settle_down();
    void cancel_calls(plugin::cancel_reason why);
    void put_back(const lane& work, const error& reason);
    void refill();
    void refill_later();
    void arm_timer();
    // The spool answers on its own thread; this brings the answer home. The carrier lives until the
    // last one came.
    template <class T>
    spool::callback<T> on_loop(std::function<void(result<T>)> handler) {
        return [self = shared_from_this(), handler = std::move(handler)](result<T> answer) mutable {
            boost::asio::post(self->with_.loop, [self, handler = std::move(handler),
                                                 answer = std::move(answer)]() mutable {
                handler(std::move(answer));
            });
        };
    }

    parts with_;
    waiting_list waiting_;
    quotas quotas_;
    bool count_recipients_ = false;
    uint32_t awaited_ = 1;  // of the quota, by the message whose turn it is
    circuit circuit_;
    std::shared_ptr<lookups> lookups_;
    // Taken and not yet recorded; and what came to wait again meanwhile: somebody retried it by
    // hand.
    struct taken_out {
        wall_time due;
        std::optional<spool::due_message> again;
    };
    std::unordered_map<mail_id, taken_out> busy_;
    std::unordered_set<uint64_t> calls_;
    std::minstd_rand random_;
    boost::asio::steady_timer timer_;
    std::optional<mono_time> armed_until_;
    std::atomic<uint64_t> shown_waiting_{0};
    std::atomic<uint32_t> shown_in_flight_{0};
    mutable std::mutex shown_mutex_;
    circuit shown_circuit_;
    uint32_t in_flight_ = 0;
    uint32_t before_call_ = 0;  // of these, taken and not yet with the instance
    bool paused_ = false;
    bool refilling_ = false;
    std::function<void()> on_empty_;
    bool stopping_ = false;
    bool draining_ = false;
    bool drained_ = false;
};

}  // namespace gatepost::delivery
