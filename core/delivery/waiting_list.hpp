// The waiting messages of one connection, as far as they are in memory: a window on the spool's
// queue, ordered by urgency and due time. Bounded: what does not fit stays on disk, and
// `incomplete` says that there is more. Not thread safe.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "spool/spool.hpp"

namespace gatepost::delivery {

class waiting_list {
  public:
    explicit waiting_list(size_t capacity) : capacity_(capacity) {}

    // A message that is known already keeps its memory and takes the new due time.
    void add(spool::due_message message);
    // The most urgent one that is due, taken out.
    std::optional<spool::due_message> take_due(wall_time now);
    // When the earliest becomes due.
    std::optional<wall_time> next_due() const;

    size_t size() const { return known_.size(); }
    // True if something was turned away since the last refill: more waits on disk.
    bool incomplete() const { return incomplete_; }
    bool wants_refill() const { return incomplete_ && size() < capacity_ / 4; }
    void refilled(bool more_on_disk) { incomplete_ = more_on_disk; }

  private:
    using order = std::set<std::pair<wall_time, mail_id>>;
    order& lane_of(mail::priority urgency) { return lanes_[3 - static_cast<size_t>(urgency)]; }

    size_t capacity_;
    std::array<order, 3> lanes_;  // high, normal, low
    std::unordered_map<mail_id, spool::due_message> known_;
    bool incomplete_ = false;
};

}  // namespace gatepost::delivery
