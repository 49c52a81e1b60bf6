// See payload.hpp.
#include "payload.hpp"

#include <gatepost/json.hpp>
#include <gatepost/letters.hpp>
#include <gatepost/mail_text.hpp>

#include <algorithm>

namespace azure {
namespace {

using namespace gatepost::sdk;

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
                                 [](const opened_part& one) { return one.what.is_file(); });
    if (!any) return;
    json.key("attachments");
    json.begin_array();
    std::size_t number = 0;
    for (const opened_part& one : parts) {
        if (!one.what.is_file()) continue;
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
        if (one.what.content_size == 0) continue;
        if (one.what.role == part_role::text) json.member_body("plainText", one.body);
        if (one.what.role == part_role::html) json.member_body("html", one.body);
    }
    json.end_object();
}

}  // namespace

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

uint64_t request_size(const segments& body, const std::vector<opened_part>& parts) {
    uint64_t bytes = body.bytes().size();
    for (const opened_part& one : parts)
        bytes += one.length;
    return bytes;
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
