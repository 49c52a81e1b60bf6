// Names of the states, and the fold of a message's status out of its recipients' states.
#include "spool/types.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gatepost::spool {
namespace {

constexpr std::array<std::string_view, 8> recipient_names = {
    "queued", "sending", "sent", "failed", "unknown", "held", "expired", "cancelled"};
constexpr std::array<std::string_view, 10> message_names = {
    "scheduled", "queued",  "sending", "sent",    "partial",
    "failed",    "unknown", "held",    "expired", "cancelled"};

}  // namespace

std::string_view to_string(recipient_state value) {
    const auto at = static_cast<size_t>(value) - 1;
    return at < recipient_names.size() ? recipient_names[at] : "unknown";
}

std::string_view to_string(message_status value) {
    const auto at = static_cast<size_t>(value);
    return at < message_names.size() ? message_names[at] : "unknown";
}

std::optional<message_status> parse_message_status(std::string_view text) {
    const auto* at = std::find(message_names.begin(), message_names.end(), text);
    if (at == message_names.end()) return std::nullopt;
    return static_cast<message_status>(at - message_names.begin());
}

bool is_final(recipient_state value) {
    return value == recipient_state::sent || value == recipient_state::failed ||
           value == recipient_state::expired || value == recipient_state::cancelled;
}

bool is_final(message_status value) {
    return value == message_status::sent || value == message_status::partial ||
           value == message_status::failed || value == message_status::expired ||
           value == message_status::cancelled;
}

// What still moves decides first (sending, queued, unknown, held: the first of these that any
// recipient is in). When all are final: one common state, else partial if one was sent, else the
// worst that happened (failed, then expired).
message_status fold(std::span<const recipient_state> states, bool waiting_for_send_at) {
    const auto any = [&](recipient_state wanted) {
        return std::find(states.begin(), states.end(), wanted) != states.end();
    };
    if (any(recipient_state::sending)) return message_status::sending;
    if (any(recipient_state::queued)) {
        return waiting_for_send_at ? message_status::scheduled : message_status::queued;
    }
    if (any(recipient_state::unknown)) return message_status::unknown;
    if (states.empty() || any(recipient_state::held)) return message_status::held;
    const bool sent = any(recipient_state::sent);
    const bool failed = any(recipient_state::failed);
    const bool expired = any(recipient_state::expired);
    const bool cancelled = any(recipient_state::cancelled);
    if (sent)
        return failed || expired || cancelled ? message_status::partial : message_status::sent;
    if (failed) return message_status::failed;
    return expired ? message_status::expired : message_status::cancelled;
}

}  // namespace gatepost::spool
