// Local mail is full of "From: root" and "To: root". It is completed once, before it is stored, so
// that every attempt and every provider sees whole addresses.
#include "mail/complete_block.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "mail/header_fields.hpp"
#include "mail/header_writer.hpp"
#include "mail/headers.hpp"

namespace gatepost::mail {
namespace {

enum class what : uint8_t { other, sender, recipient };

what kind_of(std::string_view name) {
    const auto is = [name](std::string_view one) { return text::equal_ignoring_case(name, one); };
    if (is("from") || is("sender") || is("reply-to")) return what::sender;
    return is("to") || is("cc") || is("bcc") ? what::recipient : what::other;
}

bool is_bare_box(const mailbox_text& box) {
    return box.addr.find('@') == std::string::npos;
}

result<std::vector<mailbox>> complete(const mailbox_text& box, what kind,
                                      const address_book& book) {
    if (!is_bare_box(box)) {
        auto whole = make_mailbox(box.name, box.addr);
        if (!whole) return whole.error();
        return std::vector<mailbox>{*std::move(whole)};
    }
    if (kind == what::recipient) return book.recipients(box.name, box.addr);
    auto one = book.sender(box.name, box.addr);
    if (!one) return one.error();
    return std::vector<mailbox>{*std::move(one)};
}

// Nothing to do: an empty string.
result<std::string> rewritten(const header_field& field, const address_book& book) {
    const what kind = kind_of(field.name);
    if (kind == what::other) return std::string();
    auto split = split_mailboxes(field);
    if (!split) return split.error();
    if (std::ranges::none_of(*split, is_bare_box)) return std::string();
    std::vector<mailbox> list;
    for (const mailbox_text& each : *split) {
        auto whole = complete(each, kind, book);
        if (!whole) {
            return error{error_kind::invalid, "The header " + std::string(field.name) +
                                                  " cannot be used: " + whole.error().detail};
        }
        if (list.size() + whole->size() > limits::recipients) {
            return error{error_kind::invalid,
                         "The header " + std::string(field.name) + " names more than " +
                             std::to_string(limits::recipients) + " addresses."};
        }
        std::ranges::move(*whole, std::back_inserter(list));
    }
    header_writer writer(false);
    if (auto written = writer.boxes(field.name, list); !written) return written.error();
    return writer.take();
}

}  // namespace

result<std::string> complete_block(std::string_view block, const address_book& book) {
    auto fields = split_header_block(block);
    if (!fields) return fields.error();
    std::string out;
    out.reserve(block.size());
    for (const header_field& field : *fields) {
        auto made = rewritten(field, book);
        if (!made) return made.error();
        out += made->empty() ? field.whole : std::string_view(*made);
    }
    return out;
}

}  // namespace gatepost::mail
