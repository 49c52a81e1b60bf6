// See payload.hpp.
#include "payload.hpp"

#include <gatepost/letters.hpp>
#include <gatepost/mail_text.hpp>

#include <algorithm>
#include <array>

namespace sendgrid {
namespace {

using namespace gatepost::sdk;

constexpr std::array<std::string_view, 12> reserved_headers = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "to",      "from",     "subject",  "reply-to",       "content-transfer-encoding",
    "cc",      "bcc"};
constexpr std::array<std::string_view, 10> trace_headers = {"received",
                                                            "x-received",
                                                            "return-path",
                                                            "delivered-to",
                                                            "x-sg-id",
                                                            "x-sg-eid",
                                                            "arc-seal",
                                                            "arc-message-signature",
                                                            "arc-authentication-results",
                                                            "authentication-results"};
// Given at the top level as they are in the options; the schema has checked them.
constexpr std::array<std::string_view, 4> as_they_are = {"template_id", "batch_id", "send_at",
                                                         "asm"};

template <std::size_t Count>
bool is_one_of(const std::array<std::string_view, Count>& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(),
                       [name](std::string_view one) { return same_letters(one, name); });
}

void write_mailbox(json_writer& json, const mailbox& who, std::string_view name) {
    json.begin_object();
    json.member("email", wire_address(who));
    if (!name.empty()) json.member("name", name);
    json.end_object();
}

void write_recipients(json_writer& json, const std::vector<recipient>& all, recipient_role role,
                      std::string_view key) {
    bool any = false;
    for (const recipient& one : all) {
        if (one.role != role) continue;
        if (!any) {
            json.key(key);
            json.begin_array();
        }
        any = true;
        write_mailbox(json, one, display_name(one.name));
    }
    if (any) json.end_array();
}

void write_personalization(json_writer& json, const message& mail, const options& wanted) {
    const std::vector<recipient> carried = mail.carried();
    json.key("personalizations");
    json.begin_array();
    json.begin_object();
    write_recipients(json, carried, recipient_role::to, "to");
    write_recipients(json, carried, recipient_role::cc, "cc");
    write_recipients(json, carried, recipient_role::bcc, "bcc");
    for (const char* name : {"dynamic_template_data", "substitutions"}) {
        if (!wanted[name].is_null()) json.member(name, wanted[name]);
    }
    json.end_object();
    json.end_array();
}

void write_reply_to(json_writer& json, const message& mail) {
    const auto boxes = mail.reply_to();
    if (boxes.empty()) return;
    json.key(boxes.size() == 1 ? "reply_to" : "reply_to_list");
    if (boxes.size() > 1) json.begin_array();
    for (const mailbox& one : boxes)
        write_mailbox(json, one, one.name);
    if (boxes.size() > 1) json.end_array();
}

void write_content(json_writer& json, const std::vector<opened_part>& opened) {
    bool any = false;
    for (const opened_part& one : opened) {
        const bool html = one.what.role == part_role::html;
        if (!html && one.what.role != part_role::text) continue;
        if (!any) {
            json.key("content");
            json.begin_array();
        }
        any = true;
        json.begin_object();
        json.member("type", html ? "text/html" : "text/plain");
        json.member_body("value", one.body);
        json.end_object();
    }
    if (any) json.end_array();
}

// SendGrid takes no parameters behind a type.
std::string_view bare_type(std::string_view type) {
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' '))
        type.remove_suffix(1);
    return type;
}

void write_attachment(json_writer& json, const opened_part& one, std::size_t number) {
    const bool inside = one.what.role == part_role::inline_image;
    json.begin_object();
    json.member_body("content", one.body);
    json.key("filename");
    if (one.what.filename.empty()) {
        json.value(std::string_view("attachment-" + std::to_string(number)));
    } else {
        json.value(one.what.filename);
    }
    const std::string_view type = bare_type(one.what.type);
    if (!type.empty()) json.member("type", type);
    json.member("disposition", inside ? "inline" : "attachment");
    if (!one.what.content_id.empty()) json.member("content_id", one.what.content_id);
    json.end_object();
}

void write_attachments(json_writer& json, const std::vector<opened_part>& opened) {
    std::size_t number = 0;
    for (const opened_part& one : opened) {
        if (one.what.is_text()) continue;
        if (number++ == 0) {
            json.key("attachments");
            json.begin_array();
        }
        write_attachment(json, one, number);
    }
    if (number != 0) json.end_array();
}

std::string sender_text(const mailbox& who) {
    if (who.name.empty()) return std::string(wire_address(who));
    const std::string name = one_line(who.name);
    return (is_ascii(name) ? quoted_string(name) : encoded_words(name)) + " <" +
           std::string(wire_address(who)) + ">";
}

void write_headers(json_writer& json, const message& mail) {
    std::vector<std::string_view> written;
    json.key("headers");
    json.begin_object();
    if (!mail.message_id().empty())
        json.member("Message-ID", std::string_view("<" + std::string(mail.message_id()) + ">"));
    if (mail.sender()) json.member("Sender", std::string_view(sender_text(mail.sender())));
    for (const pair& one : mail.headers()) {
        const bool before = std::any_of(written.begin(), written.end(), [&](std::string_view name) {
            return same_letters(name, one.name);
        });
        if (before || is_reserved_header(one.name) || (mail.raw() && is_trace_header(one.name)))
            continue;
        json.member(one.name, std::string_view(header_text(one.value)));
        written.push_back(one.name);
    }
    json.end_object();
}

