// Which limits hold for a connection: what its owner wrote, else what the provider told while it
// sent, else the plugin's manifest. What is told may lower what the owner wrote, never raise it.
#pragma once

#include "config/config.hpp"
#include "delivery/quota.hpp"
#include "plugin/registry.hpp"

namespace gatepost::delivery {

struct quotas {
    quota sends, lookups;
};

quotas quotas_of(const config::limits_table& own, const plugin::default_limits& defaults);

// What was counted stays counted.
void learn(quotas& held, const config::limits_table& own, const plugin::default_limits& told);

}  // namespace gatepost::delivery
