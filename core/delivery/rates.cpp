#include "delivery/rates.hpp"

#include <algorithm>

namespace gatepost::delivery {
namespace {

using namespace std::chrono_literals;
using config::limits_table;
using plugin::default_limits;

struct rate {
    quota quotas::* counted_in;
    std::optional<uint32_t> limits_table::* own;
    std::optional<uint32_t> default_limits::* provider;
    std::chrono::milliseconds period;
};

constexpr rate rates[] = {
    {&quotas::sends, &limits_table::per_second, &default_limits::per_second, 1s},
    {&quotas::sends, &limits_table::per_minute, &default_limits::per_minute, 1min},
    {&quotas::sends, &limits_table::per_hour, &default_limits::per_hour, 1h},
    {&quotas::sends, &limits_table::per_day, &default_limits::per_day, 24h},
    {&quotas::lookups, &limits_table::lookups_per_minute, &default_limits::lookups_per_minute,
     1min},
    {&quotas::lookups, &limits_table::lookups_per_hour, &default_limits::lookups_per_hour, 1h}};

}  // namespace

quotas quotas_of(const limits_table& own, const default_limits& defaults) {
    quotas made;
    for (const rate& each : rates) {
        const auto limit = own.*each.own ? own.*each.own : defaults.*each.provider;
        (made.*each.counted_in).add(limit, each.period);
    }
    return made;
}

void learn(quotas& held, const limits_table& own, const default_limits& told) {
    for (const rate& each : rates) {
        const auto said = told.*each.provider;
        if (!said) continue;
        const uint32_t limit = std::min(*said, (own.*each.own).value_or(*said));
        (held.*each.counted_in).set(limit, each.period);
    }
}

}  // namespace gatepost::delivery
