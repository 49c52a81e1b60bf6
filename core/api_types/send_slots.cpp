// One table a kind of object; look-ups are linear, because the longest has two dozen short names.
#include "api_types/send_slots.hpp"

#include <array>

namespace gatepost::api_types {
namespace {

struct member {
    std::string_view name;
    slot place;
};

constexpr std::array top_members{
    member{"from", slot::from},
    member{"to", slot::to},
    member{"subject", slot::subject},
    member{"text", slot::text},
    member{"html", slot::html},
    member{"cc", slot::cc},
    member{"bcc", slot::bcc},
    member{"reply_to", slot::reply_to},
    member{"sender", slot::sender},
    member{"headers", slot::headers},
    member{"attachments", slot::attachments},
    member{"template", slot::template_},
    member{"variables", slot::template_},
    member{"tags", slot::tags},
    member{"metadata", slot::metadata},
    member{"organization", slot::organization},
    member{"connection", slot::connection},
    member{"priority", slot::priority},
    member{"on_unknown", slot::on_unknown},
    member{"provider_options", slot::provider_options},
    member{"dsn", slot::dsn},
    member{"send_at", slot::send_at},
    member{"expires_at", slot::expires_at},
};
constexpr std::array box_members{member{"email", slot::box_email}, member{"name", slot::box_name}};
constexpr std::array attachment_members{
    member{"filename", slot::filename},     member{"content_type", slot::content_type},
    member{"content", slot::content},       member{"disposition", slot::disposition},
    member{"content_id", slot::content_id},
};
constexpr std::array dsn_members{member{"notify", slot::notify}, member{"ret", slot::ret},
                                 member{"envid", slot::envid}};

std::span<const member> table_of(slot object) {
    switch (object) {
        case slot::document: return top_members;
        case slot::from:
        case slot::sender:
        case slot::to:
        case slot::cc:
        case slot::bcc:
        case slot::reply_to: return box_members;
        case slot::attachment: return attachment_members;
        case slot::dsn: return dsn_members;
        default: return {};
    }
}

constexpr slot_facts one_line{takes_string, "must be a string", slot::ignored};

}  // namespace

const slot_facts& facts_of(slot where) {
    constexpr std::string_view one_box = "must be an address, or an object {email, name}";
    constexpr std::string_view boxes =
        "must be an address, an object {email, name}, or a list of these";
    static constexpr slot_facts document{takes_object, "must be an object", slot::ignored};
    static constexpr slot_facts mailbox{takes_string | takes_object, one_box, slot::ignored};
    static constexpr slot_facts to{takes_all, boxes, slot::to};
    static constexpr slot_facts cc{takes_all, boxes, slot::cc};
    static constexpr slot_facts bcc{takes_all, boxes, slot::bcc};
    static constexpr slot_facts reply_to{takes_all, boxes, slot::reply_to};
    static constexpr slot_facts attachments{takes_array, "must be a list", slot::attachment};
    static constexpr slot_facts tags{takes_array, "must be a list of strings", slot::tag};
    static constexpr slot_facts notify{takes_array, "must be a list of strings", slot::notify_word};
    static constexpr slot_facts any{takes_all, "", slot::ignored};
    switch (where) {
        case slot::document:
        case slot::headers:
        case slot::attachment:
        case slot::metadata:
        case slot::provider_options:
        case slot::options_of:
        case slot::dsn: return document;
        case slot::from:
        case slot::sender: return mailbox;
        case slot::to: return to;
        case slot::cc: return cc;
        case slot::bcc: return bcc;
        case slot::reply_to: return reply_to;
        case slot::attachments: return attachments;
        case slot::tags: return tags;
        case slot::notify: return notify;
        case slot::template_:
        case slot::ignored: return any;
        default: return one_line;
    }
}

slot member_of(slot object, std::string_view key) {
    if (object == slot::headers) return slot::header_value;
    if (object == slot::metadata) return slot::metadata_value;
    if (object == slot::provider_options) return slot::options_of;
    for (const member& each : table_of(object)) {
        if (each.name == key) return each.place;
    }
    return slot::ignored;
}

bool has_free_members(slot object) {
    return object == slot::headers || object == slot::metadata || object == slot::provider_options;
}

const std::vector<std::string>& members_of(slot object) {
    static const auto names = [](slot which) {
        std::vector<std::string> out;
        for (const member& each : table_of(which))
            out.emplace_back(each.name);
        return out;
    };
    static const std::vector<std::string> top = names(slot::document);
    static const std::vector<std::string> box = names(slot::to);
    static const std::vector<std::string> attachment = names(slot::attachment);
    static const std::vector<std::string> dsn = names(slot::dsn);
    switch (object) {
        case slot::document: return top;
        case slot::attachment: return attachment;
        case slot::dsn: return dsn;
        default: return box;
    }
}

}  // namespace gatepost::api_types
