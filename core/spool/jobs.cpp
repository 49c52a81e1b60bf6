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

// Where a message stands in the two indexes.
struct places {
    explicit places(const message_state& state)
        : waiting(place_of(state)), lookup(lookup_place_of(state)) {}
    std::optional<waiting_place> waiting, lookup;
};

// Writes the row and says what follows: the indexes, an event, and that it is due again.
void write_back(work& on, mail_id id, stored_state& found, const places& before, bool tell_due) {
    on.rows.put(id, found, found.state);
    const places now(found.state);
    const auto& after = now.waiting;
    if (before.waiting || after) on.out.moves.push_back({id, before.waiting, after});
    if (before.lookup || now.lookup) on.out.lookup_moves.push_back({id, before.lookup, now.lookup});
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
    const places before(found.state);
    apply_damage(found.state, why.detail, on.now);
    write_back(on, id, found, before, false);
    return why;
}

}  // namespace

result<start_answer> start_attempt(work& on, const start_request& request) {
    auto found = on.rows.find(request.id);
    if (!found) return not_found(request.id);
    const places before(found->state);
    // Expiry looks every half minute only.
    if (apply_expire(found->state, on.now)) {
        write_back(on, request.id, *found, before, false);
        return start_answer{};
    }
    auto answer = apply_start(found->state, request, on.now);
    if (answer.recipients.empty()) return answer;
    write_back(on, request.id, *found, before, false);
    on.out.started.emplace_back(request.id, answer.attempt);
    return answer;
}

result<success> record_attempt(work& on, const record_request& request) {
    auto found = on.rows.find(request.id);
    if (!found) return not_found(request.id);
    const places before(found->state);
    on.out.ended.emplace_back(request.id, request.attempt);
    if (auto done = apply_record(found->state, request, on.now); !done) return done;
    write_back(on, request.id, *found, before, true);
    return success{};
}

result<success> record_lookup(work& on, const record_request& request) {
    auto found = on.rows.find(request.id);
    if (!found) return not_found(request.id);
    const places before(found->state);
    if (auto done = apply_lookup(found->state, request, on.now); !done) return done;
    write_back(on, request.id, *found, before, true);
    return success{};
}

bool expire_message(work& on, mail_id id, wall_time now) {
    auto found = on.rows.find(id);
    if (!found || found->done) return false;
    const places before(found->state);
    const bool expired = apply_expire(found->state, now);
    if (!apply_lookup_end(found->state, now) && !expired) return false;
    write_back(on, id, *found, before, false);
    return true;
}

result<message_row> cancel_message(work& on, mail_id id, std::optional<uint32_t> owner_uid) {
    auto found = find_owned(on, id, owner_uid);
    if (!found) return not_found(id);
    const places before(found->state);
    if (auto done = apply_cancel(found->state, on.now); !done) return done.error();
    write_back(on, id, *found, before, false);
    return full_row(on.rows, id, found->state, on.now);
}

result<message_row> retry_message(work& on, mail_id id, std::optional<uint32_t> owner_uid,
                                  std::chrono::milliseconds lifetime) {
    auto found = find_owned(on, id, owner_uid);
    if (!found) return not_found(id);
    const places before(found->state);
    const auto head = on.rows.head(id);  // its state may hold an end that was renewed before
    const auto wished = head ? head->expires_at : std::nullopt;
    if (auto done = apply_retry(found->state, wished, lifetime, on.now); !done) return done.error();
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
    out.lookup_attempt = state.lookup_attempt;
    return out;
}

result<message_row> show_message(work& on, mail_id id, std::optional<uint32_t> owner_uid) {
    const auto found = find_owned(on, id, owner_uid);
    if (!found) return not_found(id);
    return full_row(on.rows, id, found->state, on.now);
}

std::vector<due_message> waiting_messages(const due_index& index, const std::string& connection,
                                          wall_time due_before, size_t limit) {
    std::vector<due_message> out;
    for (const auto& each : index.waiting(connection, due_before, limit))
        out.push_back({each.id, connection, each.due, each.urgency, nullptr});
    return out;
}

}  // namespace gatepost::spool
