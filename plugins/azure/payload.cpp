// See payload.hpp.
#include "payload.hpp"

#include <gatepost/json.hpp>
#include <gatepost/mail_text.hpp>

#include <algorithm>
#include <set>

namespace azure {
namespace {

using namespace gatepost::sdk;
using found = std::vector<objection>;

char lower(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}
std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char letter) { return lower(letter); });
    return out;
}

bool is_file(const part& one) {
    return one.role == part_role::attachment || one.role == part_role::inline_image;
}
bool is_text(const part& one) {
    return one.role == part_role::text || one.role == part_role::html;
}

// The sender that the settings name takes the place of another From, which answers then go to.
bool is_replaced(const options& how, const message& mail) {
    return !how.sender.empty() && lower(how.sender) != lower(wire_address(mail.from()));
}

void write_address(json_writer& json, const mailbox& who) {
    json.begin_object();
    json.member("address", wire_address(who));
    if (!who.name.empty()) json.member("displayName", who.name);
    json.end_object();
}

void write_recipients(json_writer& json, const message& mail) {
    const std::vector<recipient> carried = mail.carried();
    const auto write = [&](std::string_view name, recipient_role role, bool always) {
        const bool any = std::any_of(carried.begin(), carried.end(),
                                     [&](const recipient& one) { return one.role == role; });
        if (!any && !always) return;
        json.key(name);
        json.begin_array();
        for (const recipient& one : carried) {
            if (one.role == role) write_address(json, one);
        }
        json.end_array();
    };
    json.key("recipients");
    json.begin_object();
    write("to", recipient_role::to, true);  // the model wants it, even if it is empty
    write("cc", recipient_role::cc, false);
    write("bcc", recipient_role::bcc, false);
    json.end_object();
}

void write_reply_to(json_writer& json, const options& how, const message& mail) {
    const bool replaced = is_replaced(how, mail) && mail.reply_to().empty();
    if (mail.reply_to().empty() && !replaced) return;
    json.key("replyTo");
    json.begin_array();
    if (replaced) write_address(json, mail.from());
    for (const mailbox& one : mail.reply_to())
        write_address(json, one);
    json.end_array();
}

struct switch_name {
    std::string_view option, header;
};
constexpr switch_name switches[] = {
    {"ignore_duplicate_content_id", "x-ms-acsemail-ignore-duplicate-content-id"},
    {"suppress_invalid_attachment", "x-ms-acsemail-suppress-invalid-attachment"},
    {"validate_message_id", "x-ms-acsemail-validate-message-id"}};

void write_headers(json_writer& json, const message& mail, const json_value& chosen) {
    json.key("headers");
    json.begin_object();
    if (!mail.message_id().empty())
        json.member("Message-ID", "<" + std::string(mail.message_id()) + ">");
    for (const pair one : mail.headers())
        json.member(one.name, header_text(one.value));
    for (const switch_name& one : switches) {
        if (chosen[one.option].boolean()) json.member(one.header, "true");
    }
    json.end_object();
}

void write_attachments(json_writer& json, const std::vector<opened_part>& parts) {
    const bool any = std::any_of(parts.begin(), parts.end(),
                                 [](const opened_part& one) { return is_file(one.what); });
    if (!any) return;
    json.key("attachments");
    json.begin_array();
    std::size_t number = 0;
    for (const opened_part& one : parts) {
        if (!is_file(one.what)) continue;
        ++number;
        const bool shown = one.what.role == part_role::inline_image;
        // The list of types that Azure takes knows no parameters.
        const std::string_view type = one.what.type.substr(0, one.what.type.find(';'));
        json.begin_object();
        json.member("name", one.what.filename.empty() ? "attachment-" + std::to_string(number)
                                                      : std::string(one.what.filename));
        json.member("contentType", type.empty() ? "application/octet-stream" : type);
        json.member_body("contentInBase64", one.body);
        if (shown && !one.what.content_id.empty()) json.member("contentId", one.what.content_id);
        json.end_object();
    }
    json.end_array();
}

void write_content(json_writer& json, const message& mail, const std::vector<opened_part>& parts) {
    json.key("content");
    json.begin_object();
    json.member("subject", mail.subject());
    for (const opened_part& one : parts) {
        if (one.what.role == part_role::text) json.member_body("plainText", one.body);
        if (one.what.role == part_role::html) json.member_body("html", one.body);
    }
    json.end_object();
}

// ---- objections -----------------------------------------------------------------------------

std::string escaped(std::string_view name) {
    std::string out;
    for (const char letter : name)
        out += letter == '~' ? std::string("~0") : letter == '/' ? "~1" : std::string(1, letter);
    return out;
}

