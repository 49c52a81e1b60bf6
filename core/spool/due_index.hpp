// Which messages wait, for which connection, until when: in memory, made from the `open` table at
// start, so that the tables need no index. Some 128 bytes a waiting message. The writer thread
// only. One is kept of what waits for an attempt, and one of what waits for a lookup.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/mail_id.hpp"
#include "spool/state.hpp"

namespace gatepost::spool {

struct waiting_entry {
    mail_id id;
    wall_time due{};
    mail::priority urgency = mail::priority::normal;
};

// Where a state stands in the index; nothing if it does not wait.
struct waiting_place {
    std::string connection;
    wall_time due{};
    mail::priority urgency = mail::priority::normal;
    wall_time end{};  // it waits no longer then
};
std::optional<waiting_place> place_of(const message_state& state);
std::optional<waiting_place> lookup_place_of(const message_state& state);

class due_index {
  public:
    void add(mail_id id, const waiting_place& place);
    void remove(mail_id id, const waiting_place& place);
    // In order of due time, the more urgent first.
    std::vector<waiting_entry> waiting(const std::string& connection, wall_time due_before,
                                       size_t limit) const;
    // Messages that have waited to their end.
    std::vector<mail_id> ended(wall_time now, size_t limit) const;
    [[nodiscard]] uint64_t size() const { return size_; }
    void clear();

  private:
    struct key {
        uint64_t when = 0;  // milliseconds x 4 + (3 - priority)
        uint64_t id = 0;
        auto operator<=>(const key&) const = default;
    };
    static key key_of(mail_id id, wall_time due, mail::priority urgency);

    std::map<std::string, std::set<key>, std::less<>> by_connection_;
    std::set<key> by_end_;
    uint64_t size_ = 0;
};

}  // namespace gatepost::spool
