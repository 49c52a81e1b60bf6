// Asks the provider later what became of a mail, where it wished so (mail/verdict.hpp:
// lookup_after). One question of a connection at a time, within a quota of its own, and it takes a
// slot like a call that sends. What waits is on disk (spool::lookups), also after a restart; this
// keeps a window of it.
//
// A lookup sends nothing: lost, cut short or refused it changes nothing, and is asked again when
// the provider said so or the spool has it still. Where the answer is that there were too many, all
// questions of the connection wait. Lives on the connection's delivery loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <utility>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "delivery/decide.hpp"
#include "delivery/quota.hpp"
#include "plugin/instance.hpp"
#include "spool/spool.hpp"

namespace gatepost::delivery {

class lookups : public std::enable_shared_from_this<lookups> {
  public:
    struct parts {
        boost::asio::io_context& loop;
        const gatepost::clock& clock;
        spool::spool& queue;
        std::shared_ptr<plugin::instance> instance;
        config::connection connection;
        retry_policy policy;
        quota& reads;
        std::function<bool()> take_slot;  // whoever gives one back calls pump()
        std::function<void()> give_slot;
    };
    explicit lookups(parts from);

    void start();  // asks the spool for what waits
    void add(mail_id id, wall_time due);
    void pump();
    void pause(bool paused) { paused_ = paused; }
    void set_policy(const retry_policy& policy) { with_.policy = policy; }
    // No new one; the one that runs is cut short, and gives its slot back.
    void stop();
    bool idle() const { return !running_; }

  private:
    void refill();
    std::optional<mono_time> wait_until();
    void arm(mono_time at);
    void hold_back(spool::record_request& learnt, const lookup_facts& facts,
                   const plugin::call_result& said);
    void load(mail_id id);
    void ask(const spool::loaded_message& found);
    void ended(mail_id id, const lookup_facts& facts, const plugin::call_result& said);
    void record(const spool::record_request& learnt);
    void again_at(mail_id id, wall_time due);
    void over();
    template <class T>
    spool::callback<T> on_loop(std::function<void(result<T>)> handler);

    parts with_;
    std::set<std::pair<wall_time, mail_id>> known_;
    boost::asio::steady_timer timer_;
    std::minstd_rand random_;
    uint64_t call_ = 0;
    mono_time held_until_{};  // the provider said: too many questions
    bool more_on_disk_ = false;
    bool refilling_ = false;
    bool running_ = false;
    bool paused_ = false;
    bool stopping_ = false;
};

}  // namespace gatepost::delivery
