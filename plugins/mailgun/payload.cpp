// See payload.hpp.
#include "payload.hpp"

#include <gatepost/mail_text.hpp>

#include <algorithm>

namespace mailgun {
namespace {

using namespace gatepost::sdk;

// Options that are fields of the wire as they are: the schema has checked them.
struct plain_option {
    const char* option;
    const char* field;
};
constexpr plain_option plain_options[] = {
    {"deliverytime", "o:deliverytime"},
    {"deliver_within", "o:deliver-within"},
    {"deliverytime_optimize_period", "o:deliverytime-optimize-period"},
    {"time_zone_localize", "o:time-zone-localize"},
    {"tracking", "o:tracking"},
    {"tracking_clicks", "o:tracking-clicks"},
    {"tracking_opens", "o:tracking-opens"},
    {"tracking_pixel_location_top", "o:tracking-pixel-location-top"},
    {"dkim", "o:dkim"},
    {"secondary_dkim", "o:secondary-dkim"},
    {"secondary_dkim_public", "o:secondary-dkim-public"},
    {"require_tls", "o:require-tls"},
    {"skip_verification", "o:skip-verification"},
    {"sending_ip", "o:sending-ip"},
    {"sending_ip_pool", "o:sending-ip-pool"},
    {"archive_to", "o:archive-to"},
    {"suppress_headers", "o:suppress-headers"},
    {"template", "template"},
    {"template_version", "t:version"},
};

// Text as it is, switches as yes and no, everything else as JSON.
std::string field_value(const json_value& given) {
    if (given.is_string()) return std::string(given.text());
    if (given.kind() == json_kind::boolean) return given.boolean() ? "yes" : "no";
    json_writer json;
    json.value(given);
    return std::string(json.finish().bytes());
}

// v: takes JSON for what is no text, switches too.
std::string variable_value(const json_value& given) {
    if (given.kind() == json_kind::boolean) return given.boolean() ? "true" : "false";
    return field_value(given);
}

void add_variables(fields& found, const message& mail, const options& wanted) {
    const json_value& given = wanted["variables"];
    const auto is_given = [&given](std::string_view name) {
        return std::find(given.names().begin(), given.names().end(), name) != given.names().end();
    };
    for (const pair& one : mail.metadata()) {
        if (!is_given(one.name)) found.emplace_back("v:" + std::string(one.name), one.value);
    }
    for (std::size_t at = 0; at < given.names().size(); ++at)
        found.emplace_back("v:" + given.names()[at], variable_value(given.items()[at]));
}

form_part field(std::string name, std::string_view value) {
    form_part made;
    made.name = std::move(name);
    made.content.add(value);
    return made;
}

void add_fields(form& out, const fields& more) {
    for (const auto& [name, value] : more)
        out.push_back(field(name, value));
}

// Without a visible recipient among those carried, the first copy stands in to: Mailgun needs one.
void add_recipients(form& out, const message& mail) {
    const std::vector<recipient> carried = mail.carried();
    const bool any_to = std::any_of(carried.begin(), carried.end(), [](const recipient& one) {
        return one.role == recipient_role::to;
    });
    for (const recipient& one : carried) {
        const bool copy = one.role == recipient_role::cc && any_to;
        const char* name = one.role == recipient_role::bcc ? "bcc" : copy ? "cc" : "to";
        out.push_back(field(name, address_text(one)));
    }
}

// Mailgun drops a file without a name; an inline image is found by it.
std::string name_of(const part& which, std::size_t number) {
    const bool inside = which.role == part_role::inline_image;
    if (inside && !which.content_id.empty()) return std::string(which.content_id);
    if (!which.filename.empty()) return std::string(which.filename);
    return "attachment-" + std::to_string(number);
}

void add_content(form& out, const std::vector<opened_part>& opened) {
    std::size_t number = 0;
    for (const opened_part& one : opened) {
        form_part made;
        switch (one.what.role) {
            case part_role::text: made.name = "text"; break;
            case part_role::html: made.name = "html"; break;
            default:
                made.name = one.what.role == part_role::inline_image ? "inline" : "attachment";
                made.filename = name_of(one.what, ++number);
                made.type = one.what.type.empty() ? "application/octet-stream" : one.what.type;
        }
        made.content.add_body(one.body);
        out.push_back(std::move(made));
    }
}

// What may stand in a display name without quotes.
bool is_bare(std::string_view name) {
    return std::none_of(name.begin(), name.end(), [](char letter) {
        return std::string_view("()<>[]:;@\\,.\"").find(letter) != std::string_view::npos;
    });
}

}  // namespace

options read_options(std::string_view json) {
    return read_json(json).root;
}

bool is_test_mode(const config& how, const options& wanted) {
    return how.testmode || wanted["testmode"].boolean();
}
bool has_template(const options& wanted) {
    return !wanted["template"].text().empty();
}

asked_for asked_for_by(const config& how, const options& wanted) {
    const bool own_ip = !wanted["sending_ip"].text().empty() ||  //
                        !wanted["sending_ip_pool"].text().empty();
    return {is_test_mode(how, wanted), own_ip};
}

mail_mode mode_of(const message& mail, const config& how, const options& wanted) {
    if (mail.raw()) return mail_mode::mime;
    if (has_template(wanted) || !wanted["amp_html"].text().empty()) return mail_mode::form;
    if (mail.carried().size() < mail.recipients().size()) return mail_mode::mime;
    const std::string_view said = wanted["mode"].text();
    if (said.empty()) return how.mode;
    return said == "form" ? mail_mode::form : mail_mode::mime;
}

// With non-ASCII letters and marks together Mailgun would show extra quotes: encoded words then.
std::string address_text(const mailbox& who) {
    const std::string address(wire_address(who));
    const std::string name = one_line(who.name);
    if (name.empty()) return address;
    if (is_bare(name)) return name + " <" + address + ">";
    return (is_ascii(name) ? quoted_string(name) : encoded_words(name)) + " <" + address + ">";
}

std::vector<part> parts_to_open(const message& mail) {
    std::vector<part> found;
    for (const part& one : mail.parts()) {
        if (!one.is_text() || one.content_size != 0) found.push_back(one);
    }
    return found;
}

std::vector<std::string> tags_of(const message& mail, const options& wanted) {
    std::vector<std::string> found;
    const auto add = [&found](std::string_view text) {
        if (std::find(found.begin(), found.end(), text) == found.end()) found.emplace_back(text);
    };
    for (const tag& one : mail.tags())
        add(one);
    for (const json_value& one : wanted["tags"].items())
        add(one.text());
    return found;
}

fields parameters_of(const message& mail, const config& how, const options& wanted) {
    fields found;
    for (const std::string& one : tags_of(mail, wanted))
        found.emplace_back("o:tag", one);
    for (const plain_option& one : plain_options) {
        const json_value& given = wanted[one.option];
        if (!given.is_null()) found.emplace_back(one.field, field_value(given));
    }
    const auto fill_in = [&](const char* option, const char* name, const char* value) {
        if (wanted[option].is_null()) found.emplace_back(name, value);
    };
    if (how.no_tracking) fill_in("tracking", "o:tracking", "no");
    if (how.require_tls) fill_in("require_tls", "o:require-tls", "yes");
    if (is_test_mode(how, wanted)) found.emplace_back("o:testmode", "yes");
    if (wanted["template_text"].boolean()) found.emplace_back("t:text", "yes");
    const json_value& variables = wanted["template_variables"];
    if (!variables.is_null()) found.emplace_back("t:variables", field_value(variables));
    add_variables(found, mail, wanted);
    return found;
}

fields headers_of(const message& mail) {
    fields found;
    if (!mail.message_id().empty())
        found.emplace_back("h:Message-Id", "<" + std::string(mail.message_id()) + ">");
    if (mail.sender()) found.emplace_back("h:Sender", address_text(mail.sender()));
    std::string answers;
    for (const mailbox& one : mail.reply_to())
        answers += (answers.empty() ? "" : ", ") + address_text(one);
    if (!answers.empty()) found.emplace_back("h:Reply-To", answers);
    for (const pair& one : mail.headers())
        found.emplace_back("h:" + std::string(one.name), one_line(one.value));
    return found;
}

form mime_of(const message& mail, const config& how, const options& wanted, gatepost_handle whole) {
    form out;
    for (const recipient& one : mail.carried())
        out.push_back(field("to", wire_address(one)));
    form_part file;
    file.name = "message";
    file.filename = "MimeMessage";  // as a plain field it would be refused
    file.type = "application/octet-stream";
    file.content.add_body(whole);
    out.push_back(std::move(file));
    add_fields(out, parameters_of(mail, how, wanted));
    return out;
}

form form_of(const message& mail, const config& how, const options& wanted,
             const std::vector<opened_part>& opened) {
    form out;
    out.push_back(field("from", address_text(mail.from())));
    add_recipients(out, mail);
    if (!mail.subject().empty()) out.push_back(field("subject", mail.subject()));
    const std::string_view amp = wanted["amp_html"].text();
    if (!amp.empty()) out.push_back(field("amp-html", amp));
    add_fields(out, headers_of(mail));
    add_fields(out, parameters_of(mail, how, wanted));
    add_content(out, opened);
    return out;
}

}  // namespace mailgun
