// Expiry, sweep and list: each looks at a bounded number of rows in one batch and comes again.
#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "spool/jobs.hpp"
#include "spool/rows.hpp"

namespace gatepost::spool {
namespace {

constexpr size_t rows_seen = 1000;    // in one batch
constexpr size_t rows_changed = 200;  // in one batch

// Ids begin with the time they were given out, so old messages stand first. If the clock was once
// ahead, so are all ids since, and the message has to say itself when it came.
wall_time came_at(mail_id id, const message_state& state, wall_time now) {
    return id.time() <= now ? id.time() : state.created;
}

}  // namespace

std::optional<result<uint64_t>> expire_slices::operator()(work& on) {
    uint64_t changed = 0;
    for (const auto* index : {&on.index, &on.lookups}) {
        for (const mail_id id : index->ended(now_, rows_changed))
            changed += expire_message(on, id, now_) ? 1 : 0;
    }
    changed_ += changed;
    if (changed > 0) return std::nullopt;
    return result<uint64_t>(changed_);
}

void sweep_slices::remove_messages(work& on) {
    std::vector<std::pair<mail_id, bool>> over;
    bool too_young = false;
    at_ = on.rows.scan_done(*at_, rows_seen, [&](mail_id id, stored_state& found) {
        // What came while the clock was ahead ends nothing: older messages may stand behind it.
        const wall_time came = came_at(id, found.state, now_);
        too_young = came <= now_ && came + limits::keep_final > now_;
        if (!too_young && found.state.updated + limits::keep_final <= now_)
            over.emplace_back(id, found.state.has_files);
        return !too_young && over.size() < rows_changed;
    });
    if (too_young) at_.reset();
    for (const auto& [id, has_files] : over) {
        if (has_files) {
            auto names = on.rows.files(id);
            std::move(names.begin(), names.end(), std::back_inserter(on.out.files_unused));
        }
        on.rows.remove(id, true);
        ++removed_;
    }
}

std::optional<result<uint64_t>> sweep_slices::operator()(work& on) {
    if (at_) {
        remove_messages(on);
        return std::nullopt;
    }
    if (key_) {
        key_ = on.rows.sweep_keys(*key_, now_, rows_seen);
        if (key_) return std::nullopt;
    }
    files_->sweep();
    return result<uint64_t>(removed_);
}

// What the state alone can say; the marks pass over most that do not name the recipient or tag.
bool list_slices::may_match(const message_state& state, wall_time now) const {
    if (query_.owner_uid && state.owner_uid != *query_.owner_uid) return false;
    if (query_.status && status_of(state, now) != *query_.status) return false;
    if (!query_.recipient.empty() && (state.marks & mark_of(query_.recipient)) == 0) return false;
    return query_.tag.empty() || (state.marks & mark_of(query_.tag)) != 0;
}

bool list_slices::matches(const message_row& row) const {
    const bool recipient =
        query_.recipient.empty() ||
        std::any_of(row.recipients.begin(), row.recipients.end(), [&](const auto& each) {
            return text::equal_ignoring_case(each.address, query_.recipient);
        });
    return recipient && (query_.tag.empty() ||
                         std::find(row.tags.begin(), row.tags.end(), query_.tag) != row.tags.end());
}

std::optional<result<std::vector<message_row>>> list_slices::operator()(work& on) {
    if (on.again) {
        rows_.clear();
        before_ = query_.before;
    }
    const size_t limit = std::min(query_.limit, limits::list_max);
    const auto last = on.rows.scan_newest(before_, rows_seen, [&](mail_id id, stored_state& found) {
        if (rows_.size() >= limit) return false;
        if (!may_match(found.state, on.now)) return true;
        auto row = row_of(id, found.state, on.rows.head(id), on.now);
        if (matches(row)) rows_.push_back(std::move(row));
        return rows_.size() < limit;
    });
    if (last) before_ = *last;
    if (last && rows_.size() < limit) return std::nullopt;
    return result<std::vector<message_row>>(std::move(rows_));
}

}  // namespace gatepost::spool
