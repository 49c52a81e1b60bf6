// The sample messages, and their views.
#include "check/sample.hpp"

namespace gatepost::check {
namespace {

gatepost_mailbox view_of(const mailbox& box, view_memory& memory) {
    return {memory.string(box.address), memory.string(box.needs_smtputf8 ? "" : box.address),
            memory.string(box.name)};
}

gatepost_array view_of(const std::vector<std::pair<std::string, std::string>>& pairs,
                       view_memory& memory) {
    std::vector<gatepost_pair> out;
    for (const auto& [name, value] : pairs)
        out.push_back({memory.string(name), memory.string(value)});
    return memory.array(out);
}

gatepost_array recipients_of(const message& mail, view_memory& memory) {
    std::vector<gatepost_recipient> out;
    for (uint32_t i = 0; i < mail.recipients.size(); ++i) {
        const recipient& one = mail.recipients[i];
        out.push_back({view_of(one.who, memory), one.role, i, one.dsn_notify, 0,
                       memory.string(one.dsn_orcpt)});
    }
    return memory.array(out);
}

gatepost_array parts_of(const message& mail, view_memory& memory) {
    std::vector<gatepost_part> out;
    for (uint32_t i = 0; i < mail.parts.size(); ++i) {
        const part& one = mail.parts[i];
        out.push_back({i + 1, one.role, memory.string(one.type), memory.string(one.filename),
                       memory.string(one.content_id), one.content.size()});
    }
    return memory.array(out);
}

gatepost_array carry_of(const message& mail, std::vector<uint32_t> carry, view_memory& memory) {
    if (carry.empty()) {
        for (uint32_t i = 0; i < mail.recipients.size(); ++i)
            carry.push_back(i);
    }
    return memory.array(carry);
}

}  // namespace

const gatepost_message* view_of(const message& mail, const std::vector<uint32_t>& carry,
                                view_memory& memory) {
    gatepost_message view{};
    view.flags = mail.flags;
    view.id = memory.string(mail.id);
    view.message_id = memory.string(mail.message_id);
    view.date = mail.date;
    view.envelope_from = view_of(mail.envelope_from, memory);
    view.from = view_of(mail.from, memory);
    view.sender = view_of(mail.sender, memory);
    std::vector<gatepost_mailbox> reply_to;
    for (const auto& box : mail.reply_to)
        reply_to.push_back(view_of(box, memory));
    view.reply_to = memory.array(reply_to);
    view.recipients = recipients_of(mail, memory);
    view.carry = carry_of(mail, carry, memory);
    view.subject = memory.string(mail.subject);
    view.headers = view_of(mail.headers, memory);
    std::vector<gatepost_string> tags;
    for (const auto& tag : mail.tags)
        tags.push_back(memory.string(tag));
    view.tags = memory.array(tags);
    view.metadata = view_of(mail.metadata, memory);
    view.options_json = memory.string(mail.options_json);
    view.parts = parts_of(mail, memory);
    view.dsn_ret = mail.dsn_ret;
    view.priority = mail.priority;
    view.dsn_envid = memory.string(mail.dsn_envid);
    view.accepted_at = mail.accepted_at;
    return memory.grow(view);
}

const gatepost_settings* view_of(const settings& given, view_memory& memory) {
    std::vector<gatepost_setting> values;
    for (const setting& one : given.values) {
        values.push_back({memory.string(one.path), one.type,
                          one.secret ? uint32_t{GATEPOST_SETTING_SECRET} : 0,
                          memory.string(one.text), one.integer, one.number});
    }
    gatepost_settings view{};
    view.json = memory.string(given.json);
    view.values = memory.array(values);
    view.connection = memory.string(given.connection);
    return memory.grow(view);
}

std::string whole_of(const message& mail) {
    if (!mail.whole.empty()) return mail.whole;
    std::string out = "From: " + mail.from.address + "\r\nSubject: " + mail.subject +
                      "\r\nMessage-ID: <" + mail.message_id +
                      ">\r\nDate: Tue, 01 Dec 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: 8bit\r\n\r\n";
    if (!mail.parts.empty()) out += mail.parts.front().content;
    return out + "\r\n";
}

message simple_message() {
    message mail;
    mail.recipients = {{{"first@example.net", ""}}};
    mail.parts = {{GATEPOST_PART_TEXT, "text/plain; charset=utf-8", "", "", "Hello.\r\n.dot\r\n"}};
    return mail;
}

message rich_message() {
    message mail = simple_message();
    mail.flags = GATEPOST_MESSAGE_SMTPUTF8;
    mail.sender = {"office@example.org", "Büro"};
    mail.reply_to = {{"answers@example.org", "Antworten, bitte"}, {"more@example.org", ""}};
    mail.recipients = {{{"first@example.net", "Ėrste"},
                        GATEPOST_TO,
                        GATEPOST_NOTIFY_FAILURE,
                        "rfc822;first@example.net"},
                       {{"zweite@bücher.example", "", true}, GATEPOST_TO},
                       {{"copy@example.net", "\"Quoted\""}, GATEPOST_CC, GATEPOST_NOTIFY_NEVER},
                       {{"blind@example.net", ""}, GATEPOST_BCC}};
    mail.subject = "Grüße: 50 % günstiger \xF0\x9F\x93\xA7";
    mail.headers = {{"X-Campaign", "7"}, {"X-Empty", ""}, {"X-Campaign", "ünïcode"}};
    mail.tags = {"signup", "größe"};
    mail.metadata = {{"user", "42"}, {"leer", ""}};
    mail.options_json = R"({"sandbox":true})";
    mail.parts.push_back({GATEPOST_PART_HTML, "text/html; charset=utf-8", "", "",
                          "<p>Hello <img src=\"cid:logo@example\"></p>"});
    mail.parts.push_back(
        {GATEPOST_PART_INLINE, "image/png", "logo.png", "logo@example", "\x89PNG\r\n\x1A\n\0\0"});
    mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "application/pdf", "Übersicht €.pdf", "",
                          std::string(200'000, '\xF7')});
    mail.dsn_ret = GATEPOST_RET_HEADERS;
    mail.dsn_envid = "QQ314159";
    mail.priority = 3;
    return mail;
}

message raw_message() {
    message mail = simple_message();
    mail.flags = GATEPOST_MESSAGE_RAW | GATEPOST_MESSAGE_RAW_ONLY;
    mail.envelope_from = {"", ""};
    mail.parts.clear();
    mail.whole =
        "From: sender@example.org\r\nTo: first@example.net\r\nSubject: Hello\r\n"
        "Message-ID: <raw@example.org>\r\nDate: Tue, 01 Dec 2026 08:00:00 +0000\r\n"
        "Content-Type: multipart/signed; boundary=b; micalg=sha-256\r\n\r\n"
        "--b\r\n\r\n.signed\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n"
        "--b--\r\n";
    return mail;
}

message large_message() {
    message mail = simple_message();
    mail.recipients.clear();
    for (int i = 0; i < 1000; ++i)
        mail.recipients.push_back({{"r" + std::to_string(i) + "@example.net", ""}});
    mail.id = "01hfakehost0000000000000002";
    mail.subject = std::string(8000, 's');
    mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "application/octet-stream",
                          "../../../../etc/passwd", "", std::string(1 << 20, '\0')});
    mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "application/octet-stream", "", "", ""});
    return mail;
}

}  // namespace gatepost::check
