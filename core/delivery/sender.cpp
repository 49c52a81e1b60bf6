#include "delivery/sender.hpp"

namespace gatepost::delivery {

void force_sender(mail::message& message, const config::connection& by) {
    auto box = mail::make_mailbox(by.from_name, by.from_email);
    if (!box) return;  // cannot be: the configuration was checked
    if (message.from) {
        if (!message.from->name.empty()) box->name = message.from->name;
        if (message.reply_to.empty() && !(message.from->addr == box->addr))
            message.reply_to.push_back(*message.from);
    }
    const bool bounce = message.raw && !message.envelope_from;
    if (!bounce) message.envelope_from = box->addr;
    message.from = *std::move(box);
    message.sender.reset();
}

std::shared_ptr<const mail::message> as_sent(std::shared_ptr<const mail::message> message,
                                             const config::connection& by) {
    if (!by.force_sender || !message) return message;
    auto changed = std::make_shared<mail::message>(*message);
    force_sender(*changed, by);
    return changed;
}

}  // namespace gatepost::delivery
