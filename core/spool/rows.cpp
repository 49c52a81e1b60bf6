#include "spool/rows.hpp"

#include <algorithm>

namespace gatepost::spool {

std::vector<recipient_row> recipients_of(const message_state& state, const mail::message* head) {
    std::vector<recipient_row> out(state.recipients.size());
    for (uint32_t i = 0; i < out.size(); ++i) {
        out[i].index = i;
        out[i].state = state.recipients[i].state;
        out[i].attempt = state.recipients[i].attempt;
        out[i].possible_duplicate = state.recipients[i].possible_duplicate;
        out[i].last = state.recipients[i].last;
        if (head == nullptr || i >= head->recipients.size()) continue;
        out[i].address = head->recipients[i].who.addr.text();
        out[i].role = head->recipients[i].kind;
    }
    return out;
}

message_row row_of(mail_id id, const message_state& state, const result<mail::message>& head,
                   wall_time now) {
    message_row row;
    row.id = id;
    row.owner_uid = state.owner_uid;
    row.connection = state.connection;
    row.created = state.created;
    row.updated = state.updated;
    row.send_at = state.send_at;
    row.expires_at = state.expires_at;
    row.next_attempt = due_of(state);
    row.bytes = state.bytes;
    row.status = status_of(state, now);
    row.recipients = recipients_of(state, head ? &*head : nullptr);
    if (!head) {
        row.subject = "(" + head.error().detail + ")";
        return row;
    }
    row.subject = head->subject;
    row.message_id = head->message_id;
    row.tags = head->tags;
    if (head->from) row.from = mail::format_mailbox(*head->from);
    return row;
}

message_row full_row(store& rows, mail_id id, const message_state& state, wall_time now) {
    message_row row = row_of(id, state, rows.head(id), now);
    for (auto& each : rows.attempts(id))
        row.attempts.push_back(std::move(each.row));
    for (const auto& each : state.log)
        row.attempts.push_back(each.row);
    std::sort(row.attempts.begin(), row.attempts.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
    return row;
}

}  // namespace gatepost::spool
