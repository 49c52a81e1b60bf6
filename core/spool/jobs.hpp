// What start, record, cancel and the others do inside a transaction: find the row, let state.cpp
// decide, write the row, say what else follows. Each is a function from work to an answer; those
// that look at many rows are objects that do a slice at a time, so that no commit waits for them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spool/content_files.hpp"
#include "spool/job.hpp"

namespace gatepost::spool {

result<start_answer> start_attempt(work& on, const start_request& request);
result<success> record_attempt(work& on, const record_request& request);
result<success> record_lookup(work& on, const record_request& request);
// Ends what waits longer than it may: recipients, and a lookup. True if anything ended.
bool expire_message(work& on, mail_id id, wall_time now);
result<message_row> cancel_message(work& on, mail_id id, std::optional<uint32_t> owner_uid);
result<message_row> retry_message(work& on, mail_id id, std::optional<uint32_t> owner_uid,
                                  std::chrono::milliseconds lifetime);
// Nothing: the key is free.
result<std::optional<mail_id>> find_used_key(work& on, const idempotency& key);
// A message that cannot be read is held, with the reason, and answered with `io`.
result<loaded_message> load_message(work& on, mail_id id);
result<message_row> show_message(work& on, mail_id id, std::optional<uint32_t> owner_uid);
std::vector<due_message> waiting_messages(const due_index& index, const std::string& connection,
                                          wall_time due_before, size_t limit);

class expire_slices {
  public:
    explicit expire_slices(wall_time now) : now_(now) {}
    std::optional<result<uint64_t>> operator()(work& on);

  private:
    wall_time now_;
    uint64_t changed_ = 0;
};

class sweep_slices {
  public:
    sweep_slices(wall_time now, content_files& files) : now_(now), files_(&files) {}
    std::optional<result<uint64_t>> operator()(work& on);

  private:
    void remove_messages(work& on);

    wall_time now_;
    content_files* files_;
    std::optional<mail_id> at_ = mail_id{0};
    std::optional<std::string> key_ = std::string();
    uint64_t removed_ = 0;
};

class list_slices {
  public:
    explicit list_slices(list_query query) : query_(std::move(query)), before_(query_.before) {}
    std::optional<result<std::vector<message_row>>> operator()(work& on);

  private:
    bool may_match(const message_state& state, wall_time now) const;
    bool matches(const message_row& row) const;

    const list_query query_;
    mail_id before_;  // where the next slice begins
    std::vector<message_row> rows_;
};

}  // namespace gatepost::spool
