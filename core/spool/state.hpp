// What changes about a message after accept: the state of each recipient, its attempts, when it is
// due. Pure: every transition of README.md's table is a function here, from a state and a request
// to a state, without clock, thread or disk; the store keeps the bytes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "mail/message.hpp"
#include "mail/verdict.hpp"
#include "spool/spool.hpp"
#include "spool/types.hpp"

namespace gatepost::spool {

struct recipient_entry {
    recipient_state state = recipient_state::queued;
    bool possible_duplicate = false;
    bool uncertain = false;  // its newest attempt may have delivered; the next one is marked
    uint32_t attempt = 0;    // the newest that carried it
    std::optional<mail::recipient_result> last;
};

struct attempt_entry {
    attempt_row row;
    bool lost = false;  // ended without a verdict: we died, or its record was lost
};

struct message_state {
    uint32_t owner_uid = 0;
    std::string connection;
    mail::priority urgency = mail::priority::normal;
    std::optional<mail::unknown_rule> on_unknown;
    wall_time created{};
    wall_time updated{};
    wall_time alive_since{};  // accepted, due at first, or tried again by hand
    std::optional<wall_time> send_at;
    std::optional<wall_time> expires_at;  // its present end; nothing in rows of early builds only
    wall_time next_attempt{};             // of those still open
    uint64_t bytes = 0;
    uint64_t marks = 0;      // one bit for each address and tag: what a search may skip
    bool has_files = false;  // content files, listed in a table of their own
    uint32_t attempts = 0;
    uint32_t unknown_attempts = 0;
    std::string lookup_state;
    std::optional<wall_time> lookup_at;  // when to ask the provider what became of lookup_attempt
    uint32_t lookup_attempt = 0;
    uint32_t lookups = 0;  // done of that attempt
    std::vector<recipient_entry> recipients;
    std::vector<attempt_entry> log;  // the newest attempts; older ones have rows of their own
};

std::string encode_state(const message_state& state);
// Total: garbage is nothing.
std::optional<message_state> decode_state(std::string_view bytes);
std::string encode_attempt(const attempt_entry& attempt);
std::optional<attempt_entry> decode_attempt(std::string_view bytes);

// A bit of `marks` for a recipient's address or a tag.
uint64_t mark_of(std::string_view text);

// `lifetime`: where the message has no expires_at of its own.
message_state first_state(const mail::message& mail, uint32_t owner_uid, std::string connection,
                          wall_time now, std::chrono::milliseconds lifetime);
// For a message whose state cannot be read: everything held, so that a person decides.
message_state held_state(const mail::message& mail);

message_status status_of(const message_state& state, wall_time now);
// No recipient will ever move again by itself or by a verdict that is under way.
bool is_final(const message_state& state);
// Nothing at all is left to do: final, and no lookup waits.
bool is_over(const message_state& state);
// When it is to be handed out; nothing while an attempt runs or no recipient waits.
std::optional<wall_time> due_of(const message_state& state);
// When its time is over.
wall_time end_of(const message_state& state);

start_answer apply_start(message_state& state, const start_request& request, wall_time now);
// `conflict` if there is no such attempt. A change of a recipient that meanwhile belongs to a newer
// attempt, or is final, is passed over.
status apply_record(message_state& state, const record_request& request, wall_time now);
// What a lookup learnt of the attempt it was for: it settles what was unknown, and may turn sent
// into failed, never sent into open. `conflict` if no lookup of that attempt waits any more.
status apply_lookup(message_state& state, const record_request& request, wall_time now);
status apply_cancel(message_state& state, wall_time now);
// By hand. The message's time begins anew, up to what its sender wished if that lies ahead, else
// for `lifetime`: a wish that is over does not bind whoever asks for it knowingly.
status apply_retry(message_state& state, std::optional<wall_time> wished,
                   std::chrono::milliseconds lifetime, wall_time now);
// Ends what waits when the message's time is over: expired, or held where the newest attempt may
// have delivered. True if anything ended.
bool apply_expire(message_state& state, wall_time now);
// Gives a lookup up that nobody did for so long that nobody will. True if there was one.
bool apply_lookup_end(message_state& state, wall_time now);
// Turns recipients in `sending` into unknown or held, except those of `running` attempts; gives how
// many.
uint64_t apply_recovery(message_state& state, wall_time now, std::chrono::milliseconds delay,
                        mail::unknown_rule rule, const std::vector<uint32_t>& running);
// Holds all that is open, with the reason; for a message that can no longer be read.
void apply_damage(message_state& state, std::string_view reason, wall_time now);

}  // namespace gatepost::spool
