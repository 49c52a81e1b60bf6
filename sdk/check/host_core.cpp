// The rules of abi.h, kept in one place: who may ask, when an answer comes, what a completion must
// say. Poisoned table ends are functions that end the process with a sentence.
#include "check/host_core.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost::check {
namespace {

[[noreturn]] void past_the_end() {
    std::fputs("the plugin called a function that lies behind the `size` of a host table\n",
               stderr);
    std::abort();
}

outcome copy_of(const gatepost_outcome& given) {
    outcome out;
    out.kind = given.kind;
    out.flags = given.flags;
    out.verdict = given.verdict;
    out.blame = given.blame;
    out.code = given.code;
    out.text = text_of(given.text);
    out.provider_message_id = text_of(given.provider_message_id);
    out.state = text_of(given.state);
    out.advice = text_of(given.advice);
    out.retry_after = given.retry_after;
    out.lookup_after = given.lookup_after;
    for (uint32_t i = 0; i < given.recipients.count; ++i) {
        const auto& one = item_at<gatepost_recipient_result>(given.recipients, i);
        out.recipients.push_back({one.index, one.verdict, one.blame, one.code,
                                  std::string(text_of(one.text)),
                                  std::string(text_of(one.provider_message_id)), one.retry_after});
    }
    return out;
}

bool says(const outcome& given, uint32_t verdict) {
    if (given.verdict == verdict) return true;
    return std::ranges::any_of(given.recipients,
                               [&](const auto& one) { return one.verdict == verdict; });
}

void check_texts(fake_host::core& host, const outcome& given) {
    for (const auto* text : {&given.text, &given.advice, &given.provider_message_id}) {
        if (!text::is_utf8(*text)) host.blame("outcome", "a text of the outcome is not UTF-8");
        if (text->size() > limits::plugin_state_bytes * 16)
            host.blame("outcome", "a text of the outcome is larger than 64 KiB");
    }
    if (given.state.size() > limits::plugin_state_bytes)
        host.blame("outcome", "state is larger than 4096 bytes");
}

void check_verdict(fake_host::core& host, uint32_t verdict, uint32_t blame) {
    if (verdict < GATEPOST_ACCEPTED || verdict > GATEPOST_UNKNOWN)
        host.blame("outcome", "verdict " + std::to_string(verdict) + " is not one of abi.h");
    if (blame > GATEPOST_BLAME_PLUGIN)
        host.blame("outcome", "blame " + std::to_string(blame) + " is not one of abi.h");
}

// Several gigabytes may be claimed: they are counted, not copied.
bool too_large_to_copy(const gatepost_outcome& given) {
    constexpr uint64_t most = 16 << 20;
    return given.text.size > most || given.state.size > most || given.advice.size > most ||
           given.provider_message_id.size > most;
}

}  // namespace

fake_host::core& core_of(const gatepost_host* host) {
    return *static_cast<fake_host::core*>(host->context);
}

void fake_host::core::shorten(void* table, size_t bytes, size_t from, uint32_t& size) {
    void (*trap)() = past_the_end;
    for (size_t at = from; at + sizeof(trap) <= bytes; at += sizeof(trap))
        std::memcpy(static_cast<char*>(table) + at, &trap, sizeof(trap));
    size = static_cast<uint32_t>(from);
}

void fake_host::core::blame(std::string rule, std::string text) {
    if (violations.size() < 1000) violations.push_back({std::move(rule), std::move(text)});
}

gatepost_status fake_host::core::breach(std::string_view what, std::string_view text) {
    blame("request", std::string(what) + ": " + std::string(text));
    return GATEPOST_INVALID;
}

call_state* fake_host::core::open_call(gatepost_call call, std::string_view what) {
    const auto found = calls.find(call);
    if (found != calls.end() && found->second.open) return &found->second;
    blame("dead-call", std::string(what) + " for call " + std::to_string(call) +
                           (found == calls.end() ? ", which never was" : ", which is over"));
    return nullptr;
}

gatepost_status fake_host::core::begin(const asked& by, wanted want) {
    call_state* state = open_call(by.call, want.what);
    if (state == nullptr) return GATEPOST_INVALID;
    if (by.done == nullptr) return breach(want.what, "done is NULL");
    const auto running = std::ranges::count(queue, by.call, &waiting_request::call);
    if (static_cast<size_t>(running) >= limits::operations_per_call) return GATEPOST_LIMIT;
    ++state->record.requests;
    const auto script = scripts.find(++requests);
    const bool scripted_here = script != scripts.end();
    if (scripted_here && script->second.refuse) return script->second.status;
    waiting_request request{++last_id,       by.call, by.done,      by.user,
                            std::move(want), 0,       std::nullopt, false};
    request.due = now + request.want.delay;
    if (scripted_here) {
        request.forced = script->second.status;
        request.written = script->second.written;
        if (script->second.stall) request.due = UINT64_MAX;
    }
    if (request.want.commits) state->record.commits_begun = true;
    if (by.operation != nullptr) *by.operation = request.id;
    queue.push_back(std::move(request));
    return GATEPOST_OK;
}

