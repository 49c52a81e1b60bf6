// What an answer of Mailgun means: which verdict, who is to blame, when to try again, what to
// change. Pure; the table in verdict_table.hpp is the whole of it but for the success.
#pragma once

#include <gatepost/network.hpp>
#include <gatepost/outcome.hpp>

#include <cstdint>

namespace mailgun {

// What a request says that its answer is to be held against.
struct asked_for {
    bool test_mode = false;
    bool own_ip = false;  // the message itself names sending_ip or sending_ip_pool
};
// Of POST messages and messages.mime. wall_now: milliseconds since 1970.
gatepost::sdk::outcome judge(const gatepost::sdk::http_reply& answer, const asked_for& by,
                             int64_t wall_now);

// Of GET /v4/domains/{domain}. An account's key may ask; a sending key may not.
enum class domain_state : uint8_t { active, stopped, maybe_sending_key, bad };
struct domain_ruling {
    domain_state state = domain_state::bad;
    gatepost::sdk::outcome why;  // of `stopped` and `bad`
};
domain_ruling judge_domain(const gatepost::sdk::http_reply& answer, int64_t wall_now);

// Of a POST messages that has no fields: a good key is told what is missing.
gatepost::sdk::outcome judge_empty_post(const gatepost::sdk::http_reply& answer, int64_t wall_now);

}  // namespace mailgun
