// A stored state and the head of its message, put together as people see them.
#pragma once

#include <optional>
#include <vector>

#include "spool/store.hpp"

namespace gatepost::spool {

message_row row_of(mail_id id, const message_state& state, const result<mail::message>& head,
                   wall_time now);
std::vector<recipient_row> recipients_of(const message_state& state, const mail::message* head);
// With attempts.
message_row full_row(store& rows, mail_id id, const message_state& state, wall_time now);

}  // namespace gatepost::spool
