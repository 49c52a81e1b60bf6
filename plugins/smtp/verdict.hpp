// What a reply means: which verdict, who is to blame, when to try again, what to change. Pure.
//
// The enhanced code speaks first, then the reply code, then the provider's words; one table holds
// what is peculiar, and after it the plain rule of RFC 5321 applies: 4yz may work later, 5yz will
// not, and both say so about the recipient, the sender or the message, by where they came.
#pragma once

#include <gatepost/outcome.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "reply.hpp"
#include "settings.hpp"

namespace smtp {

enum class phase : uint8_t { greeting, hello, starttls, login, sender, recipient, data, message };

struct ruling {
    gatepost::sdk::verdict verdict = gatepost::sdk::verdict::deferred;
    gatepost::sdk::blame blame = gatepost::sdk::blame::provider;
    int code = 0;
    std::string text;
    std::chrono::seconds retry_after{};
    std::string_view advice{};  // lives for ever
};

ruling judge(phase at, const reply& said);

// Of a login with a token that was refused: what helps against a password does not help there.
std::string_view token_advice(const ruling& refusal) noexcept;

// 452 4.5.3 and its kin at RCPT: no failure, but the end of this transaction's recipients.
bool is_too_many_recipients(const reply& said);

// "A8B1C2" of a ruling's "250 2.0.0 Ok: queued as A8B1C2"; empty if the words are not known.
std::string_view queue_id(std::string_view text);

// The stage of a test, and its name for people.
std::string_view stage_of(phase at) noexcept;

// Where a connect or a handshake failed (GATEPOST_AT_*), in words.
std::string_view advice_at(uint32_t failed_at) noexcept;
// Whom that blames: a certificate stays wrong until somebody changes something, and so does a
// server that speaks no TLS that is good enough. `newest`: minimum_tls = "1.3".
gatepost::sdk::blame blame_at(uint32_t failed_at, gatepost::sdk::service_status status,
                              bool newest) noexcept;
// Both, of a connect or a STARTTLS that failed with `why`: a file of ours that cannot be used is no
// handshake, and the server is not to blame for it.
ruling judge_connection(uint32_t failed_at, gatepost::sdk::service_status status, std::string why,
                        const options& how);

}  // namespace smtp
