// The waiting messages of one connection, as far as they are in memory: a window on the spool's
// queue, ordered by urgency and due time. Bounded: it holds everything that is due before its
// horizon; what does not fit stays on disk, and the horizon is the earliest of that. So no backlog
// and nothing that waits for tomorrow shuts out what is due now. Urgent mail enters whatever the
// horizon is. Not thread safe.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

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
    bool knows(mail_id id) const { return known_.contains(id); }
    // There may be more on disk, nothing of it due before the horizon.
    bool incomplete() const { return incomplete_; }
    wall_time horizon() const { return horizon_; }
    bool wants_refill(wall_time now) const;
    // The disk knows things that were never told.
    void look_at_disk() { incomplete_ = look_again_ = true; }
    // From the question to its answer, which begins with the earliest; what is turned away between
    // them is not forgotten, and a wish to look at the disk stands.
    void refill_asked() {
        turned_away_since_ = wall_time::max();
        look_again_ = false;
    }
    void refilled(std::vector<spool::due_message> found, bool more_on_disk);

  private:
    using order = std::set<std::pair<wall_time, mail_id>>;
    order& lane_of(mail::priority urgency) { return lanes_[3 - static_cast<size_t>(urgency)]; }
    void insert(spool::due_message message);
    void turn_away(wall_time due);
    void turn_away_latest();

    size_t capacity_;
    std::array<order, 3> lanes_;  // high, normal, low
    std::unordered_map<mail_id, spool::due_message> known_;
    bool incomplete_ = false;
    bool look_again_ = false;  // since the last question
    wall_time horizon_ = wall_time::max();
    wall_time turned_away_since_ = wall_time::max();
};

}  // namespace gatepost::delivery
