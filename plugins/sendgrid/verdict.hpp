// What an answer of SendGrid means: which verdict, who is to blame, when to try again, what to
// change. Pure; the table in verdict_table.hpp is the whole of it but for the successes.
#pragma once

#include <gatepost/json.hpp>
#include <gatepost/network.hpp>
#include <gatepost/outcome.hpp>

#include <cstdint>
#include <string>

namespace sendgrid {

// Of POST /v3/mail/send. wall_now: milliseconds since 1970.
gatepost::sdk::outcome judge(const gatepost::sdk::http_reply& answer, bool sandboxed,
                             int64_t wall_now);

// Of GET /v3/scopes: may this key send?
enum class key_state : uint8_t { may_send, may_not_send, cannot_tell, bad };
struct key_ruling {
    key_state state = key_state::bad;
    gatepost::sdk::outcome why;  // of `bad` and `may_not_send`
};
key_ruling judge_scopes(const gatepost::sdk::http_reply& answer, int64_t wall_now);

}  // namespace sendgrid
