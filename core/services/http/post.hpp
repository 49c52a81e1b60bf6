// One small request of the host's own, such as for a token: a POST of a form, whole, with its
// answer, on the caller's thread. By the rules of http/1: no redirect, no cookie, no environment's
// proxy, TLS with a checked name, and no address inside this machine or its network unless the
// owner named the host.
//
// It waits, so it runs on a thread that may. Ends at its deadline, or soon after `stop` is set.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "services/oauth/oauth.hpp"

namespace gatepost::services {

inline constexpr size_t post_answer_bytes = 64 * 1024;

oauth_response post_form(const oauth_request& what, std::chrono::milliseconds limit,
                         const std::atomic<bool>& stop);

// "Sun, 22 Nov 2026 21:58:53 GMT" and its old forms; nothing if it is no date.
std::optional<wall_time> read_http_date(std::string_view text);

}  // namespace gatepost::services
