#include "delivery/waiting_list.hpp"

#include <algorithm>

namespace gatepost::delivery {

void waiting_list::add(spool::due_message message) {
    const auto found = known_.find(message.id);
    if (found != known_.end()) {
        lane_of(found->second.urgency).erase({found->second.due, message.id});
        if (!message.mail) message.mail = std::move(found->second.mail);
        known_.erase(found);
    }
    // What lies on disk has waited longer.
    if (message.due >= horizon_ && message.urgency != mail::priority::high)
        return turn_away(message.due);
    insert(std::move(message));
}

void waiting_list::insert(spool::due_message message) {
    lane_of(message.urgency).emplace(message.due, message.id);
    known_[message.id] = std::move(message);
    if (known_.size() > capacity_) turn_away_latest();
}

void waiting_list::turn_away(wall_time due) {
    incomplete_ = true;
    horizon_ = std::min(horizon_, due);
    turned_away_since_ = std::min(turned_away_since_, due);
}

// Urgent mail only if there is nothing else.
void waiting_list::turn_away_latest() {
    order* last = nullptr;
    for (order& lane : lanes_) {
        const bool only_urgent = last == &lanes_.front();
        if (!lane.empty() &&
            (last == nullptr || only_urgent || lane.rbegin()->first >= last->rbegin()->first))
            last = &lane;
    }
    const auto [due, id] = *last->rbegin();
    last->erase({due, id});
    known_.erase(id);
    turn_away(due);
}

// Few are left; or what is due lies on disk alone.
bool waiting_list::wants_refill(wall_time now) const {
    if (!incomplete_) return false;
    const auto due = next_due();
    return size() < capacity_ / 4 || (horizon_ <= now && (!due || *due > now));
}

void waiting_list::refilled(std::vector<spool::due_message> found, bool more_on_disk) {
    incomplete_ = look_again_;
    horizon_ = wall_time::max();
    const auto missed = std::exchange(turned_away_since_, wall_time::max());
    const auto last = found.empty() ? wall_time::max() : found.back().due;
    for (spool::due_message& message : found)
        add(std::move(message));
    if (more_on_disk) turn_away(last);
    if (missed != wall_time::max()) turn_away(missed);
}

std::optional<spool::due_message> waiting_list::take_due(wall_time now) {
    for (order& lane : lanes_) {
        if (lane.empty() || lane.begin()->first > now) continue;
        auto node = known_.extract(lane.begin()->second);
        lane.erase(lane.begin());
        return std::move(node.mapped());
    }
    return std::nullopt;
}

std::optional<wall_time> waiting_list::next_due() const {
    std::optional<wall_time> earliest;
    for (const order& lane : lanes_) {
        if (!lane.empty() && (!earliest || lane.begin()->first < *earliest))
            earliest = lane.begin()->first;
    }
    return earliest;
}

}  // namespace gatepost::delivery
