// What an answer of SES means: verdict, blame, when to try again, what to change. Pure.
//
// The error's type speaks first (header x-amzn-ErrorType, else __type or code in the body), then
// words of its message, then the status. The table is verdict_table.hpp.
#pragma once

#include <gatepost/network.hpp>
#include <gatepost/outcome.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ses {

struct answer {
    int status = 0;
    std::string type;             // "MessageRejected"; empty if the answer names none
    std::string message;          // the provider's words
    std::string message_id;       // of a success
    std::optional<int64_t> date;  // milliseconds, of the Date header
    std::chrono::seconds retry_after{};
};
answer read_answer(const gatepost::sdk::http_reply& from, int64_t wall_now);

// A thing of the account that a request names: whose wish it was, if SES does not know it.
struct named_thing {
    std::string_view word;  // as SES calls it, in small letters without spaces
    bool by_message = false, by_settings = false;
};

// What a request says that its answer is to be held against.
struct asked_for {
    std::string_view sender;  // From: tells an unverified sender from an unverified recipient
    std::vector<named_thing> things;
};
gatepost::sdk::outcome judge(const answer& said, const asked_for& by);
// No answer came, or a success broke off before it said its id.
bool is_lost(const gatepost::sdk::http_reply& from, const answer& said) noexcept;

// Refused because of the clock, and the answer's Date says by how much it is wrong.
std::optional<int64_t> clock_error(const answer& said, int64_t our_time) noexcept;
bool is_expired_token(const answer& said) noexcept;

}  // namespace ses
