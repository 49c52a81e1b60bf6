// Every error of Azure Communication Services Email that is known, as data. The first row that fits
// decides; what is empty or 0 fits everything. The rows with empty codes are the rule by status.
#pragma once

#include <string_view>

#include "verdict.hpp"

namespace azure::table {

using gatepost::sdk::blame;
using enum gatepost::sdk::verdict;

struct row {
    int lowest, highest;     // HTTP status
    std::string_view code;   // the whole of it
    std::string_view words;  // stands in the message, in any letter case
    gatepost::sdk::verdict verdict;
    gatepost::sdk::blame blame;
    int retry_after;  // seconds, where Azure says nothing; 0: the gateway's own schedule
    std::string_view advice;
};

inline constexpr std::string_view check_key =
    "Check the connection string: a key of this very resource, whole, and not regenerated since. "
    "Check this machine's clock.";
inline constexpr std::string_view forbidden =
    "The key is known, and may not do this: connect the sender's domain to this very resource "
    "(Email, Domains), and see that access by keys is not switched off for it.";
inline constexpr std::string_view check_token =
    "Check the [oauth] table (tenant, client_id, client_secret), and that the application has the "
    "role \"Communication and Email Service Owner\" on this Communication Services resource.";
inline constexpr std::string_view check_sender =
    "Add the sender as a MailFrom address of the domain: Email Communication Services, Provision "
    "domains, MailFrom addresses.";
inline constexpr std::string_view link_domain =
    "Connect the sender's domain to this resource: Communication Services, Email, Domains, Connect "
    "domain.";
inline constexpr std::string_view wait_quota =
    "The subscription's quota is used up: 30 mails a minute and 100 an hour, 5 and 10 for an "
    "Azure-managed domain. Lower the connection's limits, or ask Azure for more.";
inline constexpr std::string_view smaller =
    "Send less: 10 MB after base64, more only where Azure has raised it.";
inline constexpr std::string_view check_endpoint =
    "Check the endpoint: something answered that is not Azure Communication Services Email.";
inline constexpr std::string_view check_address = "Check the addresses of this message.";
inline constexpr std::string_view suppressed =
    "The recipients bounced before; Azure takes them off its list by itself within 14 days, or "
    "remove them under Suppression lists.";

inline constexpr row answers[] = {
    {0, 0, "InvalidSenderUserName", "", deferred, blame::sender, 0, check_sender},
    {0, 0, "DomainNotLinked", "", deferred, blame::sender, 0, link_domain},
    {403, 404, "", "has not been linked", deferred, blame::sender, 0, link_domain},
    {400, 400, "InvalidEmailAddress", "", rejected, blame::message, 0, check_address},
    {401, 401, "", "", deferred, blame::credential, 0, check_key},
    {403, 403, "", "", deferred, blame::credential, 0, forbidden},
    {0, 0, "TooManyRequests", "", deferred, blame::quota, 60, wait_quota},
    {429, 429, "", "", deferred, blame::quota, 60, wait_quota},
    {413, 413, "", "", rejected, blame::message, 0, smaller},
    {503, 503, "", "", deferred, blame::provider, 0, ""},
    {500, 599, "", "", unknown, blame::provider, 0, ""},
    {404, 405, "", "", deferred, blame::config, 0, check_endpoint},
    {407, 407, "", "", deferred, blame::config, 0, "Check the proxy's user and password."},
    {408, 408, "", "", deferred, blame::network, 0, ""},
    {409, 409, "", "", unknown, blame::provider, 0, ""},  // perhaps: it has it already
    {300, 399, "", "", deferred, blame::config, 0, check_endpoint},
    {400, 499, "", "", rejected, blame::message, 0, ""},
    {0, 0, "", "", unknown, blame::provider, 0, check_endpoint},
};

// Ends of an operation: its status, its error's code. Deferred: it may go out under another id.
struct ending {
    std::string_view state, code;
    gatepost::sdk::verdict verdict;
    gatepost::sdk::blame blame;
    std::string_view advice;
};
inline constexpr ending endings[] = {
    {"Failed", "EmailDroppedAllRecipientsSuppressed", rejected, blame::recipient, suppressed},
    {"Failed", "EmailDropped", rejected, blame::recipient,
     "Azure tried several times and gave up."},
    {"Failed", "", rejected, blame::message, "Azure could not hand the mail on."},
    {"Canceled", "", deferred, blame::provider, "Azure stopped by itself."},
};

}  // namespace azure::table
