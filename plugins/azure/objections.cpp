// See objections.hpp. One function a rule; each names the field that has to change.
#include "objections.hpp"

#include <gatepost/letters.hpp>

#include <algorithm>
#include <set>

#include "payload.hpp"

namespace azure {
namespace {

using namespace gatepost::sdk;
using found = std::vector<objection>;

void check_people(const message& mail, found& out) {
    if (mail.recipients().size() > most_recipients)
        out.push_back({"/to", "Azure takes at most 50 recipients in one message",
                       "Send it in several messages."});
    if (mail.sender())
        out.push_back({"/sender", "Azure carries no Sender beside the From", "Leave it out."});
}

void check_addresses(const message& mail, found& out) {
    const auto check = [&](const mailbox& who, const std::string& pointer) {
        if (who.address.empty() || !who.ascii_address.empty()) return;
        out.push_back({pointer, "Azure is not known to take a local part outside ASCII",
                       "Use an address whose part before the @ is plain ASCII."});
    };
    check(mail.from(), "/from");
    recipient_pointers at_field;
    for (const recipient& one : mail.recipients())
        check(one, at_field.next(one.role));
    std::size_t at = 0;
    for (const mailbox& one : mail.reply_to())
        check(one, "/reply_to/" + std::to_string(at++));
}

// The switch in provider_options that writes this header already.
std::string_view switch_of(std::string_view name, const json_value& chosen) {
    for (const switch_name& one : switches) {
        if (chosen[one.option].boolean() && same_letters(one.header, name)) return one.option;
    }
    return {};
}

void check_headers(const message& mail, const json_value& chosen, found& out) {
    std::set<std::string> seen;
    for (const pair one : mail.headers()) {
        if (const std::string_view by = switch_of(one.name, chosen); !by.empty())
            out.push_back(
                {"/headers/" + pointer_step(one.name),
                 "Azure takes every header once only, and " + std::string(by) + " writes this one",
                 "Leave the header out."});
        if (seen.insert(lower(one.name)).second) continue;
        out.push_back({"/headers/" + pointer_step(one.name), "Azure takes every header once only",
                       "Give it one value."});
    }
}

void check_parts(const options& how, const message& mail, const json_value& chosen, found& out) {
    if (mail.raw_only()) {
        out.push_back({"", "signed or encrypted mail cannot go through Azure's API", ""});
        return;
    }
    const bool any = std::any_of(mail.parts().begin(), mail.parts().end(), [](const part& one) {
        return one.is_text() && one.content_size != 0;
    });
    if (!any)
        out.push_back({"/text", "Azure wants a text or an html that is not empty", "Add one."});
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

// What is known before the parts are opened: a text takes at least its own bytes, and more for
// every quote and line end in it.
void check_size(const options& how, const message& mail, const json_value& chosen, found& out) {
    std::vector<opened_part> parts;
    for (const part& one : mail.parts()) {
        const uint64_t least = one.is_file() ? (one.content_size + 2) / 3 * 4 : one.content_size;
        parts.push_back({one, 0, least});
    }
    const segments body = request_body(how, mail, chosen, parts);
    const std::optional<objection> large = objection_to_size(how, request_size(body, parts));
    if (large) out.push_back(*large);
}

void check_name(const options& how, const message& mail, found& out) {
    const std::string_view name = mail.from().name;
    if (!name.empty() && name != how.display_name)
        out.push_back({"/from",
                       "Azure takes no name in From: it shows the one of the sender username",
                       "Leave the name out, or, if the sender username has this name, set "
                       "display_name to it in the connection."});
}

}  // namespace

std::vector<objection> objections_to(const options& how, const message& mail,
                                     const json_value& chosen) {
    found out = obstacles_to(how, mail, chosen);
    check_name(how, mail, out);
    return out;
}

std::optional<objection> objection_to_size(const options& how, uint64_t request_bytes) {
    if (request_bytes <= how.max_bytes || how.max_bytes == 0) return std::nullopt;
    return objection{"",
                     "Azure takes requests of " + std::to_string(how.max_bytes >> 20) +
                         " MB; files grow by a third in them, and texts by each quote and line end",
                     "Send a link instead of the file. Azure raises the limit to 30 MB on request: "
                     "then set max_megabytes."};
}

std::vector<objection> obstacles_to(const options& how, const message& mail,
                                    const json_value& chosen) {
    found out;
    check_people(mail, out);
    check_addresses(mail, out);
    check_headers(mail, chosen, out);
    check_parts(how, mail, chosen, out);
    check_size(how, mail, chosen, out);
    return out;
}

}  // namespace azure
