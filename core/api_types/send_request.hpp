// A send as it came in, whichever form it had: the message, not yet named (id, Date and Message-ID
// are the gateway's), and the fingerprint that belongs to an Idempotency-Key.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "mail/address_book.hpp"
#include "mail/content.hpp"
#include "mail/message.hpp"

namespace gatepost::api_types {

struct send_request {
    mail::message mail;
    uint64_t bytes = 0;       // of all content
    std::string fingerprint;  // 32 bytes; empty if none was asked for
};

struct send_options {
    mail::content_factory contents;
    // What becomes of names without a domain, and of aliases; never null.
    std::shared_ptr<const mail::address_book> addresses =
        std::make_shared<const mail::address_book>();
    uint64_t max_bytes = limits::message_bytes;
    bool fingerprint = false;
};

}  // namespace gatepost::api_types
