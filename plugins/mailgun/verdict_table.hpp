// Every status and error of Mailgun that means something, one row each; the first row that fits
// wins. Read it with the provider facts beside it.
//
// A status from 400 on says that nothing was queued, except 500, 502 and 504: there nobody knows.
#pragma once

#include <gatepost/outcome.hpp>

#include <cstdint>
#include <string_view>

namespace mailgun {

struct row {
    int status;              // 2, 3, 4, 5: any of that class
    std::string_view words;  // in the answer's text, letter case aside; empty: any
    gatepost::sdk::verdict verdict;
    gatepost::sdk::blame blame;
    int retry_seconds;  // where the answer names no time; 0: the gateway's own patience
    std::string_view advice;
};

namespace table {

using gatepost::sdk::blame;
using gatepost::sdk::verdict;
inline constexpr auto deferred = verdict::deferred;
inline constexpr auto rejected = verdict::rejected;
inline constexpr auto unknown = verdict::unknown;

inline constexpr std::string_view key =
    "Check api_key, domain and region together: a sending key belongs to one domain, and a domain "
    "of the EU answers like this to region = \"us\".";
inline constexpr std::string_view domain =
    "Check domain and region: this region knows no such domain. A domain made in the EU needs "
    "region = \"eu\".";
inline constexpr std::string_view verify =
    "Set the DNS records that Mailgun lists for the domain, and verify it there.";
inline constexpr std::string_view sandbox =
    "A sandbox domain sends only to recipients authorized at Mailgun. Add the recipient there, or "
    "use a domain of your own.";
inline constexpr std::string_view activate =
    "Log in at Mailgun and activate or unlock the account; nothing can be changed here.";
inline constexpr std::string_view one_bad =
    "Mailgun refuses the whole message for one wrong address. Correct it and send again.";
inline constexpr std::string_view sender = "The address in from is not one Mailgun takes.";
inline constexpr std::string_view fewer = "Send to fewer recipients at once.";
inline constexpr std::string_view less =
    "Headers, tags, metadata and options have at most 16 KB together.";
inline constexpr std::string_view when =
    "deliverytime looks like Fri, 01 Jan 2027 00:00:00 +0000 and lies at most 3 or 7 days ahead, "
    "by plan.";
inline constexpr std::string_view smaller = "Mailgun takes messages of at most 25 MB.";
inline constexpr std::string_view slower =
    "Lower limits.per_minute of this connection, or ask Mailgun for a higher limit.";
inline constexpr std::string_view address_pool =
    "Check sending_ip and sending_ip_pool: the account may not use it.";
inline constexpr std::string_view endpoint =
    "Check endpoint and domain: what answered does not know this path. Leave endpoint out for "
    "Mailgun itself.";
inline constexpr std::string_view moved =
    "The endpoint answered with a redirect, which is not followed. Set endpoint to the address it "
    "leads to, or leave it out for Mailgun itself.";
inline constexpr std::string_view proxy = "The proxy wants a login: put it into proxy.";
inline constexpr std::string_view report_it =
    "This is a mistake of the plugin, or of what stands at endpoint. Please report it.";

inline constexpr row rows[] = {
    // 200 with an id is judged before; this is what Mailgun says to a path it does not have.
    {200, "Mailgun Magnificent API", deferred, blame::config, 0, endpoint},
    {2, "", unknown, blame::config, 0, endpoint},
    {3, "", deferred, blame::config, 0, moved},

    // The domain and the account; the mail itself may be right.
    {400, "Sandbox subdomains", deferred, blame::config, 0, sandbox},
    {400, "authorized recipients", deferred, blame::config, 0, sandbox},
    {400, "activate your", deferred, blame::config, 0, activate},
    {400, "is not allowed to send", deferred, blame::config, 0, verify},
    {401, "", deferred, blame::credential, 0, key},
    {403, "large batches", deferred, blame::quota, 3600, fewer},
    {403, "can't be used", deferred, blame::config, 0, address_pool},
    {403, "Sandbox subdomains", deferred, blame::config, 0, sandbox},
    {403, "authorized recipients", deferred, blame::config, 0, sandbox},
    {403, "activate your", deferred, blame::config, 0, activate},
    {403, "disabled", deferred, blame::config, 0, activate},
    {403, "", deferred, blame::config, 0, verify},
    {404, "", deferred, blame::config, 60, domain},

    // The message. Mailgun takes all of it or nothing.
    {400, "from parameter", rejected, blame::sender, 0, sender},
    {400, "to parameter is missing", rejected, blame::message, 0, ""},
    {400, "not a valid address", rejected, blame::recipient, 0, one_bad},
    {400, "Too many recipients", rejected, blame::message, 0, fewer},
    {400, "16KB", rejected, blame::message, 0, less},
    {400, "delivery time", rejected, blame::message, 0, when},
    {400, "'message' parameter is not a file", rejected, blame::plugin, 0, report_it},
    {400, "malformed multipart", rejected, blame::plugin, 0, report_it},
    {400, "", rejected, blame::message, 0, ""},
    {402, "", rejected, blame::message, 0, activate},
    {413, "", rejected, blame::message, 0, smaller},

    // Too fast, or too much.
    {420, "", deferred, blame::quota, 60, slower},
    {429, "", deferred, blame::quota, 60, slower},

    // The way there.
    {405, "", deferred, blame::plugin, 0, report_it},
    {407, "", deferred, blame::config, 0, proxy},
    {408, "", deferred, blame::provider, 0, ""},
    {415, "", deferred, blame::plugin, 0, report_it},
    {4, "", rejected, blame::message, 0, ""},

    // Their trouble. 503 is said before anything is queued.
    {503, "", deferred, blame::provider, 0, ""},
    {5, "", unknown, blame::provider, 0, ""},
};

}  // namespace table
}  // namespace mailgun
