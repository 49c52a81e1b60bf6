// Every error of SES that is known, as data. The first row that fits decides; a field that is empty
// or 0 fits everything. The rows behind the empty types are the plain rule by status. Rows with the
// advice missing_thing are the message's fault where the message, not the connection, named it.
#pragma once

#include <string_view>

#include "verdict.hpp"

namespace ses::table {

using gatepost::sdk::blame;
using enum gatepost::sdk::verdict;

struct row {
    int lowest, highest;     // HTTP status
    std::string_view type;   // begins the error's type, so that "Throttling" has its Exception too
    std::string_view words;  // stands in the message, in any letter case
    gatepost::sdk::verdict verdict;
    gatepost::sdk::blame blame;
    int retry_after;  // seconds; 0: the gateway's own schedule
    std::string_view advice;
};

inline constexpr std::string_view new_keys =
    "Check access_key_id and secret_access_key: the key may be deleted, switched off, or of "
    "another "
    "account or partition. Make a new one in the IAM console.";
inline constexpr std::string_view wrong_secret =
    "Check secret_access_key, letter by letter, and region: a key pair signs for one region at a "
    "time. Check this machine's clock too.";
inline constexpr std::string_view allow_sending =
    "Allow the actions ses:SendEmail and ses:SendRawEmail for this user or role, and for the "
    "sender's identity.";
inline constexpr std::string_view renew_token =
    "The session has ended. Set a fresh session_token with its keys, or use credentials = "
    "\"container\" or \"instance\", which are renewed by themselves.";
inline constexpr std::string_view set_clock =
    "Set this machine's clock; AWS allows 15 minutes of difference.";
inline constexpr std::string_view day_used =
    "The account's messages of 24 hours are used up. Ask AWS for a higher sending quota, or wait.";
inline constexpr std::string_view slower =
    "Lower per_second in the connection's limits to the account's sending rate, which a test "
    "shows.";
inline constexpr std::string_view verify_sender =
    "Verify the sender's address or domain in the SES console, in the region of this connection: "
    "identities belong to one region.";
inline constexpr std::string_view leave_sandbox =
    "The account is in the sandbox of this region: verify the recipient, or ask for production "
    "access in the SES console.";
inline constexpr std::string_view mail_from =
    "Finish the MX record of the custom MAIL FROM domain, or let SES use its own on failure.";
inline constexpr std::string_view missing_thing =
    "Configuration set, template, contact list, tenant and identity must exist in the region of "
    "this connection.";
inline constexpr std::string_view suspended =
    "AWS has suspended sending for this account. Open the SES console, Account dashboard, and "
    "answer AWS's case.";
inline constexpr std::string_view paused =
    "Sending is paused for the account or the configuration set. Switch it on again in the SES "
    "console.";
inline constexpr std::string_view wrong_endpoint =
    "Check region and endpoint: something answered that is not SES.";

inline constexpr int minute = 60;

inline constexpr row rows[] = {
    // Quotas. SES never says when; a day's quota is a sliding window.
    {0, 0, "", "Daily message quota exceeded", deferred, blame::quota, 10 * minute, day_used},
    {0, 0, "", "Maximum sending rate exceeded", deferred, blame::quota, 1, slower},
    {0, 0, "TooManyRequests", "", deferred, blame::quota, 1, slower},
    {0, 0, "Throttling", "", deferred, blame::quota, 1, slower},
    {0, 0, "LimitExceeded", "", deferred, blame::quota, minute, slower},

    // Who we are.
    {0, 0, "AccountSuspended", "", deferred, blame::credential, 0, suspended},
    {0, 0, "AccessDenied", "", deferred, blame::credential, 0, allow_sending},
    {0, 0, "UnrecognizedClient", "", deferred, blame::credential, 0, new_keys},
    {0, 0, "InvalidClientTokenId", "", deferred, blame::credential, 0, new_keys},
    {0, 0, "MissingAuthenticationToken", "", deferred, blame::credential, 0, new_keys},
    {0, 0, "InvalidSignature", "", deferred, blame::credential, 0, wrong_secret},
    {0, 0, "SignatureDoesNotMatch", "", deferred, blame::credential, 0, wrong_secret},
    {0, 0, "IncompleteSignature", "", deferred, blame::credential, 0, wrong_secret},
    {0, 0, "ExpiredToken", "", deferred, blame::credential, 0, renew_token},
    {0, 0, "RequestExpired", "", deferred, blame::config, 0, set_clock},
    {0, 0, "OptInRequired", "", deferred, blame::credential, 0, new_keys},

    // The account's and the sender's state.
    {0, 0, "SendingPaused", "", deferred, blame::config, 10 * minute, paused},
    {0, 0, "MailFromDomainNotVerified", "", deferred, blame::sender, 0, mail_from},
    {0, 0, "MessageRejected", "is not verified", deferred, blame::sender, 0, verify_sender},
    {0, 0, "NotFound", "", deferred, blame::config, 0, missing_thing},
    {0, 0, "ConfigurationSetDoesNotExist", "", deferred, blame::config, 0, missing_thing},
    {400, 400, "", "onfiguration set", deferred, blame::config, 0, missing_thing},

    // The message.
    {0, 0, "MessageRejected", "", rejected, blame::message, 0, ""},
    {400, 400, "BadRequest", "", rejected, blame::message, 0, ""},
    {400, 400, "Validation", "", rejected, blame::message, 0, ""},
    {413, 413, "", "", rejected, blame::message, 0, "Send less: SES takes 40 MB after base64."},

    // By status. 500, 502 and 504 may have sent it; 503 says that nothing was done.
    {503, 503, "", "", deferred, blame::provider, 0, ""},
    {500, 599, "", "", unknown, blame::provider, 0, ""},
    {429, 429, "", "", deferred, blame::quota, 1, slower},
    {408, 408, "", "", deferred, blame::network, 0, ""},
    {407, 407, "", "", deferred, blame::config, 0, "Check the proxy's user and password."},
    {401, 401, "", "", deferred, blame::credential, 0, new_keys},
    {403, 403, "", "", deferred, blame::credential, 0, new_keys},
    {404, 405, "", "", deferred, blame::config, 0, wrong_endpoint},
    {300, 399, "", "", deferred, blame::config, 0, wrong_endpoint},
    {400, 499, "", "", rejected, blame::message, 0, ""},
    {0, 0, "", "", unknown, blame::provider, 0, wrong_endpoint},
};

}  // namespace ses::table