void fake_host::core::deliver(waiting_request request) {
    call_state& state = calls.at(request.call);
    answer out;
    if (request.forced) {
        out.status = *request.forced;
        out.text = "scripted";
        if (request.want.commits && request.written) state.record.commits_written = true;
    } else {
        out = request.want.work();
        if (request.want.commits && out.status == GATEPOST_OK) state.record.commits_written = true;
    }
    view_memory lent_now(how.shape);
    gatepost_result result{};
    result.status = out.status;
    result.text = lent_now.string(out.text);
    result.handle = out.handle;
    result.length = out.length;
    result.data = lent_now.string(out.data);
    result.detail = out.detail.get();
    request.done(request.user, request.id, lent_now.grow(result));
}

void fake_host::core::complete(gatepost_call call, const gatepost_outcome* given) {
    const auto found = calls.find(call);
    if (found == calls.end())
        return blame("complete-once",
                     "complete for call " + std::to_string(call) + ", which never was");
    call_state& state = found->second;
    ++state.record.completions;
    if (!state.open)
        return blame("complete-once", "call " + std::to_string(call) + " was completed before");
    if (std::ranges::count(queue, call, &waiting_request::call) > 0)
        blame("open-operations",
              "call " + std::to_string(call) + " was completed while a request of it still waited");
    if (given == nullptr || given->size < offsetof(gatepost_outcome, verdict)) {
        blame("outcome", "the outcome is NULL or has no size");
    } else if (const gatepost_outcome known = taken(given); too_large_to_copy(known)) {
        blame("outcome", "a text of the outcome is larger than 16 MiB");
    } else if (known.recipients.count > limits::recipients ||
               (known.recipients.count > 0 &&
                known.recipients.stride < sizeof(gatepost_recipient_result))) {
        blame("outcome", "recipients: more than there can be, or a stride below the struct's size");
    } else {
        state.record.outcome = copy_of(known);
        check_texts(*this, state.record.outcome);
        hold_against_ledger(call, state);
    }
    end(call, state);
}

void fake_host::core::hold_against_ledger(gatepost_call call, call_state& state) {
    const outcome& said = state.record.outcome;
    if (said.kind == GATEPOST_OUTCOME_UNSUPPORTED || said.kind == GATEPOST_OUTCOME_CANCELLED)
        return;
    if (said.kind != GATEPOST_OUTCOME_DONE)
        return blame("outcome", "kind " + std::to_string(said.kind) + " is not one of abi.h");
    bool all_listed = !state.carry.empty();
    for (const uint32_t index : state.carry) {
        all_listed =
            all_listed && std::ranges::find(said.recipients, index, &recipient_outcome::index) !=
                              said.recipients.end();
    }
    if (!all_listed) check_verdict(*this, said.verdict, said.blame);
    for (const auto& one : said.recipients) {
        check_verdict(*this, one.verdict, one.blame);
        if (std::ranges::find(state.carry, one.index) == state.carry.end())
            blame("outcome",
                  "a result for recipient " + std::to_string(one.index) + ", who was not carried");
    }
    if (state.kind != GATEPOST_SEND) return;
    const call_record& seen = state.record;
    // At a later attempt the provider may find that it has the message since the one before.
    const bool first = state.attempt <= 1 || seen.commits_begun;
    if (says(said, GATEPOST_ACCEPTED) && !seen.commits_written && first)
        blame("certainty",
              "call " + std::to_string(call) +
                  (seen.commits_begun ? " says accepted, but no request that commits was written"
                                      : " says accepted, but no request carried GATEPOST_COMMITS"));
    // Who says unknown of another knows that no answer came; these were refused before the content.
    const bool denies = says(said, GATEPOST_DEFERRED) || says(said, GATEPOST_REJECTED);
    if (denies && seen.commits_written && !seen.commits_answered && !says(said, GATEPOST_UNKNOWN))
        blame("certainty", "call " + std::to_string(call) +
                               " says deferred or rejected after a request that commits was "
                               "written fully and nothing came back");
}

void fake_host::core::end(gatepost_call call, call_state& state) {
    state.open = false;
    state.record.completed_at = now;
    state.memory.reset();
    std::erase_if(bodies, [&](const auto& body) { return body.second.call == call; });
    std::erase_if(streams, [&](const auto& stream) {
        return stream.second.call == call && !stream.second.parked;
    });
}

std::optional<answer> fake_host::core::forbidden(std::string_view host, uint32_t port,
                                                 std::string_view proxy) {
    if (!how.destinations) return std::nullopt;
    std::string why = objection_to(*how.destinations, host, port);
    if (why.empty() && !proxy.empty()) {
        const destination through = read_destination(proxy, false);
        why = objection_to(*how.destinations, through.host, through.port);
    }
    if (why.empty()) return std::nullopt;
    blame("destination", why);
    return answer{GATEPOST_DENIED, why};
}

std::optional<std::string> fake_host::core::join(gatepost_call call,
                                                 const gatepost_array& segments) {
    std::string out;
    for (uint32_t i = 0; i < segments.count; ++i) {
        const auto& one = item_at<gatepost_segment>(segments, i);
        if (one.kind == GATEPOST_SEGMENT_BYTES) {
            out += text_of(one.bytes);
            continue;
        }
        const auto body = bodies.find(one.body);
        const bool window = one.kind == GATEPOST_SEGMENT_WINDOW;
        if ((!window && one.kind != GATEPOST_SEGMENT_BODY) || body == bodies.end() ||
            body->second.call != call)
            return std::nullopt;
        const std::string& whole = body->second.bytes;
        if (window && (one.offset > whole.size() || one.length > whole.size() - one.offset))
            return std::nullopt;
        out += window ? whole.substr(one.offset, one.length) : whole;
    }
    return out;
}

}  // namespace gatepost::check
