// A name for the content of a send (SHA-256 over the parsed request), so that a second send with
// the same Idempotency-Key can be told from other content. The order of JSON keys does not matter;
// every value and every byte of content does. What the gateway fixes itself (id, Date, Message-ID)
// stands outside.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mail/message.hpp"

namespace gatepost::api_types {

// SHA-256 in pieces; 32 bytes come out.
class sha256 {
  public:
    sha256();
    sha256(sha256&&) noexcept = default;
    sha256& operator=(sha256&&) noexcept = default;
    void add(std::string_view bytes);
    // With its length in front, so that two fields never run into one another.
    void add_field(std::string_view bytes);
    std::string finish();

  private:
    struct context_deleter {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, context_deleter> context_;
};

// `content_digests`: one for each of mail.parts, or one for raw mail.
std::string fingerprint_of(const mail::message& mail,
                           const std::vector<std::string>& content_digests);

}  // namespace gatepost::api_types
