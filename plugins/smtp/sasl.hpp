// SASL over SMTP AUTH, byte for byte: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195), XOAUTH2
// (Google, Microsoft) and OAUTHBEARER (RFC 7628). Pure: the one digest that is needed, HMAC-MD5, is
// asked for and handed in.
//
// What this file gives is secret: base64 hides nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "extensions.hpp"

namespace smtp {

enum class mechanism : uint8_t { none, plain, login, cram_md5, xoauth2, oauthbearer };

struct credentials {
    std::string username, password, token;  // a token, or else a password
    bool lent = false;                      // the token is the host's, asked for at login
    mechanism wanted = mechanism::none;     // none: by what is offered
    std::string host;                       // OAUTHBEARER names where it is
    uint16_t port = 0;
    bool given() const noexcept { return !username.empty(); }
    bool by_token() const noexcept { return lent || !token.empty(); }
};

bool takes_token(mechanism which) noexcept;
std::string_view name_of(mechanism which) noexcept;            // "CRAM-MD5"
mechanism mechanism_named(std::string_view setting) noexcept;  // "cram-md5"; none: unknown

// Nothing: the server offers none that these credentials can use.
mechanism choose_mechanism(const offered& what, const credentials& with) noexcept;

std::string base64(std::string_view bytes);
// Nothing if it is not base64 with padding.
std::optional<std::string> from_base64(std::string_view text);

// One exchange, from the AUTH line to the last answer.
class sasl_exchange {
  public:
    sasl_exchange(mechanism which, const credentials& with) : which_(which), with_(&with) {}

    std::string first_line() const;  // "AUTH PLAIN ..." with CRLF

    enum class answer : uint8_t {
        line,    // write `out`
        digest,  // `out` is the text whose HMAC-MD5 under the password digested() wants
        cancel   // a challenge that this mechanism has not: write "*"
    };
    // `text` of a 334 reply.
    answer challenged(std::string_view text, std::string& out);
    std::string digested(std::string_view raw) const;

    // "*" was said, and nothing can follow but a refusal.
    bool cancelled() const noexcept { return cancelled_; }
    // A token was refused with a challenge that explains why; the explanation, decoded.
    const std::string& explanation() const noexcept { return explanation_; }

  private:
    std::string initial() const;

    mechanism which_;
    const credentials* with_;
    int challenges_ = 0;
    bool cancelled_ = false;
    std::string explanation_;
};

}  // namespace smtp
