#include "spool/accept_job.hpp"

#include <utility>

#include "base/limits.hpp"
#include "spool/jobs.hpp"
#include "spool/record.hpp"

namespace gatepost::spool {
namespace {

// Mail for later than this is not kept in memory for its first attempt.
constexpr auto soon = std::chrono::minutes{1};

std::string key_bytes(const idempotency& key) {
    return key.scope + '\0' + key.key;
}

}  // namespace

accept_job::accept_job(accept_request request, placed_contents placed, wall_time now,
                       std::chrono::milliseconds lifetime, content_files& files, memory_budget used,
                       callback<accept_answer> done)
    : id_(request.mail->id),
      mail_(std::move(request.mail)),
      key_(std::move(request.key)),
      file_names_(std::move(placed.files)),
      files_(files),
      used_(std::move(used)),
      done_(std::move(done)) {
    placed.places.resize(contents_of(*mail_).size());
    record_ = encode_record(*mail_, placed.places);
    message_state state =
        first_state(*mail_, request.owner_uid, std::move(request.connection), now, lifetime);
    state.has_files = !file_names_.empty();
    state_ = encode_state(state);
    place_ = {std::move(state.connection), state.next_attempt, state.urgency, end_of(state)};
    event_ = {id_, status_of(state, now)};
}

bool accept_job::run(work& on) {
    answer_ = take(on);
    return true;
}

result<std::optional<mail_id>> find_used_key(work& on, const idempotency& key) {
    const auto used = on.rows.find_key(key_bytes(key));
    if (!used || used->expires <= on.now) return std::optional<mail_id>();
    if (used->fingerprint != key.fingerprint) {
        return error{error_kind::idempotency_mismatch,
                     "the Idempotency-Key was used for other content within the last 24 hours; "
                     "it belongs to the message " +
                         used->id.to_string()};
    }
    return std::optional(used->id);
}

// Everything that can be refused is refused before the first row is written.
result<accept_answer> accept_job::take(work& on) {
    if (key_) {
        const auto earlier = find_used_key(on, *key_);
        if (!earlier) return earlier.error();
        if (*earlier) {
            on.out.files_unused.insert(on.out.files_unused.end(), file_names_.begin(),
                                       file_names_.end());
            return accept_answer{**earlier, true};
        }
    }
    if (!on.has_room(weight())) {
        return error{error_kind::storage, "the spool's disk is full", {}, std::chrono::seconds{5}};
    }
    if (!on.rows.insert(id_, state_, record_, file_names_)) {
        return error{error_kind::internal, "the id " + id_.to_string() + " was given out twice"};
    }
    if (key_) {
        on.rows.put_key(key_bytes(*key_),
                        {id_, key_->fingerprint, on.now + limits::idempotency_time});
    }
    on.out.accepted.push_back(id_);
    on.out.moves.push_back({id_, std::nullopt, place_});
    on.out.events.push_back(event_);
    on.out.files_kept.insert(on.out.files_kept.end(), file_names_.begin(), file_names_.end());
    auto kept = place_.due <= on.now + soon ? keep_in_memory() : nullptr;
    on.out.due.push_back({id_, place_.connection, place_.due, place_.urgency, std::move(kept)});
    return accept_answer{id_, false};
}

// The pointer's lifetime is the account: whoever holds it holds the memory.
std::shared_ptr<const mail::message> accept_job::keep_in_memory() {
    const uint64_t size = record_.size();
    if (used_->fetch_add(size) + size > limits::first_attempt_bytes) {
        used_->fetch_sub(size);
        return nullptr;
    }
    const auto* raw = mail_.get();
    return {raw, [held = mail_, used = used_, size](const mail::message*) mutable {
                held.reset();
                used->fetch_sub(size);
            }};
}

void accept_job::settle() {
    if (!*answer_) files_.release(file_names_, true);
    done_(*std::move(answer_));
}

void accept_job::fail(const error& why) {
    if (!file_names_.empty()) files_.release(file_names_, why.kind != error_kind::outcome_unknown);
    done_(why);
}

}  // namespace gatepost::spool
