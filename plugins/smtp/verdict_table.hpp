// The replies that mean something else than their code says, one row each; the first row that fits
// wins. Read it with the provider facts beside it: every row is somebody's real server.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "verdict.hpp"

namespace smtp {

// Where a row applies: bits of phase.
constexpr unsigned at(phase which) {
    return 1u << static_cast<unsigned>(which);
}
constexpr unsigned anywhere = ~0u;
constexpr unsigned at_login = at(phase::login);
constexpr unsigned at_sender = at(phase::sender);
constexpr unsigned at_recipient = at(phase::recipient);
constexpr unsigned at_data = at(phase::data) | at(phase::message);
constexpr unsigned at_mail = at_sender | at_recipient | at_data;

struct peculiar {
    unsigned where;
    int code;                   // 0: any; 4, 5: any of that class
    std::string_view enhanced;  // "5.4.5"; "5.1." fits any of that subject; empty: any
    std::string_view words;     // in the text, letter case aside; empty: any
    gatepost::sdk::verdict verdict;
    gatepost::sdk::blame blame;
    int retry_seconds;
    std::string_view advice;
};

namespace table {

using gatepost::sdk::blame;
using gatepost::sdk::verdict;
inline constexpr auto deferred = verdict::deferred;
inline constexpr auto rejected = verdict::rejected;
inline constexpr int minute = 60, hour = 3600;

inline constexpr std::string_view password_off =
    "This server takes no passwords any more. Give the connection an [oauth] table instead of a "
    "password; at Exchange Online an administrator may turn password sign-in on again for a while.";
inline constexpr std::string_view app_password =
    "Use an app password instead of the account's own: in the Google account, turn 2-step "
    "verification on, then make one under Security, App passwords.";
inline constexpr std::string_view smtp_auth_disabled =
    "SMTP AUTH is switched off for this tenant or mailbox. An administrator can turn on "
    "\"Authenticated SMTP\" for the mailbox in the Microsoft 365 admin center.";
inline constexpr std::string_view wrong_login =
    "Check username and password (or token). Many providers want the whole address as username, "
    "and "
    "an app password or an API key as password.";
inline constexpr std::string_view wrong_token =
    "The token is good for another mailbox or scope, or was revoked. username is the mailbox; the "
    "scope is https://mail.google.com/ at Google, SMTP.Send or SMTP.SendAsApp at Microsoft. With "
    "an "
    "[oauth] table, `gatepost oauth login NAME` asks for consent again.";
inline constexpr std::string_view use_tls =
    "Set security = \"starttls\" (port 587) or security = \"tls\" (port 465).";
inline constexpr std::string_view log_in =
    "Set username and password: this server sends only for those who log in.";
inline constexpr std::string_view fewer_connections =
    "Lower limits.concurrency of this connection: the server counts sessions (Office 365: 3).";
inline constexpr std::string_view slower =
    "Lower limits.per_minute of this connection (Office 365: 30 a minute).";
inline constexpr std::string_view quota_used =
    "The account's sending quota is used up. It comes back within 24 hours; limits.per_day keeps "
    "below it.";
inline constexpr std::string_view sender_not_allowed =
    "Send from the address of the account that logs in, or allow it to send as this one; "
    "sender = \"force\" writes the connection's own address.";
inline constexpr std::string_view verify_sender =
    "Verify the sender's address or domain at the provider. In the SES sandbox recipients must be "
    "verified too.";
inline constexpr std::string_view smaller = "Send less: the server states the size it takes.";
inline constexpr std::string_view newer_tls =
    "The server wants TLS 1.2 or newer; leave minimum_tls at its default.";
inline constexpr std::string_view credits =
    "The provider's credits are used up; the key itself is right. Check the plan.";
inline constexpr std::string_view own_name =
    "Set ehlo_name to a full domain of yours: some servers refuse names such as localhost.";

inline constexpr peculiar rows[] = {
    // Who may come in. Credentials never reject a mail: it waits until they are right.
    {anywhere, 0, "5.7.30", "", deferred, blame::credential, 0, password_off},
    {at_login, 0, "", "basic authentication is disabled", deferred, blame::credential, 0,
     password_off},
    {at_login, 0, "", "SmtpClientAuthentication is disabled", deferred, blame::credential, 0,
     smtp_auth_disabled},
    {at_login, 451, "", "Maximum credits exceeded", deferred, blame::quota, hour, credits},
    {at_login, 0, "", "Maximum credits exceeded", deferred, blame::quota, hour, credits},
    {at_login, 454, "", "Too many login attempts", deferred, blame::quota, 10 * minute,
     fewer_connections},
    {at_login, 454, "", "Daily message quota exceeded", deferred, blame::quota, hour, quota_used},
    {at_login, 454, "", "Throttling", deferred, blame::quota, minute, slower},
    {at_login | at_mail, 432, "", "", deferred, blame::quota, minute, fewer_connections},
    {at_login, 534, "5.7.9", "", deferred, blame::credential, 0, app_password},
    {at_login, 534, "5.7.14", "", deferred, blame::credential, 0, app_password},
    {at_login, 534, "", "", deferred, blame::credential, 0, app_password},
    {at_login, 538, "", "", deferred, blame::config, 0, use_tls},
    {at_login, 530, "", "STARTTLS", deferred, blame::config, 0, use_tls},
    {at_login, 535, "", "gsmtp", deferred, blame::credential, 0, app_password},
    {at_login, 5, "", "", deferred, blame::credential, 0, wrong_login},
    {at_mail, 530, "", "STARTTLS", deferred, blame::config, 0, use_tls},
    {at_mail, 530, "", "", deferred, blame::credential, 0, log_in},
    {at_mail, 535, "", "", deferred, blame::credential, 0, wrong_login},
    {at_mail, 538, "", "", deferred, blame::config, 0, use_tls},
    {at(phase::starttls), 0, "", "", deferred, blame::provider, 0, use_tls},
    {at(phase::hello), 5, "", "", deferred, blame::config, 0, own_name},
    {anywhere, 421, "4.7.66", "", deferred, blame::config, 0, newer_tls},

    // Quotas and rates, whatever class the code has.
    {anywhere, 0, "5.4.5", "", deferred, blame::quota, 4 * hour, quota_used},
    {anywhere, 0, "", "Daily user sending limit exceeded", deferred, blame::quota, 4 * hour,
     quota_used},
    {anywhere, 0, "", "Daily user sending quota exceeded", deferred, blame::quota, 4 * hour,
     quota_used},
    {anywhere, 0, "", "SubmissionQuotaExceeded", deferred, blame::quota, 4 * hour, quota_used},
    {anywhere, 0, "5.7.232", "", deferred, blame::quota, 4 * hour, quota_used},
    {anywhere, 0, "5.7.233", "", deferred, blame::quota, 4 * hour, quota_used},
    {anywhere, 0, "", "Daily message quota exceeded", deferred, blame::quota, hour, quota_used},
    {anywhere, 0, "", "Maximum sending rate exceeded", deferred, blame::quota, minute, slower},
    {anywhere, 0, "", "submission rate for this client", deferred, blame::quota, minute, slower},
    {anywhere, 0, "", "Concurrent connections limit exceeded", deferred, blame::quota, minute,
     fewer_connections},
    {anywhere, 0, "", "thread limit exceeded", deferred, blame::quota, minute, fewer_connections},

    // Senders.
    {at_mail, 0, "5.2.252", "", rejected, blame::sender, 0, sender_not_allowed},
    {at_mail, 0, "5.7.60", "", rejected, blame::sender, 0, sender_not_allowed},
    {at_mail, 0, "", "SendAsDenied", rejected, blame::sender, 0, sender_not_allowed},
    {at_mail, 0, "", "not owned by user", rejected, blame::sender, 0, sender_not_allowed},
    {at_mail, 5, "", "address is not verified", rejected, blame::sender, 0, verify_sender},
    {at_mail, 5, "", "does not match a verified Sender Identity", rejected, blame::sender, 0,
     verify_sender},
    {at_mail, 0, "5.1.7", "", rejected, blame::sender, 0, ""},
    {at_mail, 0, "5.1.8", "", rejected, blame::sender, 0, ""},

    // Sizes.
    {at_mail, 0, "5.3.4", "", rejected, blame::message, 0, smaller},
    {at_sender | at_data, 0, "5.2.3", "", rejected, blame::message, 0, smaller},
    {at_sender, 552, "", "", rejected, blame::message, 0, smaller},

    // A server that does not know us says so at the recipient; nobody there is wrong.
    {at_recipient, 5, "", "relay access denied", deferred, blame::config, 0, log_in},
    {at_recipient, 5, "", "relaying denied", deferred, blame::config, 0, log_in},
    {at_recipient, 5, "", "relay not permitted", deferred, blame::config, 0, log_in},
    {at_sender | at_recipient, 5, "", "authentication required", deferred, blame::credential, 0,
     log_in},
    {at_sender | at_recipient, 5, "", "authentication is required", deferred, blame::credential, 0,
     log_in},

    // Recipients. A full mailbox may be emptied; by its code it is permanent, and stays so.
    {at_recipient, 552, "5.2.2", "", rejected, blame::recipient, 0, ""},
    {at_recipient, 0, "5.1.", "", rejected, blame::recipient, 0, ""},
    {at_recipient, 555, "", "", rejected, blame::recipient, 0, ""},
    {at_recipient, 0, "5.3.2", "", rejected, blame::recipient, 0, ""},
};

}  // namespace table
}  // namespace smtp
