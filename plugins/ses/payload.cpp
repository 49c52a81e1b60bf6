// See payload.hpp. The objections are objections.cpp.
#include "payload.hpp"

#include <gatepost/json.hpp>
#include <gatepost/mail_text.hpp>

#include <map>

#include "text.hpp"

namespace ses {
namespace {

using namespace gatepost::sdk;

void write_list(json_writer& json, std::string_view name, const std::vector<std::string>& list) {
    if (list.empty()) return;
    json.key(name);
    json.begin_array();
    for (const std::string& one : list)
        json.value(one);
    json.end_array();
}

// Raw says who gets it, and nothing else; elsewhere it becomes the headers too.
void write_destination(json_writer& json, const message& mail, bool names) {
    std::map<recipient_role, std::vector<std::string>> by_role;
    for (const recipient& one : mail.carried())
        by_role[one.role].push_back(names ? mailbox_text(one) : std::string(wire_address(one)));
    json.key("Destination");
    json.begin_object();
    write_list(json, "ToAddresses", by_role[recipient_role::to]);
    write_list(json, "CcAddresses", by_role[recipient_role::cc]);
    write_list(json, "BccAddresses", by_role[recipient_role::bcc]);
    json.end_object();
}

void write_text(json_writer& json, std::string_view name, gatepost_handle body) {
    json.key(name);
    json.begin_object();
    json.member_body("Data", body);
    json.member("Charset", "UTF-8");
    json.end_object();
}

void write_header(json_writer& json, std::string_view name, std::string_view value) {
    json.begin_object();
    json.member("Name", name);
    json.member("Value", header_value(value));
    json.end_object();
}

void write_headers(json_writer& json, const message& mail) {
    if (mail.headers().empty() && !mail.sender()) return;
    json.key("Headers");
    json.begin_array();
    if (mail.sender()) {
        json.begin_object();
        json.member("Name", "Sender");
        json.member("Value", mailbox_text(mail.sender()));
        json.end_object();
    }
    for (const pair one : mail.headers())
        write_header(json, one.name, one.value);
    json.end_array();
}

void write_attachment(json_writer& json, const opened_part& one, std::size_t number) {
    const bool shown = one.what.role == part_role::inline_image;
    json.begin_object();
    json.member_body("RawContent", one.body);
    json.member("FileName", one.what.filename.empty() ? "attachment-" + std::to_string(number)
                                                      : std::string(one.what.filename));
    json.member("ContentDisposition", shown ? "INLINE" : "ATTACHMENT");
    if (!one.what.content_id.empty()) json.member("ContentId", one.what.content_id);
    if (!one.what.type.empty()) json.member("ContentType", one.what.type);
    json.member("ContentTransferEncoding", "BASE64");
    json.end_object();
}

void write_attachments(json_writer& json, const opened& bodies) {
    bool begun = false;
    std::size_t number = 0;
    for (const opened_part& one : bodies.parts) {
        if (!one.what.is_file()) continue;
        if (!begun) {
            json.key("Attachments");
            json.begin_array();
            begun = true;
        }
        write_attachment(json, one, ++number);
    }
    if (begun) json.end_array();
}

void write_simple(json_writer& json, const message& mail, const opened& bodies) {
    json.key("Simple");
    json.begin_object();
    json.key("Subject");
    json.begin_object();
    json.member("Data", mail.subject());
    json.member("Charset", "UTF-8");
    json.end_object();
    json.key("Body");
    json.begin_object();
    for (const opened_part& one : bodies.parts) {
        if (one.what.role == part_role::text) write_text(json, "Text", one.body);
        if (one.what.role == part_role::html) write_text(json, "Html", one.body);
    }
    json.end_object();
    write_headers(json, mail);
    write_attachments(json, bodies);
    json.end_object();
}

std::string text_of(const json_value& data) {
    json_writer json;
    json.value(data);
    return std::string(json.finish().bytes());
}

void write_template(json_writer& json, const message& mail, const json_value& wanted,
                    const opened& bodies) {
    json.key("Template");
    json.begin_object();
    if (wanted["name"].is_string()) json.member("TemplateName", wanted["name"].text());
    if (wanted["arn"].is_string()) json.member("TemplateArn", wanted["arn"].text());
    const json_value& data = wanted["data"];
    json.member("TemplateData", data.is_object() ? text_of(data) : std::string("{}"));
    write_headers(json, mail);
    write_attachments(json, bodies);
    json.end_object();
}

// Tags have a name only, so their value says that they are there.
void write_tags(json_writer& json, const options& how, const message& mail,
                const json_value& chosen) {
    std::map<std::string, std::string> tags;
    for (const tag& one : mail.tags())
        tags[std::string(one)] = "true";
    if (how.metadata_as_tags) {
        for (const pair one : mail.metadata())
            tags[std::string(one.name)] = one.value;
    }
    const json_value& named = chosen["tags"];
    for (std::size_t at = 0; at < named.names().size(); ++at)
        tags[named.names()[at]] = named.items()[at].text();
    if (tags.empty()) return;
    json.key("EmailTags");
    json.begin_array();
    for (const auto& [name, value] : tags) {
        json.begin_object();
        json.member("Name", name);
        json.member("Value", value);
        json.end_object();
    }
    json.end_array();
}

void write_member(json_writer& json, std::string_view name, const json_value& chosen,
                  std::string_view fallback = {}) {
    const std::string_view text = chosen.text(fallback);
    if (!text.empty()) json.member(name, text);
}

void write_options(json_writer& json, const options& how, const json_value& chosen) {
    write_member(json, "FromEmailAddressIdentityArn", chosen["from_identity_arn"], how.from_arn);
    write_member(json, "FeedbackForwardingEmailAddress", chosen["feedback_address"]);
    write_member(json, "FeedbackForwardingEmailAddressIdentityArn",
                 chosen["feedback_identity_arn"]);
    write_member(json, "ConfigurationSetName", chosen["configuration_set"], how.configuration_set);
    write_member(json, "TenantName", chosen["tenant"], how.tenant);
    const json_value& list = chosen["list_management"];
    if (!list.is_object()) return;
    json.key("ListManagementOptions");
    json.begin_object();
    write_member(json, "ContactListName", list["contact_list"]);
    write_member(json, "TopicName", list["topic"]);
    json.end_object();
}

std::vector<std::string> reply_addresses(const message& mail) {
    std::vector<std::string> found;
    for (const mailbox& one : mail.reply_to())
        found.push_back(mailbox_text(one));
    return found;
}

}  // namespace

content content_of(const options& how, const json_value& chosen) {
    if (chosen["template"].is_object()) return content::templated;
    const std::string_view wanted = chosen["mode"].text(how.simple ? "simple" : "raw");
    return wanted == "simple" ? content::simple : content::raw;
}

segments request_body(const options& how, const message& mail, const json_value& chosen,
                      const opened& bodies) {
    const content kind = content_of(how, chosen);
    json_writer json;
    json.begin_object();
    // Of mail that came raw, SES takes the From from the mail itself: a signature may cover it.
    if (!mail.raw() || kind != content::raw)
        json.member("FromEmailAddress", mailbox_text(mail.from()));
    write_destination(json, mail, kind != content::raw);
    if (kind != content::raw) write_list(json, "ReplyToAddresses", reply_addresses(mail));
    json.key("Content");
    json.begin_object();
    if (kind == content::raw) {
        json.key("Raw");
        json.begin_object();
        json.member_body("Data", bodies.whole);
        json.end_object();
    } else if (kind == content::simple) {
        write_simple(json, mail, bodies);
    } else {
        write_template(json, mail, chosen["template"], bodies);
    }
    json.end_object();
    write_options(json, how, chosen);
    write_tags(json, how, mail, chosen);
    json.end_object();
    return json.finish();
}

std::vector<named_thing> named_things(const options& how, const json_value& chosen) {
    const auto either = [](std::string_view word, const json_value& own,
                           const std::string& settings = {}) {
        const bool by_message = !own.text().empty();
        return named_thing{word, by_message, !by_message && !settings.empty()};
    };
    const json_value& wanted = chosen["template"];
    return {either("configurationset", chosen["configuration_set"], how.configuration_set),
            either("tenant", chosen["tenant"], how.tenant),
            either("identity", chosen["from_identity_arn"], how.from_arn),
            either("identity", chosen["feedback_identity_arn"]),
            either("template", wanted["name"]),
            either("template", wanted["arn"]),
            either("list", chosen["list_management"]["contact_list"]),
            either("topic", chosen["list_management"]["topic"])};
}

std::vector<std::string> identities_of(std::string_view address) {
    std::vector<std::string> found{std::string(address)};
    std::string_view domain = domain_of(address);
    while (domain.find('.') != domain.npos && found.size() < 5) {
        found.emplace_back(domain);
        domain.remove_prefix(domain.find('.') + 1);
    }
    return found;
}

}  // namespace ses
