// Whether a message may be accepted, and by which connection: everything that can be said before
// the 202 is said before the 202. Pure: configuration, plugins and message in; connection name or
// error out; `checks` remembers what it could make again.
#pragma once

#include <string>

#include "base/result.hpp"
#include "config/config.hpp"
#include "mail/message.hpp"
#include "plugin/check.hpp"
#include "plugin/registry.hpp"

namespace gatepost::delivery {

struct admission {
    std::string connection;
};

// The message's `connection`, else `default`, else the only active one, else `no_connection` naming
// what exists. Then the provider's capabilities, sizes, provider_options against its
// message_options schema, and gatepost.check/1. Fills in `from` (and the envelope sender) from the
// connection where the message has none.
result<admission> admit(mail::message& message, const config::settings& config,
                        const plugin::registry& plugins, plugin::message_checks& checks,
                        wall_time now);

}  // namespace gatepost::delivery
