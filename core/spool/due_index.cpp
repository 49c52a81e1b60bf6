// One ordered set a connection; a connection's empty set is dropped, so that names that are gone
// cost nothing.
#include "spool/due_index.hpp"

#include <algorithm>

namespace gatepost::spool {

due_index::key due_index::key_of(mail_id id, wall_time due, mail::priority urgency) {
    // Before 1970 is long ago, not far ahead.
    const auto when = static_cast<uint64_t>(std::max<int64_t>(0, due.time_since_epoch().count()));
    return {when << 2 | (3U - static_cast<unsigned>(urgency)), id.value};
}

std::optional<waiting_place> place_of(const message_state& state) {
    const auto due = due_of(state);
    if (!due) return std::nullopt;
    return waiting_place{state.connection, *due, state.urgency, end_of(state)};
}

std::optional<waiting_place> lookup_place_of(const message_state& state) {
    if (!state.lookup_at) return std::nullopt;
    return waiting_place{state.connection, *state.lookup_at, state.urgency,
                         *state.lookup_at + lookup_patience};
}

void due_index::add(mail_id id, const waiting_place& place) {
    auto& keys = by_connection_[place.connection];
    // Mostly it is the newest: the hint makes that cheap.
    const size_t before = keys.size();
    keys.insert(keys.end(), key_of(id, place.due, place.urgency));
    size_ += keys.size() - before;
    by_end_.insert(key_of(id, place.end, mail::priority::normal));
}

void due_index::remove(mail_id id, const waiting_place& place) {
    const auto at = by_connection_.find(place.connection);
    if (at != by_connection_.end()) {
        size_ -= at->second.erase(key_of(id, place.due, place.urgency));
        if (at->second.empty()) by_connection_.erase(at);
    }
    by_end_.erase(key_of(id, place.end, mail::priority::normal));
}

std::vector<waiting_entry> due_index::waiting(const std::string& connection, wall_time due_before,
                                              size_t limit) const {
    std::vector<waiting_entry> out;
    const auto at = by_connection_.find(connection);
    if (at == by_connection_.end()) return out;
    for (const key& each : at->second) {
        const wall_time due{std::chrono::milliseconds{static_cast<int64_t>(each.when >> 2)}};
        if (out.size() >= limit || due > due_before) break;
        out.push_back({{each.id}, due, static_cast<mail::priority>(3 - (each.when & 3))});
    }
    return out;
}

std::vector<mail_id> due_index::ended(wall_time now, size_t limit) const {
    std::vector<mail_id> out;
    for (const key& each : by_end_) {
        const wall_time end{std::chrono::milliseconds{static_cast<int64_t>(each.when >> 2)}};
        if (out.size() >= limit || end > now) break;
        out.push_back({each.id});
    }
    return out;
}

void due_index::clear() {
    by_connection_.clear();
    by_end_.clear();
    size_ = 0;
}

}  // namespace gatepost::spool