void check_people(const options& how, const message& mail, found& out) {
    if (mail.recipients().size() > most_recipients)
        out.push_back({"/to", "Azure takes at most 50 recipients in one message",
                       "Send it in several messages."});
    if (mail.sender())
        out.push_back({"/sender", "Azure carries no Sender beside the From", "Leave it out."});
    const std::string_view name = mail.from().name;
    if (!name.empty() && name != how.display_name)
        out.push_back({"/from",
                       "Azure takes no name in From: it shows the one of the sender username",
                       "Leave the name out, or, if the sender username has this name, set "
                       "display_name to it in the connection.",
                       true});
}

void check_addresses(const message& mail, found& out) {
    const auto check = [&](const mailbox& who, const std::string& pointer) {
        if (who.address.empty() || !who.ascii_address.empty()) return;
        out.push_back({pointer, "Azure is not known to take a local part outside ASCII",
                       "Use an address whose part before the @ is plain ASCII."});
    };
    check(mail.from(), "/from");
    std::size_t number[3] = {};
    static constexpr const char* names[3] = {"/to/", "/cc/", "/bcc/"};
    for (const recipient& one : mail.recipients()) {
        const std::size_t role = one.role == recipient_role::cc    ? 1
                                 : one.role == recipient_role::bcc ? 2
                                                                   : 0;
        check(one, names[role] + std::to_string(number[role]++));
    }
    std::size_t at = 0;
    for (const mailbox& one : mail.reply_to())
        check(one, "/reply_to/" + std::to_string(at++));
}

void check_headers(const message& mail, found& out) {
    std::set<std::string> seen;
    for (const pair one : mail.headers()) {
        if (seen.insert(lower(one.name)).second) continue;
        out.push_back({"/headers/" + escaped(one.name), "Azure takes every header once only",
                       "Give it one value."});
    }
}

void check_parts(const options& how, const message& mail, const json_value& chosen, found& out) {
    if (mail.raw_only()) {
        out.push_back({"", "signed or encrypted mail cannot go through Azure's API", ""});
        return;
    }
    const bool any = std::any_of(mail.parts().begin(), mail.parts().end(), is_text);
    if (!any) out.push_back({"/text", "Azure wants a text or an html", "Add one."});
    std::set<std::string> ids;
    for (const part& one : mail.parts()) {
        if (one.role != part_role::inline_image) continue;
        if (how.api_version < "2025")
            out.push_back({"/attachments", "inline images need api_version = \"2025-09-01\"", ""});
        const bool fresh = ids.insert(std::string(one.content_id)).second;
        if (!fresh && !chosen["ignore_duplicate_content_id"].boolean())
            out.push_back({"/attachments",
                           "Azure takes every content id once only: " + std::string(one.content_id),
                           "Give each inline image its own, or set ignore_duplicate_content_id."});
    }
}

void check_size(const options& how, const message& mail, found& out) {
    uint64_t bytes = 0;
    for (const part& one : mail.parts())
        bytes += is_file(one) ? (one.content_size + 2) / 3 * 4 : one.content_size;
    if (bytes <= how.max_bytes || how.max_bytes == 0) return;
    out.push_back({"",
                   "Azure takes requests of " + std::to_string(how.max_bytes >> 20) +
                       " MB after base64, about three quarters of that in files",
                   "Send a link instead of the file. Azure raises the limit to 30 MB on request: "
                   "then set max_megabytes."});
}

}  // namespace

std::vector<objection> objections_to(const options& how, const message& mail,
                                     const json_value& chosen) {
    found out;
    check_people(how, mail, out);
    check_addresses(mail, out);
    check_headers(mail, out);
    check_parts(how, mail, chosen, out);
    check_size(how, mail, out);
    return out;
}

segments request_body(const options& how, const message& mail, const json_value& chosen,
                      const std::vector<opened_part>& parts) {
    json_writer json;
    json.begin_object();
    write_headers(json, mail, chosen);
    json.member("senderAddress",
                how.sender.empty() ? wire_address(mail.from()) : std::string_view(how.sender));
    write_content(json, mail, parts);
    write_recipients(json, mail);
    write_attachments(json, parts);
    write_reply_to(json, how, mail);
    const std::string_view usual = how.tracking_off ? "off" : "domain";
    if (chosen["tracking"].text(usual) == "off")
        json.member("userEngagementTrackingDisabled", true);
    json.end_object();
    return json.finish();
}

std::string send_path(const options& how) {
    return "/emails:send?api-version=" + how.api_version;
}

std::string operation_path(const options& how, std::string_view operation) {
    return "/emails/operations/" + std::string(operation) + "?api-version=" + how.api_version;
}

std::string operation_seed(std::string_view idempotency_key, int generation) {
    return "gatepost azure operation " + std::to_string(generation) + "\n" +
           std::string(idempotency_key);
}

}  // namespace azure
