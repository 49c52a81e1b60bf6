// An answer that is no token: whose fault it is, whether it will pass, and what to do about it. The
// one table of error codes of RFC 6749, RFC 8628, Google and Microsoft. Pure. What the provider
// wrote is shown cut, on one line, without the request's secrets.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "services/oauth/oauth.hpp"

namespace gatepost::services {

oauth_failure failure_of(const oauth_client& client, const oauth_response& answer,
                         const secret& asked_with);

// Nobody has logged in yet, or what was kept cannot be used any more: `why` is a sentence.
oauth_failure login_needed(const std::string& connection, const std::string& why);

// The assertion of a service account came too early or too late.
bool is_about_time(const oauth_client& client, const oauth_failure& failure);
// By the answer's Date; nothing if that is within a minute of `now`.
std::optional<std::chrono::seconds> clock_ahead(const oauth_response& answer, wall_time now);
// Seconds, or a date, which is held against the answer's own Date.
std::optional<std::chrono::seconds> retry_after(const oauth_response& answer);

std::string host_of(const std::string& url);

}  // namespace gatepost::services
