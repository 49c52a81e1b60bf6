// One allocation for all arrays: at a thousand small mails a second, an allocation for each list
// would be most of the work.
#include "plugin/message_view.hpp"

#include <new>

#include "mail/mime.hpp"
#include "plugin/strings.hpp"

namespace gatepost::plugin {
namespace {

gatepost_mailbox mailbox_of(const mail::address& address, const std::string& name) {
    return {string_of(address.text()), string_of(address.ascii()), string_of(name)};
}

gatepost_mailbox mailbox_of(const std::optional<mail::mailbox>& box) {
    return box ? mailbox_of(box->addr, box->name) : gatepost_mailbox{};
}

gatepost_mailbox mailbox_of(const std::optional<mail::address>& address) {
    static const std::string no_name;
    return address ? mailbox_of(*address, no_name) : gatepost_mailbox{};
}

bool needs_smtputf8(const mail::message& mail) {
    const auto needs = [](const mail::mailbox& box) { return box.addr.needs_smtputf8(); };
    if (mail.envelope_from && mail.envelope_from->needs_smtputf8()) return true;
    if ((mail.from && needs(*mail.from)) || (mail.sender && needs(*mail.sender))) return true;
    if (std::ranges::any_of(mail.reply_to, needs)) return true;
    return std::ranges::any_of(mail.recipients, needs, &mail::recipient::who);
}

uint32_t flags_of(const mail::message& mail) {
    uint32_t flags = 0;
    if (mail.raw) flags |= GATEPOST_MESSAGE_RAW;
    if (mail.raw && mail.raw->raw_only) flags |= GATEPOST_MESSAGE_RAW_ONLY;
    if (needs_smtputf8(mail)) flags |= GATEPOST_MESSAGE_SMTPUTF8;
    return flags;
}

gatepost_recipient recipient_of(const mail::recipient& who, uint32_t index) {
    return {mailbox_of(who.who.addr, who.who.name),
            static_cast<uint32_t>(who.kind),
            index,
            who.dsn_notify,
            0,
            string_of(who.dsn_orcpt)};
}

gatepost_part part_view(const mail::part& part, uint32_t id) {
    return {id,
            static_cast<uint32_t>(part.kind),
            string_of(part.type),
            string_of(part.filename),
            string_of(part.content_id),
            part.body.size()};
}

// Hands out arrays from one block whose size was counted before. Every item type is a multiple of
// eight bytes but uint32_t, which therefore comes last.
class filler {
  public:
    explicit filler(std::byte* at) : at_(at) {}

    template <class Item, class Source, class Convert>
    gatepost_array array(const Source& source, Convert convert) {
        if (source.empty()) return {nullptr, 0, sizeof(Item)};
        const gatepost_array made{at_, static_cast<uint32_t>(source.size()), sizeof(Item)};
        uint32_t index = 0;
        for (const auto& each : source) {
            new (at_) Item(convert(each, index++));
            at_ += sizeof(Item);
        }
        return made;
    }

  private:
    std::byte* at_;
};

size_t block_size(const mail::message& mail, size_t carried) {
    return mail.reply_to.size() * sizeof(gatepost_mailbox) +
           mail.recipients.size() * sizeof(gatepost_recipient) +
           (mail.headers.size() + mail.metadata.size()) * sizeof(gatepost_pair) +
           mail.tags.size() * sizeof(gatepost_string) + mail.parts.size() * sizeof(gatepost_part) +
           carried * sizeof(uint32_t);
}

void fill_arrays(const mail::message& mail, std::span<const uint32_t> carry, filler into,
                 gatepost_message& view) {
    view.reply_to = into.array<gatepost_mailbox>(
        mail.reply_to,
        [](const mail::mailbox& box, uint32_t) { return mailbox_of(box.addr, box.name); });
    view.recipients = into.array<gatepost_recipient>(mail.recipients, recipient_of);
    view.headers = into.array<gatepost_pair>(
        mail.headers, [](const mail::header& header, uint32_t) -> gatepost_pair {
            return {string_of(header.name), string_of(header.value)};
        });
    view.metadata =
        into.array<gatepost_pair>(mail.metadata, [](const auto& pair, uint32_t) -> gatepost_pair {
            return {string_of(pair.first), string_of(pair.second)};
        });
    view.tags = into.array<gatepost_string>(
        mail.tags, [](const std::string& tag, uint32_t) { return string_of(tag); });
    view.parts = into.array<gatepost_part>(mail.parts, [](const mail::part& part, uint32_t index) {
        return part_view(part, index + 1);
    });
    view.carry = into.array<uint32_t>(carry, [](uint32_t index, uint32_t) { return index; });
}

}  // namespace

message_view::message_view(std::shared_ptr<const mail::message> message,
                           std::span<const uint32_t> carry, const std::string& plugin_id,
                           uint32_t flags)
    : message_(std::move(message)),
      id_(message_->id.to_string()),
      block_(std::make_unique_for_overwrite<std::byte[]>(block_size(*message_, carry.size()))) {
    const mail::message& mail = *message_;
    view_.size = sizeof view_;
    view_.flags = flags | flags_of(mail);
    view_.id = string_of(id_);
    view_.message_id = string_of(mail.message_id);
    view_.date = mail.date.time_since_epoch().count();
    view_.envelope_from = mailbox_of(mail.envelope_from);
    view_.from = mailbox_of(mail.from);
    view_.sender = mailbox_of(mail.sender);
    view_.subject = string_of(mail.subject);
    const auto options = mail.provider_options.find(plugin_id);
    view_.options_json = string_of(options == mail.provider_options.end() ? std::string_view("{}")
                                                                          : options->second);
    view_.dsn_ret = static_cast<uint32_t>(mail.ret);
    view_.priority = static_cast<uint32_t>(mail.urgency);
    view_.dsn_envid = string_of(mail.dsn_envid);
    // Of raw mail the Date header says something else, and only the id tells: it may be ahead for
    // ever if the clock once was.
    const wall_time accepted = mail.raw ? mail.id.time() : mail.date;
    view_.accepted_at = accepted.time_since_epoch().count();
    fill_arrays(mail, carry, filler(block_.get()), view_);
}

result<std::shared_ptr<const mail::message>> with_parts(
    std::shared_ptr<const mail::message> message, const mail::content_factory& contents) {
    if (!message->raw || !message->parts.empty()) return message;
    if (message->raw->raw_only)
        return error{
            error_kind::invalid,
            "the mail is signed or encrypted, and this provider cannot send mail as it is"};
    auto parts = mail::take_apart(*message->raw, contents ? contents : mail::memory_content());
    if (!parts) return parts.error();
    auto copy = std::make_shared<mail::message>(*message);
    copy->parts = std::move(*parts);
    return std::shared_ptr<const mail::message>(std::move(copy));
}

}  // namespace gatepost::plugin
