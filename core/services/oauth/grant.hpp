// From a client to the form that asks for a token, and from the answer to a token or to a sentence
// that says what to do. Pure: RFC 6749, RFC 7523 (service account), RFC 8628 (device), and the
// error codes that Google and Microsoft send.
//
// When a token ends is counted from the moment its answer came, by expires_in alone: no date of a
// server is believed, but for one thing: if an assertion was refused because of its time, the
// answer's Date says how far this machine's clock is off.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "services/oauth/oauth.hpp"

namespace gatepost::services {

using form_fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
// application/x-www-form-urlencoded; a field without a value is left out.
secret form_of(form_fields fields);

secret refresh_form(const oauth_client& client, const secret& refresh_token);
secret client_credentials_form(const oauth_client& client);
// `now` is the provider's, as far as it is known.
result<secret> service_account_form(const oauth_client& client, wall_time now);
secret device_begin_form(const oauth_client& client);
secret device_poll_form(const oauth_client& client, const secret& device_code);
secret code_form(const oauth_client& client, std::string_view code, const secret& verifier,
                 std::string_view redirect_uri);

struct granted {
    secret access_token, refresh_token;  // the second may be empty
    std::chrono::seconds lifetime{};
};

struct grant_answer {
    std::optional<granted> token;
    oauth_failure failure;  // if there is none
    // The assertion's time was refused; by this much the provider's clock is ahead of ours.
    std::optional<std::chrono::seconds> clock_ahead;
};
// `asked_with`: secrets of the request, which an answer may repeat and a sentence may not.
grant_answer read_grant(const oauth_client& client, const oauth_response& answer, wall_time now,
                        const secret& asked_with = {});

struct device_begun {
    oauth_device_login shown;
    secret device_code;
};
result<device_begun> read_device_begin(const oauth_client& client, const oauth_response& answer,
                                       wall_time now);

std::string authorize_address(const oauth_client& client, std::string_view redirect_uri,
                              std::string_view state, std::string_view challenge);
// http:// to this machine, as RFC 8252 section 7.3 has it.
bool is_loopback_address(const std::string& redirect_uri);

}  // namespace gatepost::services
