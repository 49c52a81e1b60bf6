#include "spool/recovery.hpp"

#include <utility>

namespace gatepost::spool {
namespace {

constexpr size_t rows_at_once = 1000;

struct changed_row {
    mail_id id;
    stored_state found;
};

mail::unknown_rule rule_of(const options& how, const std::string& connection) {
    return how.unknown_rule_of ? how.unknown_rule_of(connection) : how.on_unknown;
}

std::vector<uint32_t> attempts_of(const running_attempts& running, mail_id id) {
    std::vector<uint32_t> out;
    for (auto [at, end] = running.equal_range(id); at != end; ++at)
        out.push_back(at->second);
    return out;
}

}  // namespace

result<uint64_t> recover(disk& disk, const indexes& filled, const options& how, wall_time now,
                         const running_attempts& running) {
    filled.waiting.clear();
    filled.lookups.clear();
    uint64_t recipients = 0;
    std::vector<changed_row> changed;
    const auto look = [&](mail_id id, stored_state& found) {
        auto& state = found.state;
        const uint64_t lost =
            apply_recovery(state, now, how.unknown_delay, rule_of(how, state.connection),
                           attempts_of(running, id));
        if (const auto place = place_of(state)) filled.waiting.add(id, *place);
        if (const auto place = lookup_place_of(state)) filled.lookups.add(id, *place);
        recipients += lost;
        if (lost > 0) changed.push_back({id, std::move(found)});
        return true;
    };
    disk.db().begin();
    for (std::optional<mail_id> at = mail_id{0}; at;)
        at = disk.rows().scan_open(*at, rows_at_once, look);
    for (auto& each : changed)
        disk.rows().put(each.id, each.found, each.found.state);
    if (disk.db().failed() || !disk.commit())
        return error{error_kind::io, disk.db().what_failed().text};
    return recipients;
}

}  // namespace gatepost::spool
