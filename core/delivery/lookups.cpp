#include "delivery/lookups.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "delivery/sender.hpp"

namespace gatepost::delivery {
namespace {

using namespace std::chrono_literals;

constexpr auto after_fault = 10min;
constexpr auto after_throttling = 1min;  // where the provider does not say
constexpr auto longest_throttling = 1h;
constexpr size_t lookup_window = 1000;  // in memory; the rest waits on disk

// Those whose newest attempt is the one in question, and of whom something may still be learnt.
bool may_learn(const spool::recipient_row& row, uint32_t attempt) {
    if (row.attempt != attempt) return false;
    return row.state == spool::recipient_state::sent ||
           row.state == spool::recipient_state::unknown ||
           row.state == spool::recipient_state::held;
}

}  // namespace

lookups::lookups(parts from)
    : with_(std::move(from)), timer_(with_.loop), random_(std::random_device{}()) {}

template <class T>
spool::callback<T> lookups::on_loop(std::function<void(result<T>)> handler) {
    return [self = shared_from_this(), handler = std::move(handler)](result<T> answer) mutable {
        boost::asio::post(self->with_.loop,
                          [self, handler = std::move(handler),
                           answer = std::move(answer)]() mutable { handler(std::move(answer)); });
    };
}

void lookups::start() {
    known_.clear();
    more_on_disk_ = true;
    refill();
}

void lookups::add(mail_id id, wall_time due) {
    if (known_.size() >= lookup_window) {
        more_on_disk_ = true;
        return;
    }
    known_.emplace(due, id);
    pump();
}

void lookups::pump() {
    if (stopping_ || paused_ || running_) return;
    if (known_.empty()) return more_on_disk_ ? refill() : void();
    const auto [due, id] = *known_.begin();
    if (const auto until = wait_until()) return arm(*until);
    if (!with_.take_slot()) return;
    running_ = true;
    known_.erase(known_.begin());
    load(id);
}

void lookups::refill() {
    if (refilling_ || stopping_) return;
    refilling_ = true;
    with_.queue.lookups(with_.connection.name, wall_time::max(), lookup_window,
                        on_loop<std::vector<spool::due_message>>([this](auto found) {
                            refilling_ = false;
                            if (!found)
                                return;  // the spool is sick, and start() comes when it is well
                            more_on_disk_ = found->size() >= lookup_window;
                            for (const spool::due_message& each : *found)
                                known_.emplace(each.due, each.id);
                            pump();
                        }));
}

// Nothing: the first of them may be asked now.
std::optional<mono_time> lookups::wait_until() {
    const mono_time now = with_.clock.mono_now();
    const auto left = known_.begin()->first - with_.clock.wall_now();
    if (left > 0ms) return now + std::min<std::chrono::milliseconds>(left, 60s);
    if (held_until_ > now) return held_until_;
    return with_.reads.wait_until(now);
}

void lookups::arm(mono_time at) {
    timer_.expires_at(at);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code failed) {
        if (!failed) self->pump();
    });
}

void lookups::load(mail_id id) {
    with_.queue.load(id, on_loop<spool::loaded_message>([this, id](auto found) {
                         if (!found && found.error().kind == error_kind::storage)
                             return again_at(id, with_.clock.wall_now() + 5s);
                         if (!found || !found->lookup_at || stopping_) return over();
                         if (*found->lookup_at > with_.clock.wall_now())  // asked meanwhile
                             return again_at(id, *found->lookup_at);
                         ask(*found);
                     }));
}

void lookups::ask(const spool::loaded_message& found) {
    const mail_id id = found.mail->id;
    lookup_facts facts;
    facts.attempt = found.lookup_attempt;
    facts.random = random_();
    facts.separate_envelope = with_.instance->plugin().facts.can.separate_envelope;
    facts.recipients = found.recipients;
    facts.state = found.lookup_state;
    plugin::call_request request;
    request.kind = plugin::call_kind::lookup;
    request.message = as_sent(found.mail, with_.connection);
    request.attempt = found.lookup_attempt;
    request.idempotency_key = id.to_string() + "@" + with_.connection.name;
    request.state = found.lookup_state;
    request.deadline = with_.clock.mono_now() + limits::call_deadline;
    for (const spool::recipient_row& row : found.recipients) {
        if (!may_learn(row, found.lookup_attempt)) continue;
        request.carry.push_back(row.index);
        if (row.last) request.provider_message_id = row.last->provider_message_id;
    }
    // Nobody is left of whom something could be learnt: the record ends the matter.
    if (request.carry.empty()) return ended(id, facts, {});
    with_.reads.take(with_.clock.mono_now());
    call_ = with_.instance->start(std::move(request),
                                  [self = shared_from_this(), id, facts](const auto& said) {
                                      self->call_ = 0;
                                      self->ended(id, facts, said);
                                  });
}

void lookups::ended(mail_id id, const lookup_facts& facts, const plugin::call_result& said) {
    if (stopping_) return over();
    if (said.unsupported)
        log::warn("delivery.lookup", "the provider asked for a lookup and cannot do one",
                  {{"message", id.to_string()}, {"connection", with_.connection.name}});
    lookup_facts now = facts;
    now.now = with_.clock.wall_now();
    spool::record_request learnt = decide_lookup(now, said.attempt, with_.policy);
    learnt.id = id;
    if (said.plugin_fault) {  // it said nothing, so the question stands
        learnt.lookup_state = facts.state;
        learnt.lookup_at = now.now + after_fault;
    }
    const bool throttled =
        said.verdict == mail::verdict::unknown && said.blame == mail::blame::quota;
    if (throttled) hold_back(learnt, facts, said);
    for (const spool::recipient_change& change : learnt.changes) {
        if (change.state != spool::recipient_state::failed) continue;
        log::warn("delivery.late_failure", "the provider says now that it was not delivered",
                  {{"message", id.to_string()},
                   {"connection", with_.connection.name},
                   {"reason", change.result.text}});
    }
    record(learnt);
}

// Too many questions: this one stands, whatever the provider made of it, and the others wait too.
void lookups::hold_back(spool::record_request& learnt, const lookup_facts& facts,
                        const plugin::call_result& said) {
    std::chrono::milliseconds wait = after_throttling;
    for (const mail::recipient_result& each : said.attempt.recipients)
        wait = each.retry_after.value_or(wait);
    wait = std::clamp<std::chrono::milliseconds>(said.attempt.lookup_after.value_or(wait), 1s,
                                                 longest_throttling);
    held_until_ = with_.clock.mono_now() + wait;
    if (learnt.lookup_at) return;
    learnt.lookup_state = facts.state;
    learnt.lookup_at = with_.clock.wall_now() + wait;
}

void lookups::record(const spool::record_request& learnt) {
    with_.queue.lookup(learnt, on_loop<success>([this, learnt](auto kept) {
                           if (!kept && kept.error().kind != error_kind::conflict)
                               return again_at(learnt.id, with_.clock.wall_now() + 5s);
                           over();
                           if (kept && learnt.lookup_at) add(learnt.id, *learnt.lookup_at);
                       }));
}

void lookups::again_at(mail_id id, wall_time due) {
    over();
    add(id, due);
}

void lookups::over() {
    running_ = false;
    with_.give_slot();
    pump();
}

void lookups::stop() {
    stopping_ = true;
    timer_.cancel();
    if (call_ != 0) with_.instance->cancel(call_, plugin::cancel_reason::caller);
}

}  // namespace gatepost::delivery
