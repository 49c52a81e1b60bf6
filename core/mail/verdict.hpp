// What an attempt said about a recipient (DESIGN section 3), as values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::mail {

enum class verdict : uint8_t { accepted = 1, deferred = 2, rejected = 3, unknown = 4 };
enum class blame : uint8_t {
    none,
    message,
    recipient,
    sender,
    credential,
    quota,
    provider,
    network,
    config,
    plugin
};

std::string_view to_string(verdict value);
std::string_view to_string(blame value);
std::optional<verdict> parse_verdict(std::string_view text);
std::optional<blame> parse_blame(std::string_view text);

struct recipient_result {
    uint32_t index = 0;  // of the recipient in the message
    mail::verdict verdict = mail::verdict::unknown;
    mail::blame blame = mail::blame::none;
    int32_t code = 0;                 // as the provider said it; 0 if none
    std::string text;                 // safe to log, capped
    std::string provider_message_id;  // capped
    std::optional<std::chrono::milliseconds> retry_after;
    bool captured = false;  // filed or shown, delivered to nobody
};

// What one attempt gave, for every recipient it carried.
struct attempt_result {
    std::vector<recipient_result> recipients;
    std::string state;  // for a later lookup; opaque
    std::optional<std::chrono::milliseconds> lookup_after;
};

}  // namespace gatepost::mail
