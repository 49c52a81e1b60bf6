// The states of a recipient and of a message, and what the spool says about both. Pure values; the
// table of states, what a crash leaves behind at each point and who picks it up is README.md beside
// this file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/mail_id.hpp"
#include "mail/message.hpp"
#include "mail/verdict.hpp"

namespace gatepost::spool {

// Longer nobody waits for a lookup that is due: its connection may be gone.
inline constexpr auto lookup_patience = std::chrono::hours{7 * 24};

enum class recipient_state : uint8_t {
    queued = 1,   // waits for its (next) attempt; also before send_at
    sending = 2,  // carries a started mark without a verdict: in flight, or we died
    sent = 3,
    failed = 4,  // rejected, or given up
    unknown =
        5,  // the outcome of an attempt is not known, waits for the rule (retry) with next_attempt
    held = 6,  // stopped by a rule (on_unknown = hold), waits for a person
    expired = 7,
    cancelled = 8,
};

enum class message_status : uint8_t {
    scheduled,
    queued,
    sending,
    sent,
    partial,
    failed,
    unknown,
    held,
    expired,
    cancelled
};

std::string_view to_string(recipient_state value);
std::string_view to_string(message_status value);
std::optional<message_status> parse_message_status(std::string_view text);
bool is_final(recipient_state value);  // sent, failed, expired, cancelled
bool is_final(message_status value);

// The pure fold of DESIGN section 4. `waiting_for` is true while send_at lies ahead and nothing was
// tried.
message_status fold(std::span<const recipient_state> states, bool waiting_for_send_at);

struct recipient_row {
    uint32_t index = 0;
    std::string address;
    mail::role role = mail::role::to;
    recipient_state state = recipient_state::queued;
    uint32_t attempt = 0;                        // the newest that carried it
    bool possible_duplicate = false;             // an attempt after an unknown outcome
    std::optional<mail::recipient_result> last;  // what the newest attempt said
};

struct attempt_row {
    uint32_t number = 0;  // from 1
    std::string connection;
    wall_time started{};
    std::optional<wall_time> ended;  // nothing: in flight, or we died
    std::vector<mail::recipient_result> results;
};

// What GET /v1/messages/ID shows.
struct message_row {
    mail_id id;
    uint32_t owner_uid = 0;
    std::string connection;  // that carries it
    std::string subject;
    std::string from;
    std::string message_id;
    std::vector<std::string> tags;
    wall_time created{};
    wall_time updated{};
    std::optional<wall_time> send_at;
    std::optional<wall_time> expires_at;
    std::optional<wall_time> next_attempt;  // of the open recipients
    uint64_t bytes = 0;                     // of all content
    message_status status = message_status::queued;
    std::vector<recipient_row> recipients;
    std::vector<attempt_row> attempts;
};

}  // namespace gatepost::spool
