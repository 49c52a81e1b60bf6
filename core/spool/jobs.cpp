// One message at a time. The slices over many stand in slices.cpp.
#include "spool/jobs.hpp"

#include <sys/stat.h>

#include <utility>

#include "base/log.hpp"
#include "spool/record.hpp"
#include "spool/rows.hpp"

namespace gatepost::spool {
namespace {

error not_found(mail_id id) {
    return {error_kind::not_found, "there is no message " + id.to_string()};
}

std::optional<stored_state> find_owned(work& on, mail_id id, std::optional<uint32_t> owner_uid) {
    auto found = on.rows.find(id);
    if (found && owner_uid && found->state.owner_uid != *owner_uid) return std::nullopt;
    return found;
}

// Writes the row and says what follows: the index, an event, and that it is due again.
void write_back(work& on, mail_id id, stored_state& found,
                const std::optional<waiting_place>& before, bool tell_due) {
    on.rows.put(id, found, found.state);
    const auto after = place_of(found.state);
    if (before || after) on.out.moves.push_back({id, before, after});
    on.out.events.push_back({id, status_of(found.state, on.now)});
    if (tell_due && after)
        on.out.due.push_back({id, after->connection, after->due, after->urgency, nullptr});
}

// A content file that is missing or cut makes the message unreadable as much as a damaged row.
status check_files(const mail::message& mail) {
    for (const auto* each : contents_of(mail)) {
        if (each->in_memory()) continue;
        struct stat facts{};
        if (::lstat(each->path().c_str(), &facts) != 0 || !S_ISREG(facts.st_mode) ||
            static_cast<uint64_t>(facts.st_size) < each->offset() + each->size()) {
            return error{error_kind::io, "the stored message is damaged: its content file " +
                                             each->path().filename().string() +
                                             " is missing or cut"};
        }
    }
    return success{};
}

error hold_damaged(work& on, mail_id id, stored_state& found, const error& why) {
    log::error("spool.damaged", "a message cannot be read; it is held",
               {{"id", id.to_string()}, {"reason", why.detail}});
    const auto before = place_of(found.state);
    apply_damage(found.state, why.detail, on.now);
    write_back(on, id, found, before, false);
    return why;
}

}  // namespace

result<start_answer> start_attempt(work& on, const start_request& request) {
    auto found = on.rows.find(request.id);
    if (!found) return not_found(request.id);
    const auto before = place_of(found->state);
    auto answer = apply_start(found->state, request, on.now);
    if (answer.recipients.empty()) return answer;
    write_back(on, request.id, *found, before, false);
    on.out.started.emplace_back(request.id, answer.attempt);
    return answer;
}

result<success> record_attempt(work& on, const record_request& request) {
    auto found = on.rows.find(request.id);
    if (!found) return not_found(request.id);
    const auto before = place_of(found->state);
    on.out.ended.emplace_back(request.id, request.attempt);
    if (auto done = apply_record(found->state, request, on.now); !done) return done;
    write_back(on, request.id, *found, before, true);
    return success{};
}

result<message_row> cancel_message(work& on, mail_id id, std::optional<uint32_t> owner_uid) {
    auto found = find_owned(on, id, owner_uid);
    if (!found) return not_found(id);
    const auto before = place_of(found->state);
    if (auto done = apply_cancel(found->state, on.now); !done) return done.error();
    write_back(on, id, *found, before, false);
    return full_row(on.rows, id, found->state, on.now);
}

result<message_row> retry_message(work& on, mail_id id, std::optional<uint32_t> owner_uid) {
    auto found = find_owned(on, id, owner_uid);
    if (!found) return not_found(id);
    const auto before = place_of(found->state);
    if (auto done = apply_retry(found->state, on.now); !done) return done.error();
    write_back(on, id, *found, before, true);
    return full_row(on.rows, id, found->state, on.now);
}

result<loaded_message> load_message(work& on, mail_id id) {
    auto found = on.rows.find(id);
    if (!found) return not_found(id);
    auto& state = found->state;
    auto mail = on.rows.message(id);
    if (!mail) return hold_damaged(on, id, *found, mail.error());
    if (mail->recipients.size() != state.recipients.size()) {
        return hold_damaged(on, id, *found,
                            {error_kind::io,
                             "the stored message is damaged: its state is not of "
                             "its recipients"});
    }
    if (state.has_files) {
        if (auto whole = check_files(*mail); !whole)
            return hold_damaged(on, id, *found, whole.error());
    }
    loaded_message out;
    out.recipients = recipients_of(state, &*mail);
    out.mail = std::make_shared<const mail::message>(*std::move(mail));
    out.owner_uid = state.owner_uid;
    out.connection = state.connection;
    out.created = state.created;
    out.attempts = state.attempts;
    out.unknown_attempts = state.unknown_attempts;
    out.lookup_state = std::move(state.lookup_state);
    out.lookup_at = state.lookup_at;
    return out;
}

result<message_row> show_message(work& on, mail_id id, std::optional<uint32_t> owner_uid) {
    const auto found = find_owned(on, id, owner_uid);
    if (!found) return not_found(id);
    return full_row(on.rows, id, found->state, on.now);
}

std::vector<due_message> waiting_messages(work& on, const std::string& connection,
                                          wall_time due_before, size_t limit) {
    std::vector<due_message> out;
    for (const auto& each : on.index.waiting(connection, due_before, limit))
        out.push_back({each.id, connection, each.due, each.urgency, nullptr});
    return out;
}

}  // namespace gatepost::spool
