// The shape of a send as a table: which value may stand where. The reader walks it instead of
// knowing it, so that a new member is one line here and one case there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::api_types {

// A place in the document that a value can take.
enum class slot : uint8_t {
    document,
    from,
    sender,
    to,
    cc,
    bcc,
    reply_to,
    box_email,
    box_name,
    subject,
    text,
    html,
    headers,
    header_value,
    attachments,
    attachment,
    filename,
    content_type,
    content,
    disposition,
    content_id,
    template_,
    tags,
    tag,
    metadata,
    metadata_value,
    provider_options,
    options_of,
    organization,
    connection,
    priority,
    on_unknown,
    dsn,
    notify,
    notify_word,
    ret,
    envid,
    send_at,
    expires_at,
    ignored,  // the value of an unknown or wrong member: read past
};

inline constexpr uint8_t takes_string = 1, takes_object = 2, takes_array = 4, takes_all = 7;

struct slot_facts {
    uint8_t takes;
    std::string_view must_be;  // "must be a string"
    slot element;              // of an array
};

const slot_facts& facts_of(slot where);
// The slot of a member; `ignored` if an object in this slot has no such member.
slot member_of(slot object, std::string_view key);
// Members with any name: headers, metadata, provider_options.
bool has_free_members(slot object);
const std::vector<std::string>& members_of(slot object);

}  // namespace gatepost::api_types