void write_lists(json_writer& json, const message& mail, const options& wanted) {
    const auto categories = categories_of(mail, wanted);
    if (!categories.empty()) {
        json.key("categories");
        json.begin_array();
        for (const std::string& one : categories)
            json.value(std::string_view(one));
        json.end_array();
    }
    json.key("custom_args");
    json.begin_object();
    for (const auto& [name, value] : custom_args_of(mail, wanted))
        json.member(name, std::string_view(value));
    json.end_object();
}

// The members of `given` but `without`, into the object that is open.
void write_members(json_writer& json, const json_value& given, std::string_view without) {
    for (std::size_t at = 0; at < given.names().size(); ++at) {
        if (given.names()[at] != without) json.member(given.names()[at], given.items()[at]);
    }
}

void write_mail_settings(json_writer& json, const config& how, const options& wanted) {
    const json_value& given = wanted["mail_settings"];
    const bool sandboxed = is_sandboxed(how, wanted);
    if (!sandboxed && given.is_null()) return;
    json.key("mail_settings");
    json.begin_object();
    write_members(json, given, sandboxed ? "sandbox_mode" : "");
    if (sandboxed) {
        json.key("sandbox_mode");
        json.begin_object();
        json.member("enable", true);
        json.end_object();
    }
    json.end_object();
}

void write_switched_off(json_writer& json, const json_value& given, const char* name) {
    if (!given[name].is_null()) return;
    json.key(name);
    json.begin_object();
    json.member("enable", false);
    if (std::string_view(name) == "click_tracking") json.member("enable_text", false);
    json.end_object();
}

void write_tracking(json_writer& json, const config& how, const options& wanted) {
    const json_value& given = wanted["tracking_settings"];
    if (given.is_null() && !how.no_tracking) return;
    json.key("tracking_settings");
    json.begin_object();
    write_members(json, given, "");
    if (how.no_tracking) {
        for (const char* name : {"click_tracking", "open_tracking", "subscription_tracking"})
            write_switched_off(json, given, name);
    }
    json.end_object();
}

}  // namespace

bool is_reserved_header(std::string_view name) {
    return is_one_of(reserved_headers, name);
}
bool is_trace_header(std::string_view name) {
    return is_one_of(trace_headers, name) || same_letters(name, "dkim-signature");
}

// Names may hold neither ';' nor ',' (the documentation's rule for to, cc and bcc).
std::string display_name(std::string_view name) {
    std::string out;
    for (const char letter : one_line(name)) {
        const bool mark = letter == ',' || letter == ';';
        if (mark || letter == ' ') {
            if (!out.empty() && out.back() != ' ') out += ' ';
        } else {
            out += letter;
        }
    }
    while (out.ends_with(' '))
        out.pop_back();
    return out;
}

options read_options(std::string_view json) {
    return read_json(json).root;
}

std::vector<part> parts_to_open(const message& mail) {
    std::vector<part> found;
    for (const part_role role : {part_role::text, part_role::html}) {
        for (const part& one : mail.parts()) {
            if (one.role == role && one.content_size != 0) found.push_back(one);
        }
    }
    for (const part& one : mail.parts()) {
        if (one.role != part_role::text && one.role != part_role::html) found.push_back(one);
    }
    return found;
}

body_form form_of(const part& which) {
    return which.is_text() ? body_form::json : body_form::base64;
}

bool is_sandboxed(const config& how, const options& wanted) {
    return how.sandbox || wanted["sandbox"].boolean() ||
           wanted["mail_settings"]["sandbox_mode"]["enable"].boolean();
}
bool has_template(const options& wanted) {
    return !wanted["template_id"].text().empty();
}

std::vector<std::string> categories_of(const message& mail, const options& wanted) {
    std::vector<std::string> found;
    const auto add = [&found](std::string_view text) {
        if (std::find(found.begin(), found.end(), text) == found.end()) found.emplace_back(text);
    };
    for (const tag& one : mail.tags())
        add(one);
    for (const json_value& one : wanted["categories"].items())
        add(one.text());
    return found;
}

custom_args custom_args_of(const message& mail, const options& wanted) {
    custom_args found;
    const auto set = [&found](std::string_view name, std::string_view value) {
        const auto there = std::find_if(found.begin(), found.end(),
                                        [name](const auto& one) { return one.first == name; });
        if (there == found.end()) {
            found.emplace_back(name, value);
        } else {
            there->second = value;
        }
    };
    set("gatepost_id", mail.id());
    for (const pair& one : mail.metadata())
        set(one.name, one.value);
    const json_value& given = wanted["custom_args"];
    for (std::size_t at = 0; at < given.names().size(); ++at)
        set(given.names()[at], given.items()[at].text());
    return found;
}

segments body_of(const message& mail, const config& how, const options& wanted,
                 const std::vector<opened_part>& opened) {
    json_writer json;
    json.begin_object();
    json.key("from");
    write_mailbox(json, mail.from(), mail.from().name);
    write_reply_to(json, mail);
    if (!mail.subject().empty()) json.member("subject", mail.subject());
    write_personalization(json, mail, wanted);
    write_content(json, opened);
    write_attachments(json, opened);
    write_headers(json, mail);
    write_lists(json, mail, wanted);
    for (const std::string_view name : as_they_are) {
        if (!wanted[name].is_null()) json.member(name, wanted[name]);
    }
    const std::string_view pool = wanted["ip_pool_name"].text(how.ip_pool_name);
    if (!pool.empty()) json.member("ip_pool_name", pool);
    write_mail_settings(json, how, wanted);
    write_tracking(json, how, wanted);
    json.end_object();
    return json.finish();
}

}  // namespace sendgrid
