// Calls that do not end by themselves. One timer an instance: it is set to the earliest time at
// which a call needs looking after, and all open calls (at most `concurrency`) are looked at when
// it fires. So the ordinary call, which ends long before its deadline, pays nothing for it.
//
//     running --deadline, cancel--> asked to end --grace over--> ended by the ledger, stuck
//
// `caller` asks only while no commits request was begun; if one begins in the grace, its answer is
// awaited to the deadline after all.
#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "plugin/running.hpp"

namespace gatepost::plugin {

using std::chrono::steady_clock;

void running_instance::cancel(uint64_t id, cancel_reason why) {
    const auto keep = self();
    const auto call = find(id);
    if (!call || call->asked == why) return;
    const bool committed = call->facts().ledger != ledger_state::none;
    if (why == cancel_reason::caller && (committed || call->asked)) return;
    if (call->asked == cancel_reason::shutdown) return;
    ask_to_end(*call, why);
}

void running_instance::ask_to_end(running_call& call, cancel_reason why) {
    call.asked = why;
    call.due = how_.clock->mono_now() + limits::cancel_grace;
    arm(call.due);
    // What runs now is cancelled; what the plugin begins in its cancel (a farewell) is not.
    const auto running = call.operations();
    const auto keep = call.shared_from_this();
    enter(call, "cancel",
          [&] { plugin_->table->cancel(instance_, keep->id(), static_cast<uint32_t>(why)); });
    for (const gatepost_operation each : running) {
        if (keep->over()) return;
        keep->cancel_operation(each);
    }
}

void running_instance::look_after(running_call& call, mono_time now) {
    if (call.over() || now < call.due) return;
    if (!call.asked) return ask_to_end(call, cancel_reason::deadline);
    const bool committed = call.facts().ledger != ledger_state::none;
    if (call.asked == cancel_reason::caller && committed) {
        if (now >= call.deadline()) return ask_to_end(call, cancel_reason::deadline);
        call.due = call.deadline();
        return;
    }
    force(call);
}

void running_instance::force(running_call& call) {
    stuck_.insert(call.id());
    const bool late = call.asked == cancel_reason::deadline;
    end(call, judge_silence(call.facts(), true, mail::blame::plugin,
                            late ? "it did not end when its deadline had passed"
                                 : "it did not end when it was asked to"));
}

void running_instance::check_deadlines() {
    const auto keep = self();
    const mono_time now = how_.clock->mono_now();
    std::vector<std::shared_ptr<running_call>> due;
    for (const auto& [id, call] : calls_) {
        if (call->due <= now) due.push_back(call);
    }
    for (const auto& call : due)
        look_after(*call, now);
    mono_time next = mono_time::max();
    for (const auto& [id, call] : calls_)
        next = std::min(next, call->due);
    armed_ = mono_time::max();
    if (next != mono_time::max()) arm(next);
}

// The clock may be a test's, or the machine may sleep: the timer is only a reason to look.
void running_instance::arm(mono_time due) {
    if (due >= armed_) return;
    armed_ = due;
    const auto wait = std::clamp<steady_clock::duration>(
        due - how_.clock->mono_now(), steady_clock::duration::zero(), std::chrono::hours(1));
    timer_.expires_after(wait);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code problem) {
        if (problem) return;
        if (const auto keep = std::static_pointer_cast<running_instance>(weak.lock()))
            keep->check_deadlines();
    });
}

}  // namespace gatepost::plugin
