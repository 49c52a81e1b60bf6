// A message as a plugin sees it: gatepost_message over the strings of a mail::message. Nothing of
// the content is copied; all arrays stand in one block of memory. The view lives as long as this
// object and the message it keeps.
#pragma once

#include <gatepost/abi.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "mail/message.hpp"

namespace gatepost::plugin {

class message_view {
  public:
    // `flags`: GATEPOST_MESSAGE_TEST or 0; the others follow from the message.
    message_view(std::shared_ptr<const mail::message> message, std::span<const uint32_t> carry,
                 const std::string& plugin_id, uint32_t flags);
    message_view(const message_view&) = delete;
    message_view& operator=(const message_view&) = delete;

    const gatepost_message* get() const { return &view_; }

  private:
    std::shared_ptr<const mail::message> message_;
    std::string id_;
    std::unique_ptr<std::byte[]> block_;
    gatepost_message view_{};
};

// The message with its parts, for a provider that cannot send raw mail: the same message if it has
// them already. `invalid` for mail that parts cannot express.
result<std::shared_ptr<const mail::message>> with_parts(
    std::shared_ptr<const mail::message> message, const mail::content_factory& contents);

}  // namespace gatepost::plugin
