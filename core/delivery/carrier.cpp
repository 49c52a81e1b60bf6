// What a lane does, step by step; whose turn it is stands in turns.cpp.
#include "delivery/carrier.hpp"

#include <boost/asio/post.hpp>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "delivery/sender.hpp"
#include "delivery/telling.hpp"

namespace gatepost::delivery {
namespace {

using namespace std::chrono_literals;

constexpr auto record_again_after = 1s;

mail::unknown_rule rule_of(const mail::message& message, const config::connection& connection) {
    if (message.on_unknown) return *message.on_unknown;
    if (connection.on_unknown == "hold") return mail::unknown_rule::hold;
    return mail::unknown_rule::retry;
}

}  // namespace

// One message between its taking and its record.
struct carrier::lane {
    spool::due_message taken;
    std::shared_ptr<const mail::message> mail;
    std::vector<uint32_t> open;  // recipients to carry
    uint32_t attempt = 1;
    bool after_unknown = false;
    std::optional<wall_time> expires_at;
    spool::record_request verdicts;
};

carrier::carrier(parts from)
    : with_(std::move(from)),
      waiting_(mail_window),
      random_(std::random_device{}()),
      timer_(with_.loop) {
    const plugin::default_limits defaults =
        plugin::limits_of(with_.instance->plugin().facts, with_.instance->settings_json());
    quotas_ = quotas_of(with_.connection.limits, defaults);
    count_recipients_ = defaults.count_recipients.value_or(false);
}

// A lookup takes a slot as a call that sends does. The carrier outlives it: stop() waits for it.
std::shared_ptr<lookups> carrier::make_lookups() {
    lookups::parts from{
        with_.loop,      with_.clock, with_.queue, with_.instance, with_.connection, with_.policy,
        quotas_.lookups, {},          {}};
    from.take_slot = [this] {
        if (!may_begin()) return false;
        ++in_flight_;
        return true;
    };
    from.give_slot = [self = weak_from_this()] {
        const auto alive = self.lock();
        if (!alive) return;
        --alive->in_flight_;
        alive->settle_down();
        boost::asio::post(alive->with_.loop, [alive] { alive->pump(); });
    };
    return std::make_shared<lookups>(std::move(from));
}

void carrier::start() {
    if (!lookups_) lookups_ = make_lookups();
    waiting_.look_at_disk();
    refill();
    lookups_->start();
}

void carrier::add_lookup(mail_id id, wall_time due) {
    if (stopping_) return with_.pass_on_lookup(id, due);
    if (lookups_) lookups_->add(id, due);
}

void carrier::set_policy(const retry_policy& policy) {
    with_.policy = policy;
    if (lookups_) lookups_->set_policy(policy);
}

void carrier::add(spool::due_message message) {
    if (stopping_) return with_.pass_on(std::move(message));
    const auto busy = busy_.find(message.id);
    if (busy == busy_.end()) return waiting_.add(std::move(message));
    if (message.due > busy->second.due) busy->second.again = std::move(message);
}

// How many recipients a message from disk has is known only here. One that does not fit goes back.
bool carrier::allowed(const lane& work) {
    if (!count_recipients_ || work.taken.recipients > 0 || work.open.empty() || stopping_)
        return true;
    const auto amount = static_cast<uint32_t>(work.open.size());
    const mono_time now = with_.clock.mono_now();
    if (!quotas_.sends.wait_until(now, amount)) {
        quotas_.sends.take(now, amount);
        return true;
    }
    spool::due_message later = work.taken;
    later.recipients = amount;
    release(work);
    add(std::move(later));
    pump();
    return false;
}

void carrier::begin(spool::due_message message) {
    ++in_flight_;
    ++before_call_;
    busy_[message.id] = {message.due, std::nullopt};
    auto work = std::make_shared<lane>();
    work->taken = std::move(message);
    if (!work->taken.mail) return load(std::move(work));
    work->mail = std::move(work->taken.mail);
    for (uint32_t i = 0; i < work->mail->recipients.size(); ++i)
        work->open.push_back(i);
    mark(std::move(work));
}

void carrier::load(std::shared_ptr<lane> work) {
    with_.queue.load(work->taken.id, on_loop<spool::loaded_message>([this, work](auto loaded) {
                         if (!loaded) return put_back(*work, loaded.error());
                         work->mail = loaded->mail;
                         work->after_unknown = loaded->unknown_attempts > 0;
                         for (const spool::recipient_row& row : loaded->recipients) {
                             const bool open = row.state == spool::recipient_state::queued ||
                                               row.state == spool::recipient_state::unknown;
                             if (open) work->open.push_back(row.index);
                         }
                         if (allowed(*work)) mark(work);
                     }));
}

void carrier::mark(std::shared_ptr<lane> work) {
    // Cancelled or finished while it waited; or, without a mark, no longer this carrier's.
    if (work->open.empty() || stopping_) {
        if (stopping_) with_.pass_on(work->taken);
        release(*work);
        return pump();
    }
    spool::start_request request{work->taken.id, with_.connection.name, work->open};
    with_.queue.start(std::move(request), on_loop<spool::start_answer>([this, work](auto started) {
                          if (!started) return put_back(*work, started.error());
                          if (started->recipients.empty()) {
                              release(*work);
                              return pump();
                          }
                          call(work, *started);
                      }));
}

void carrier::call(const std::shared_ptr<lane>& work, const spool::start_answer& started) {
    --before_call_;
    work->attempt = started.attempt;
    work->expires_at = started.expires_at;
    plugin::call_request request;
    request.kind = plugin::call_kind::send;
    request.message = as_sent(work->mail, with_.connection);
    request.carry = started.recipients;
    request.attempt = started.attempt;
    request.idempotency_key = work->taken.id.to_string() + "@" + with_.connection.name;
    request.deadline = with_.clock.mono_now() + limits::call_deadline;
    const auto id = std::make_shared<uint64_t>(0);
    *id = with_.instance->start(std::move(request),
                                [self = shared_from_this(), work, id](plugin::call_result result) {
                                    self->calls_.erase(*id);
                                    self->ended(work, std::move(result));
                                });
    calls_.insert(*id);
    settle_down();
}

void carrier::ended(const std::shared_ptr<lane>& work, plugin::call_result result) {
    learn(quotas_, with_.connection.limits, result.told);
    const attempt_facts facts{
        .id = work->taken.id,
        .attempt = work->attempt,
        .now = with_.clock.wall_now(),
        .expires_at = work->expires_at,
        .on_unknown = rule_of(*work->mail, with_.connection),
        .separate_envelope = with_.instance->plugin().facts.can.separate_envelope,
        .after_unknown = work->after_unknown,
        .recipients_in_message = work->mail->recipients.size(),
        .random = random_()};
    heed(result.attempt);
    work->verdicts = decide(facts, result.attempt, with_.policy);
    tell_what_stays(work->verdicts, with_.connection.name);
    record(work);
    pump();
}

void carrier::record(std::shared_ptr<lane> work) {
    // The lane counts as free from here on: the next mark queues behind this record, in the same or
    // a later commit.
    --in_flight_;
    with_.queue.record(
        work->verdicts, on_loop<success>([this, work](auto kept) {
            if (kept) return recorded(*work);
            ++in_flight_;
            log::warn("delivery.record",
                      "a verdict could not be recorded yet and will be tried again",
                      {{"message", work->taken.id.to_string()}, {"reason", kept.error().detail}});
            auto again =
                std::make_shared<boost::asio::steady_timer>(with_.loop, record_again_after);
            again->async_wait(
                [self = shared_from_this(), work, again](auto) { self->record(work); });
        }));
}

void carrier::recorded(const lane& work) {
    let_go(work.taken);
    if (work.verdicts.lookup_at) add_lookup(work.taken.id, *work.verdicts.lookup_at);
    if (work.verdicts.next_attempt && !waiting_.knows(work.taken.id))
        add({work.taken.id, with_.connection.name, *work.verdicts.next_attempt, work.taken.urgency,
             nullptr});
    settle_down();
    pump();
}

// What the spool said of it meanwhile counts now.
void carrier::let_go(const spool::due_message& taken) {
    auto node = busy_.extract(taken.id);
    if (node && node.mapped().again) add(*std::move(node.mapped().again));
}

// A lane that never came to its call.
void carrier::release(const lane& work) {
    --in_flight_;
    --before_call_;
    let_go(work.taken);
    settle_down();
}

// Draining begins when nothing will call any more, so that what is parked is closed while calls
// still run; and what was parked meanwhile, when they end.
void carrier::settle_down() {
    if (!stopping_) return;
    if (before_call_ == 0 && !std::exchange(draining_, true)) {
        with_.instance->drain([self = shared_from_this()] {
            self->drained_ = true;
            self->settle_down();
        });
    }
    const bool asks = lookups_ && !lookups_->idle();
    if (drained_ && busy_.empty() && !asks && on_empty_) std::exchange(on_empty_, {})();
}

// The spool could not give or mark it: it is still on disk and waits; try again in a while. What
// is damaged the spool holds by now: only the disk knows whether it waits.
void carrier::put_back(const lane& work, const error& reason) {
    release(work);
    if (reason.kind == error_kind::io) {
        waiting_.look_at_disk();
        refill_later();
        return pump();
    }
    if (reason.kind == error_kind::not_found || reason.kind == error_kind::internal) {
        log::error("delivery.load", "a waiting message cannot be loaded",
                   {{"message", work.taken.id.to_string()}, {"reason", reason.detail}});
        return pump();
    }
    spool::due_message later = work.taken;
    later.mail = nullptr;
    later.due = with_.clock.wall_now() + 5s;
    add(std::move(later));
    arm_timer();
}

void carrier::stop(std::function<void()> done) {
    stopping_ = true;
    timer_.cancel();
    if (lookups_) lookups_->stop();
    on_empty_ = std::move(done);
    settle_down();
}

void carrier::cancel_calls(plugin::cancel_reason why) {
    for (const uint64_t id : std::unordered_set<uint64_t>(calls_))
        with_.instance->cancel(id, why);
}

void carrier::cancel_early() {
    cancel_calls(plugin::cancel_reason::caller);
}

void carrier::cancel_all() {
    cancel_calls(plugin::cancel_reason::shutdown);
}

}  // namespace gatepost::delivery
