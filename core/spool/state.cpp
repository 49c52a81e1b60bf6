// The transitions. Each keeps two rules: a final recipient never leaves its state but by
// apply_retry (a person's wish), and a recipient whose newest attempt may have delivered stays
// `uncertain` until a verdict says otherwise.
#include "spool/state.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "spool/codec.hpp"
#include "spool/record.hpp"

namespace gatepost::spool {
namespace {

bool waits(const recipient_entry& each) {
    return each.state == recipient_state::queued || each.state == recipient_state::unknown;
}

attempt_entry* find_attempt(message_state& state, uint32_t number) {
    const auto at = std::find_if(state.log.begin(), state.log.end(),
                                 [&](const auto& each) { return each.row.number == number; });
    return at == state.log.end() ? nullptr : &*at;
}

void take_change(recipient_entry& entry, const recipient_change& change, uint32_t attempt) {
    if (entry.attempt != attempt) return;
    // Also a late verdict, after the attempt was taken for lost: it knows better.
    const bool open = entry.state == recipient_state::sending || entry.uncertain;
    if (!open || is_final(entry.state)) return;
    entry.state = change.state == recipient_state::sending ? recipient_state::unknown  //
                                                           : change.state;
    entry.possible_duplicate = entry.possible_duplicate || change.possible_duplicate;
    entry.uncertain =
        change.result.verdict == mail::verdict::unknown || entry.state == recipient_state::unknown;
    entry.last = change.result;
    entry.last->index = change.index;
}

// A lookup's word about a recipient of its attempt.
bool take_finding(recipient_entry& entry, const recipient_change& change, uint32_t attempt) {
    if (entry.attempt != attempt) return false;
    const bool open = waits(entry) || entry.state == recipient_state::held;
    const bool late_failure =
        entry.state == recipient_state::sent && change.state == recipient_state::failed;
    if (!late_failure && !(open && entry.uncertain)) return false;
    entry.state = change.state;
    entry.uncertain = false;
    entry.last = change.result;
    entry.last->index = change.index;
    return true;
}

void tell(attempt_entry& attempt, const mail::recipient_result& result) {
    for (auto& each : attempt.row.results) {
        if (each.index == result.index) each = result;
    }
}

// At most one attempt is looked up: the newest that asked for it.
void keep_lookup(message_state& state, const record_request& request) {
    if (!request.lookup_at && state.lookup_attempt != request.attempt) return;
    const bool again = state.lookup_attempt == request.attempt;
    state.lookups = again ? state.lookups + 1 : 0;
    state.lookup_attempt = request.attempt;
    state.lookup_state = request.lookup_state;
    state.lookup_at = request.lookup_at;
    if (state.lookups >= limits::lookups_of_attempt) state.lookup_at.reset();
}

}  // namespace

uint64_t mark_of(std::string_view text) {
    return uint64_t{1} << (checksum(text::to_lower(text)) >> 58);
}

message_state first_state(const mail::message& mail, uint32_t owner_uid, std::string connection,
                          wall_time now, std::chrono::milliseconds lifetime) {
    message_state state;
    state.owner_uid = owner_uid;
    state.connection = std::move(connection);
    state.urgency = mail.urgency;
    state.on_unknown = mail.on_unknown;
    state.created = state.updated = now;
    state.send_at = mail.send_at;
    state.next_attempt = state.alive_since = std::max(now, mail.send_at.value_or(now));
    state.expires_at = mail.expires_at.value_or(state.alive_since + lifetime);
    state.bytes = content_bytes_of(mail);
    for (const auto& each : mail.recipients)
        state.marks |= mark_of(each.who.addr.text());
    for (const auto& tag : mail.tags)
        state.marks |= mark_of(tag);
    state.recipients.resize(mail.recipients.size());
    return state;
}

message_state held_state(const mail::message& mail) {
    message_state state =
        first_state(mail, 0, mail.connection, mail.date, limits::message_lifetime);
    state.has_files = true;
    state.marks = ~uint64_t{0};
    for (auto& each : state.recipients) {
        each.state = recipient_state::held;
        each.uncertain = true;
    }
    return state;
}

message_status status_of(const message_state& state, wall_time now) {
    std::vector<recipient_state> states;
    states.reserve(state.recipients.size());
    for (const auto& each : state.recipients)
        states.push_back(each.state);
    return fold(states, state.attempts == 0 && state.send_at && *state.send_at > now);
}

bool is_final(const message_state& state) {
    return std::all_of(state.recipients.begin(), state.recipients.end(),
                       [](const auto& each) { return is_final(each.state); });
}

bool is_over(const message_state& state) {
    return is_final(state) && !state.lookup_at;
}

std::optional<wall_time> due_of(const message_state& state) {
    bool any_waits = false;
    for (const auto& each : state.recipients) {
        if (each.state == recipient_state::sending) return std::nullopt;
        any_waits = any_waits || waits(each);
    }
    if (!any_waits) return std::nullopt;
    return state.next_attempt;
}

wall_time end_of(const message_state& state) {
    return state.expires_at.value_or(state.alive_since + limits::message_lifetime);
}

start_answer apply_start(message_state& state, const start_request& request, wall_time now) {
    start_answer answer;
    const uint32_t number = state.attempts + 1;
    for (const uint32_t index : request.recipients) {
        if (index >= state.recipients.size() || !waits(state.recipients[index])) continue;
        auto& entry = state.recipients[index];
        entry.possible_duplicate = entry.possible_duplicate || entry.uncertain;
        entry.state = recipient_state::sending;
        entry.attempt = number;
        answer.recipients.push_back(index);
    }
    if (answer.recipients.empty()) return answer;
    answer.attempt = state.attempts = number;
    answer.expires_at = end_of(state);
    state.connection = request.connection;
    state.updated = now;
    attempt_entry attempt;
    attempt.row.number = number;
    attempt.row.connection = request.connection;
    attempt.row.started = now;
    state.log.push_back(std::move(attempt));
    return answer;
}

status apply_record(message_state& state, const record_request& request, wall_time now) {
    attempt_entry* attempt = find_attempt(state, request.attempt);
    if (attempt == nullptr) {
        return error{error_kind::conflict,
                     "there is no attempt " + std::to_string(request.attempt) + " to record"};
    }
    bool any_unknown = attempt->lost;  // counted when it was lost
    attempt->row.ended = now;
    attempt->row.results.clear();
    for (const auto& change : request.changes) {
        if (change.index >= state.recipients.size()) continue;
        take_change(state.recipients[change.index], change, request.attempt);
        attempt->row.results.push_back(change.result);
        attempt->row.results.back().index = change.index;
        if (change.result.verdict == mail::verdict::unknown && !any_unknown) {
            any_unknown = true;
            ++state.unknown_attempts;
        }
    }
    // Whom the record forgot is not lost: the outcome is unknown.
    for (auto& each : state.recipients) {
        if (each.attempt != request.attempt || each.state != recipient_state::sending) continue;
        each.state = recipient_state::unknown;
        each.uncertain = true;
    }
    attempt->lost = false;
    state.next_attempt = request.next_attempt.value_or(now);
    keep_lookup(state, request);
    state.updated = now;
    return success{};
}

status apply_lookup(message_state& state, const record_request& request, wall_time now) {
    if (!state.lookup_at || state.lookup_attempt != request.attempt) {
        return error{error_kind::conflict,
                     "nobody waits for a lookup of attempt " + std::to_string(request.attempt)};
    }
    attempt_entry* const attempt = find_attempt(state, request.attempt);
    const bool waited = due_of(state).has_value();
    bool any = false;
    for (const auto& change : request.changes) {
        if (change.index >= state.recipients.size()) continue;
        if (!take_finding(state.recipients[change.index], change, request.attempt)) continue;
        if (attempt != nullptr) tell(*attempt, change.result);
        any = true;
    }
    if (any) state.updated = now;
    if (any && request.next_attempt)
        state.next_attempt =
            waited ? std::min(state.next_attempt, *request.next_attempt) : *request.next_attempt;
    keep_lookup(state, request);
    return success{};
}

status apply_cancel(message_state& state, wall_time now) {
    bool any = false;
    for (auto& each : state.recipients) {
        if (!waits(each) && each.state != recipient_state::held) continue;
        each.state = recipient_state::cancelled;
        any = true;
    }
    if (!any) {
        return error{error_kind::conflict,
                     "nothing is left to cancel: every recipient is being sent to or is finished"};
    }
    state.updated = now;
    return success{};
}

status apply_retry(message_state& state, std::optional<wall_time> wished,
                   std::chrono::milliseconds lifetime, wall_time now) {
    if (state.connection.empty()) {
        return error{error_kind::conflict,
                     "its state was damaged, and with it which connection carries it: send the "
                     "message again"};
    }
    bool any = false;
    for (auto& each : state.recipients) {
        if (!waits(each) && each.state != recipient_state::held &&
            each.state != recipient_state::failed)
            continue;
        each.state = recipient_state::queued;
        any = true;
    }
    if (!any) {
        return error{error_kind::conflict,
                     "nothing is left to try: every recipient is being sent to, or was sent, "
                     "cancelled or expired"};
    }
    state.next_attempt = state.updated = state.alive_since = now;
    state.expires_at = wished && *wished > now ? *wished : now + lifetime;
    return success{};
}

bool apply_expire(message_state& state, wall_time now) {
    if (end_of(state) > now) return false;
    bool any = false;
    for (auto& each : state.recipients) {
        if (!waits(each)) continue;
        // Expired would say that nobody got it.
        each.state = each.uncertain ? recipient_state::held : recipient_state::expired;
        any = true;
    }
    if (any) state.updated = now;
    return any;
}

bool apply_lookup_end(message_state& state, wall_time now) {
    if (!state.lookup_at || *state.lookup_at + lookup_patience > now) return false;
    state.lookup_at.reset();
    return true;
}

uint64_t apply_recovery(message_state& state, wall_time now, std::chrono::milliseconds delay,
                        mail::unknown_rule rule, const std::vector<uint32_t>& running) {
    uint64_t changed = 0;
    for (auto& each : state.recipients) {
        if (each.state != recipient_state::sending) continue;
        if (std::find(running.begin(), running.end(), each.attempt) != running.end()) continue;
        each.state = state.on_unknown.value_or(rule) == mail::unknown_rule::hold
                         ? recipient_state::held
                         : recipient_state::unknown;
        each.uncertain = true;
        if (auto* attempt = find_attempt(state, each.attempt); attempt && !attempt->lost) {
            attempt->lost = true;
            ++state.unknown_attempts;
        }
        ++changed;
    }
    if (changed == 0) return 0;
    state.next_attempt = now + delay;
    state.updated = now;
    return changed;
}

void apply_damage(message_state& state, std::string_view reason, wall_time now) {
    for (uint32_t i = 0; i < state.recipients.size(); ++i) {
        auto& each = state.recipients[i];
        if (!waits(each)) continue;
        each.state = recipient_state::held;
        mail::recipient_result why;
        why.index = i;
        why.verdict = mail::verdict::deferred;
        why.blame = mail::blame::message;
        why.text = reason;
        each.last = std::move(why);
    }
    state.updated = now;
}

}  // namespace gatepost::spool
