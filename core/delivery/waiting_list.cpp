#include "delivery/waiting_list.hpp"

namespace gatepost::delivery {

void waiting_list::add(spool::due_message message) {
    const auto found = known_.find(message.id);
    if (found == known_.end() && known_.size() >= capacity_) {
        incomplete_ = true;
        return;
    }
    if (found != known_.end()) {
        lane_of(found->second.urgency).erase({found->second.due, message.id});
        if (!message.mail) message.mail = std::move(found->second.mail);
    }
    lane_of(message.urgency).emplace(message.due, message.id);
    known_[message.id] = std::move(message);
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
