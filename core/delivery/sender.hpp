// Whose mail it is when it leaves: sender = "keep" | "force" of a connection. Pure.
//
// Force writes the connection's from_email into From and the envelope and drops Sender: many
// providers carry nothing else. The name stays, and so that answers find their way, the address
// that was there goes to Reply-To unless the message has one. The null reverse-path stays null, or
// two machines could bounce at each other for ever.
#pragma once

#include <memory>

#include "config/config.hpp"
#include "mail/message.hpp"

namespace gatepost::delivery {

// The same message where nothing is to be changed.
std::shared_ptr<const mail::message> as_sent(std::shared_ptr<const mail::message> message,
                                             const config::connection& by);
// In place; `by` has force_sender and from_email.
void force_sender(mail::message& message, const config::connection& by);

}  // namespace gatepost::delivery
