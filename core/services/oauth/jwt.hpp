// The assertion of a service account (RFC 7523): a JSON Web Token, signed with RS256 by the key of
// the account's JSON file. Pure, but for OpenSSL.
//
// Its time is set back by a minute, so that a clock that is a little ahead of the provider's is not
// refused as "not yet valid"; it lives an hour from there, which is the most that Google takes.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatepost::services {

struct service_account {
    std::string email, key_id, token_url;
    secret private_key;  // PEM
};

// The error's detail is the rest of a sentence about the key in the settings.
result<service_account> read_service_account(const secret& json_file);

struct assertion_claims {
    std::string scope, audience, subject;
};
result<secret> sign_assertion(const service_account& account, const assertion_claims& claims,
                              wall_time now);

// RFC 4648 section 5, without padding.
std::string base64url(std::string_view bytes);
std::string sha256_of(std::string_view bytes);
// Unguessable, for a state or a PKCE verifier: 43 characters of base64url. Empty if the system has
// no randomness.
std::string random_word();
// PKCE (RFC 7636): S256 of a verifier.
std::string pkce_challenge(std::string_view verifier);

}  // namespace gatepost::services
