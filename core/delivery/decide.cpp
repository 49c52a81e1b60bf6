#include "delivery/decide.hpp"

#include <algorithm>

namespace gatepost::delivery {
namespace {

using spool::recipient_change;
using spool::recipient_state;

constexpr std::chrono::milliseconds least_wait{1000};  // until a lookup, whatever a provider says

bool is_open(recipient_state state) {
    return state == recipient_state::queued || state == recipient_state::unknown;
}

recipient_state state_after(const attempt_facts& facts, mail::verdict verdict) {
    switch (verdict) {
        case mail::verdict::accepted: return recipient_state::sent;
        case mail::verdict::rejected: return recipient_state::failed;
        case mail::verdict::deferred: return recipient_state::queued;
        case mail::verdict::unknown: break;
    }
    return facts.on_unknown == mail::unknown_rule::hold ? recipient_state::held
                                                        : recipient_state::unknown;
}

wall_time next_try(const attempt_facts& facts, const retry_policy& policy,
                   const recipient_change& change) {
    if (change.state == recipient_state::unknown) {
        return facts.now + delay_after_unknown(policy, facts.attempt, facts.random);
    }
    return facts.now +
           delay_after_deferral(policy, facts.attempt, facts.random, change.result.retry_after);
}

// DESIGN section 3: what is left of a partly sent message may only go on where the envelope is
// separate.
void hold_rest_of_partly_sent(bool separate_envelope, size_t recipients_in_message,
                              std::vector<recipient_change>& changes) {
    if (separate_envelope || recipients_in_message < 2) return;
    const bool any_sent =
        changes.size() < recipients_in_message ||
        std::ranges::any_of(
            changes, [](const auto& c) { return c.state == recipient_state::sent; });
    if (!any_sent) return;
    for (recipient_change& change : changes) {
        if (!is_open(change.state)) continue;
        change.state = recipient_state::held;
        change.result.text +=
            " (held: others already have this message, and this provider would send it to all "
            "again)";
    }
}

// Nothing: nothing was learnt of this recipient. `deferred` says that the provider does not have
// the mail, which cannot be true of one that it has taken; and with `ask_again` that it said
// nothing.
std::optional<recipient_state> state_after_lookup(recipient_state now, mail::verdict learnt,
                                                  bool ask_again) {
    const bool late =
        learnt == mail::verdict::deferred && (ask_again || now == recipient_state::sent);
    if (learnt == mail::verdict::unknown || late) return std::nullopt;
    if (now == recipient_state::sent) {
        if (learnt == mail::verdict::accepted) return std::nullopt;
        return recipient_state::failed;
    }
    if (learnt == mail::verdict::accepted) return recipient_state::sent;
    return learnt == mail::verdict::rejected ? recipient_state::failed : recipient_state::queued;
}

}  // namespace

spool::record_request decide(const attempt_facts& facts, const mail::attempt_result& said,
                             const retry_policy& policy) {
    spool::record_request record;
    record.id = facts.id;
    record.attempt = facts.attempt;
    record.lookup_state = said.state;
    if (said.lookup_after) record.lookup_at = facts.now + std::max(*said.lookup_after, least_wait);
    for (const mail::recipient_result& result : said.recipients) {
        record.changes.push_back({.index = result.index,
                                  .state = state_after(facts, result.verdict),
                                  .possible_duplicate = facts.after_unknown,
                                  .result = result});
    }
    hold_rest_of_partly_sent(facts.separate_envelope, facts.recipients_in_message, record.changes);
    for (recipient_change& change : record.changes) {
        if (!is_open(change.state)) continue;
        const wall_time next = next_try(facts, policy, change);
        if (facts.expires_at && next >= *facts.expires_at) {
            // An unknown outcome stays unknown, also an earlier attempt's: calling it expired would
            // say that nobody got it.
            const bool unknown = change.state == recipient_state::unknown || facts.after_unknown;
            change.state = unknown ? recipient_state::held : recipient_state::expired;
        } else if (!record.next_attempt || next < *record.next_attempt) {
            record.next_attempt = next;
        }
    }
    return record;
}

spool::record_request decide_lookup(const lookup_facts& facts, const mail::attempt_result& said,
                                    const retry_policy& policy) {
    spool::record_request record;
    record.attempt = facts.attempt;
    record.lookup_state = said.state;
    if (said.lookup_after) record.lookup_at = facts.now + std::max(*said.lookup_after, least_wait);
    for (const mail::recipient_result& result : said.recipients) {
        if (result.index >= facts.recipients.size()) continue;
        const auto state = state_after_lookup(facts.recipients[result.index].state, result.verdict,
                                              said.lookup_after.has_value());
        if (!state) continue;
        record.changes.push_back({.index = result.index, .state = *state, .result = result});
        if (*state != recipient_state::queued) continue;
        const wall_time next = facts.now + delay_after_deferral(policy, facts.attempt, facts.random,
                                                                result.retry_after);
        record.next_attempt = std::min(record.next_attempt.value_or(next), next);
    }
    hold_rest_of_partly_sent(facts.separate_envelope, facts.recipients.size(), record.changes);
    return record;
}

}  // namespace gatepost::delivery
