// Every status and error of SendGrid that means something, one row each; the first row that fits
// wins. Read it with the provider facts beside it.
//
// A status from 400 on says that nothing was queued, except 500, 502 and 504: there nobody knows.
#pragma once

#include <gatepost/outcome.hpp>

#include <cstdint>
#include <string_view>

namespace sendgrid {

struct row {
    int status;              // 0: any; 3, 4, 5: any of that class
    std::string_view field;  // part of an error's `field`; a leading '^': its beginning; empty: any
    std::string_view words;  // in an error's text, letter case aside; empty: any
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

inline constexpr std::string_view credits =
    "The account's credits are used up; the key itself is right. They renew with the plan's "
    "period, or raise the plan (bought through Azure: in the Azure portal). limits.per_day keeps "
    "below it.";
inline constexpr std::string_view key =
    "Make a new API key under Settings, API Keys, and set it as api_key. A key of an EU subuser "
    "needs region = \"eu\", any other key region = \"global\". A deleted key never comes back.";
inline constexpr std::string_view permission =
    "Give the API key the permission Mail Send (Settings, API Keys, Restricted Access), or use "
    "Full Access.";
inline constexpr std::string_view address_list =
    "Add this machine's address under Settings, IP Access Management, or switch the list off.";
inline constexpr std::string_view account =
    "SendGrid has stopped the account. Log in there and ask its support; nothing can be changed "
    "here.";
inline constexpr std::string_view verify =
    "Verify the sender under Settings, Sender Authentication: the domain, or this one address. "
    "sender = \"force\" writes the connection's own address.";
inline constexpr std::string_view sender_form = "The address in from is not one SendGrid takes.";
inline constexpr std::string_view recipient_form =
    "SendGrid refuses the whole message for one wrong address. Correct it and send again.";
inline constexpr std::string_view once = "Name each address once over to, cc and bcc.";
inline constexpr std::string_view one_reply_to = "Give reply_to or a list, not both.";
inline constexpr std::string_view sooner =
    "send_at of SendGrid lies at most 72 hours ahead; the gateway's own send_at has no limit.";
inline constexpr std::string_view template_id =
    "Check template_id: it begins with d- and belongs to the account of the key.";
inline constexpr std::string_view group = "Check asm.group_id: it belongs to the key's account.";
inline constexpr std::string_view pool = "Check ip_pool_name: the account has no such pool.";
inline constexpr std::string_view batch = "Check batch_id: it is made by POST /v3/mail/batch.";
inline constexpr std::string_view strings =
    "Values of headers, metadata and custom_args must be strings.";
inline constexpr std::string_view smaller = "SendGrid takes at most 30 MB, counted in base64.";
inline constexpr std::string_view slower = "Lower limits.per_second of this connection.";
inline constexpr std::string_view address =
    "Check endpoint: there is no SendGrid API at it. Leave it out for SendGrid itself.";
inline constexpr std::string_view moved =
    "The endpoint answered with a redirect, which is not followed. Set endpoint to the address it "
    "leads to, or leave it out for SendGrid itself.";
inline constexpr std::string_view proxy = "The proxy wants a login: put it into proxy.";
inline constexpr std::string_view report_it =
    "This is a mistake of the plugin, or of what stands at endpoint. Please report it.";

inline constexpr row rows[] = {
    // Quotas first: they come with whatever status.
    {0, "", "Maximum credits exceeded", deferred, blame::quota, 3600, credits},
    {429, "", "", deferred, blame::quota, 60, slower},

    // The key and the account.
    {401, "", "access list", deferred, blame::credential, 0, address_list},
    {401, "", "whitelist", deferred, blame::credential, 0, address_list},
    {401, "", "", deferred, blame::credential, 0, key},
    {403, "^from", "", rejected, blame::sender, 0, verify},
    {403, "", "verified Sender Identity", rejected, blame::sender, 0, verify},
    {403, "", "access list", deferred, blame::credential, 0, address_list},
    {403, "", "whitelist", deferred, blame::credential, 0, address_list},
    {403, "", "IP address", deferred, blame::credential, 0, address_list},
    {403, "", "suspended", deferred, blame::credential, 0, account},
    {403, "", "under review", deferred, blame::credential, 0, account},
    {403, "", "deactivated", deferred, blame::credential, 0, account},
    {403, "", "", deferred, blame::credential, 0, permission},

    // The message. SendGrid takes all of it or nothing.
    {400, "^from", "verified Sender Identity", rejected, blame::sender, 0, verify},
    {400, "", "verified Sender Identity", rejected, blame::sender, 0, verify},
    {400, "^from", "", rejected, blame::sender, 0, sender_form},
    {400, "", "unique between to, cc, and bcc", rejected, blame::message, 0, once},
    {400, ".to.", "", rejected, blame::recipient, 0, recipient_form},
    {400, ".cc.", "", rejected, blame::recipient, 0, recipient_form},
    {400, ".bcc.", "", rejected, blame::recipient, 0, recipient_form},
    {400, "^reply_to", "", rejected, blame::message, 0, one_reply_to},
    {400, "send_at", "", rejected, blame::message, 0, sooner},
    {400, "^template_id", "", rejected, blame::message, 0, template_id},
    {400, "^asm", "", rejected, blame::message, 0, group},
    {400, "^ip_pool", "", rejected, blame::message, 0, pool},
    {400, "^batch_id", "", rejected, blame::message, 0, batch},
    {400, "^attachments", "", rejected, blame::message, 0, ""},
    {400, "", "Bad Request", rejected, blame::message, 0, strings},
    {400, "", "", rejected, blame::message, 0, ""},
    {413, "", "", rejected, blame::message, 0, smaller},

    // The way there.
    {404, "", "", deferred, blame::config, 0, address},
    {405, "", "", deferred, blame::plugin, 0, report_it},
    {407, "", "", deferred, blame::config, 0, proxy},
    {408, "", "", deferred, blame::provider, 0, ""},
    {415, "", "", deferred, blame::plugin, 0, report_it},
    {3, "", "", deferred, blame::config, 0, moved},
    {4, "", "", rejected, blame::message, 0, ""},

    // Their trouble. 503 is said before anything is queued.
    {503, "", "", deferred, blame::provider, 0, ""},
    {5, "", "", unknown, blame::provider, 0, ""},
};

}  // namespace table
}  // namespace sendgrid
