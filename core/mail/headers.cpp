// The header block of raw mail, read once for acceptance and for the view that plugins get.
// Addresses go through the product's own parser; only their names are decoded by GMime.
#include "mail/decode.hpp"
#include "mail/header_fields.hpp"
#include "mail/mime.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "mail/headers.hpp"

namespace gatepost::mail {
namespace {

bool is(const header_field& field, std::string_view name) {
    return text::equal_ignoring_case(field.name, name);
}

error in_header(std::string_view name, const error& why) {
    return {error_kind::invalid,
            "The header " + std::string(name) + " cannot be read: " + why.detail};
}

result<std::optional<mailbox>> first_mailbox(const header_field& field) {
    auto list = read_mailboxes(field);
    if (!list) return std::move(list).error();
    if (list->empty()) {
        return error{error_kind::invalid,
                     "The header " + std::string(field.name) + " names no address."};
    }
    return std::optional(std::move(list->front()));
}

// <left@right> and nothing else; gives what is between the brackets.
result<std::string> read_message_id(const header_field& field) {
    const std::string value = unfold(field.value);
    const bool framed = value.size() > 2 && value.front() == '<' && value.back() == '>';
    const std::string inner = framed ? value.substr(1, value.size() - 2) : "";
    const bool clean = std::ranges::all_of(
        inner, [](char c) { return c > ' ' && c < 0x7F && c != '<' && c != '>'; });
    if (framed && clean) return inner;
    return error{error_kind::invalid,
                 "The header Message-ID must be one id in angle brackets, like <id@host>."};
}

status read_addresses(raw_headers& out, const header_field& field) {
    const std::pair<std::string_view, std::vector<mailbox>*> lists[] = {
        {"reply-to", &out.reply_to}, {"to", &out.to}, {"cc", &out.cc}, {"bcc", &out.bcc}};
    for (const auto& [name, list] : lists) {
        if (!is(field, name)) continue;
        auto boxes = read_mailboxes(field);
        if (!boxes) return std::move(boxes).error();
        std::ranges::move(*boxes, std::back_inserter(*list));
        return success{};
    }
    auto one = first_mailbox(field);
    if (!one) return std::move(one).error();
    (is(field, "from") ? out.from : out.sender) = std::move(*one);
    return success{};
}

bool is_address_field(const header_field& field) {
    for (const std::string_view name : {"from", "sender", "reply-to", "to", "cc", "bcc"}) {
        if (is(field, name)) return true;
    }
    return false;
}

bool is_mime_field(const header_field& field) {
    return is(field, "mime-version") ||
           text::equal_ignoring_case(field.name.substr(0, 8), "content-");
}

status read_field(raw_headers& out, const header_field& field) {
    if (is_address_field(field)) return read_addresses(out, field);
    if (is(field, "subject")) {
        out.subject = decode_text(unfold(field.value));
    } else if (is(field, "message-id")) {
        auto id = read_message_id(field);
        if (!id) return std::move(id).error();
        out.message_id = std::move(*id);
    } else if (is(field, "date")) {
        out.date = decode_date(unfold(field.value));
    } else if (is(field, "content-type")) {
        out.content_type = decode_content_type(unfold(field.value)).value;
    } else if (!is_mime_field(field)) {
        out.others.push_back({std::string(field.name), decode_text(unfold(field.value))});
    }
    return success{};
}

}  // namespace

result<std::vector<mailbox_text>> split_mailboxes(const header_field& field) {
    // Bytes that are not UTF-8 are decoded first, or no parser could name them.
    std::string line = unfold(field.value);
    if (!text::is_utf8(line)) line = decode_text(line);
    auto boxes = split_mailbox_list(line);
    if (!boxes) return in_header(field.name, boxes.error());
    for (mailbox_text& box : *boxes)
        box.name = decode_phrase(box.name);
    return boxes;
}

result<std::vector<mailbox>> read_mailboxes(const header_field& field) {
    auto split = split_mailboxes(field);
    if (!split) return split.error();
    std::vector<mailbox> boxes;
    for (const mailbox_text& each : *split) {
        auto box = make_mailbox(each.name, each.addr);
        if (!box) return in_header(field.name, box.error());
        boxes.push_back(std::move(*box));
    }
    return boxes;
}

result<raw_headers> read_headers(std::string_view header_block) {
    const auto fields = split_header_block(header_block);
    if (!fields) return fields.error();
    if (auto single = check_single_fields(*fields); !single) return std::move(single).error();
    raw_headers out;
    for (const header_field& field : *fields) {
        if (auto done = read_field(out, field); !done) return std::move(done).error();
    }
    return out;
}

}  // namespace gatepost::mail
