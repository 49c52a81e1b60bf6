// See objections.hpp. One function a rule; each names the field that has to change.
#include "objections.hpp"

#include <algorithm>

#include "payload.hpp"
#include "text.hpp"

namespace ses {
namespace {

using namespace gatepost::sdk;
using found = std::vector<objection>;

constexpr std::size_t most_tag_letters = 256;

bool is_tag(std::string_view text) {
    return !text.empty() && text.size() <= most_tag_letters &&
           std::all_of(text.begin(), text.end(), [](char letter) {
               return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                      (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_' ||
                      letter == '.' || letter == '@';
           });
}

void check_address(const mailbox& who, const std::string& pointer, found& out) {
    if (who.address.empty() || !who.ascii_address.empty()) return;
    out.push_back({pointer, "SES does not deliver to or from a local part outside ASCII",
                   "Use an address whose part before the @ is plain ASCII."});
}

void check_people(const message& mail, found& out) {
    check_address(mail.from(), "/from", out);
    recipient_pointers at_field;
    for (const recipient& one : mail.recipients())
        check_address(one, at_field.next(one.role), out);
    std::size_t at = 0;
    for (const mailbox& one : mail.reply_to())
        check_address(one, "/reply_to/" + std::to_string(at++), out);
    if (mail.recipients().size() > most_recipients)
        out.push_back({"/to", "SES takes at most 50 recipients in one message",
                       "Send it in several messages."});
}

void check_header(const pair& one, found& out) {
    const std::string pointer = "/headers/" + pointer_step(one.name);
    if (one.name.size() > 126)
        out.push_back({pointer, "SES takes header names of at most 126 letters", ""});
    const std::size_t size = header_value(one.value).size();
    if (size == 0)
        out.push_back(
            {pointer, "SES takes no empty header in Simple content", "Use mode = \"raw\"."});
    if (size > 995 || one.name.size() + size > 996)
        out.push_back({pointer,
                       "SES takes at most 996 letters of header name and encoded value in Simple "
                       "content",
                       "Use mode = \"raw\"."});
}

void check_headers(const message& mail, found& out) {
    const std::size_t count = mail.headers().size() + (mail.sender() ? 1 : 0);
    if (count > most_headers)
        out.push_back({"/headers",
                       "SES takes at most 15 headers in Simple content, this message has " +
                           std::to_string(count),
                       "Use mode = \"raw\"."});
    for (const pair one : mail.headers())
        check_header(one, out);
}

void check_tags(const options& how, const message& mail, const json_value& chosen, found& out) {
    static constexpr const char* rule =
        "SES takes tags of 1 to 256 ASCII letters, digits, '-', '_', '.' and '@'";
    std::size_t at = 0;
    for (const tag& one : mail.tags()) {
        if (!is_tag(one)) out.push_back({"/tags/" + std::to_string(at), rule, ""});
        ++at;
    }
    for (const pair one : mail.metadata()) {
        if (!how.metadata_as_tags || (is_tag(one.name) && is_tag(one.value))) continue;
        out.push_back({"/metadata/" + pointer_step(one.name), rule,
                       "Set metadata_as_tags = false in the connection to keep metadata here."});
    }
    const json_value& named = chosen["tags"];
    for (std::size_t i = 0; i < named.names().size(); ++i) {
        if (is_tag(named.names()[i]) && is_tag(named.items()[i].text())) continue;
        out.push_back({"/provider_options/ses/tags/" + pointer_step(named.names()[i]), rule, ""});
    }
}

void check_template(const message& mail, const json_value& wanted, found& out) {
    const std::string pointer = "/provider_options/ses/template";
    const bool named = wanted["name"].is_string() || wanted["arn"].is_string();
    if (!named) out.push_back({pointer, "must name a template by name or by arn", ""});
    if (mail.raw()) out.push_back({pointer, "a template and a raw message exclude each other", ""});
    for (const part& one : mail.parts()) {
        // A mail without any words of its own comes with an empty text.
        if (one.content_size == 0) continue;
        if (one.role == part_role::text)
            out.push_back({"/text", "the template of SES brings its own text", "Leave it out."});
        if (one.role == part_role::html)
            out.push_back({"/html", "the template of SES brings its own text", "Leave it out."});
    }
}

void check_simple(const message& mail, found& out) {
    if (mail.raw_only()) {
        out.push_back(
            {"", "signed or encrypted mail cannot go as Simple content", "Use mode = \"raw\"."});
        return;
    }
    const bool any = std::any_of(mail.parts().begin(), mail.parts().end(),
                                 [](const part& one) { return one.is_text(); });
    if (!any)
        out.push_back({"/text", "SES wants a text or an html in Simple content",
                       "Add one, or use mode = \"raw\"."});
}

void check_files(const message& mail, found& out) {
    for (const part& one : mail.parts()) {
        if (!one.is_file()) continue;
        const std::string name(one.filename);
        if (name.size() > 255)
            out.push_back({"/attachments", "SES takes file names of at most 255 letters", ""});
        if (one.type.size() > 78)
            out.push_back({"/attachments", "SES takes content types of at most 78 letters: " + name,
                           "Use mode = \"raw\"."});
        if (one.content_id.size() > 78)
            out.push_back({"/attachments", "SES takes content ids of at most 78 letters: " + name,
                           "Use mode = \"raw\"."});
    }
}

// Base64 with its line ends takes 78 bytes for 57.
void check_size(const message& mail, found& out) {
    uint64_t bytes = 0;
    for (const part& one : mail.parts()) {
        bytes += one.is_file() && !mail.raw() ? one.content_size / 57 * 78 : one.content_size;
    }
    if (bytes > most_bytes)
        out.push_back({"", "SES takes at most 40 MB in one message, counted after base64",
                       "Send a link instead of the file."});
}

}  // namespace

std::vector<objection> objections_to(const options& how, const message& mail,
                                     const json_value& chosen) {
    found out;
    const content kind = content_of(how, chosen);
    check_people(mail, out);
    check_tags(how, mail, chosen, out);
    check_size(mail, out);
    if (kind == content::raw) return out;
    check_headers(mail, out);
    check_files(mail, out);
    if (kind == content::simple) check_simple(mail, out);
    if (kind == content::templated) check_template(mail, chosen["template"], out);
    return out;
}

}  // namespace ses
