// What an answer of Azure means: verdict, blame, when to try again, what to change. Pure.
//
// The error's code speaks first (error.code in the body, else x-ms-error-code), then words of its
// message, then the status: Azure publishes no full list of codes. The tables are
// verdict_table.hpp.
#pragma once

#include <gatepost/network.hpp>
#include <gatepost/outcome.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace azure {

struct answer {
    int status = 0;
    std::string code, message;    // of an error, also of an operation that failed
    std::string id, state;        // of an operation: "Running"
    std::optional<int64_t> date;  // milliseconds, of the Date header
    bool by_token = false;        // it answers a request with an Entra ID token, not a signature
    std::chrono::seconds retry_after{};
};
answer read_answer(const gatepost::sdk::http_reply& from, int64_t wall_now);

// Of the POST.
gatepost::sdk::outcome judge(const answer& said);
// Of an operation that was found: accepted, or failed by Azure itself.
gatepost::sdk::outcome judge_operation(const answer& said);
// What a GET of an operation says about the mail.
enum class sighting : uint8_t {
    running,  // accepted; the end is open
    done,     // Succeeded
    failed,   // Failed, Canceled: it went to nobody, and will not
    absent,   // Azure does not know it
    unclear   // no answer to that question
};
sighting sighted(const answer& said) noexcept;

// An answer to the POST after which Azure may have the mail all the same.
bool is_unclear(const answer& said) noexcept;
// Refused for the clock, and the answer's Date says by how much it is wrong.
std::optional<int64_t> clock_error(const answer& said, int64_t our_time) noexcept;

// What a lookup is given back.
struct notes {
    std::string operation;
    int asked = 0;         // lookups so far
    bool unclear = false;  // Azure never said that it has the mail
};
std::string write_notes(const notes& from);
std::optional<notes> read_notes(std::string_view text);

}  // namespace azure
