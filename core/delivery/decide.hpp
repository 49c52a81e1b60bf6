// What an attempt means for each recipient. Pure: what was said, what came before and the rules in;
// new states out.
#pragma once

#include <vector>

#include "base/clock.hpp"
#include "delivery/retry.hpp"
#include "mail/message.hpp"
#include "mail/verdict.hpp"
#include "spool/spool.hpp"

namespace gatepost::delivery {

struct attempt_facts {
    mail_id id;
    uint32_t attempt = 1;
    wall_time now{};
    std::optional<wall_time> expires_at;
    mail::unknown_rule on_unknown = mail::unknown_rule::retry;
    // The provider mails everyone in To again, so a message that was partly sent cannot go on
    // through it.
    bool separate_envelope = true;
    bool after_unknown = false;  // an earlier attempt's outcome is unknown
    size_t recipients_in_message = 0;
    uint64_t random = 0;
};

struct lookup_facts {
    uint32_t attempt = 1;  // the one that is looked up
    wall_time now{};
    bool separate_envelope = true;
    std::vector<spool::recipient_row> recipients;
    std::string state;  // what the provider gave for it
    uint64_t random = 0;
};

spool::record_request decide(const attempt_facts& facts, const mail::attempt_result& said,
                             const retry_policy& policy);

// What a lookup means: only what was learnt is a change. A mail that was sent is never tried again
// by itself, whatever is learnt.
spool::record_request decide_lookup(const lookup_facts& facts, const mail::attempt_result& said,
                                    const retry_policy& policy);

}  // namespace gatepost::delivery
