// The signed way to SES: keys from the settings or a role, a signature by SigV4 through crypto/1,
// the request, its answer.
//
// A request is sent a second time only after an answer that certainly refused it: for the clock,
// which is then corrected by the answer's Date, or for a role's session that has ended. Fails as an
// outcome where no whole answer came.
#pragma once

#include <gatepost/provider.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "settings.hpp"
#include "sign.hpp"
#include "verdict.hpp"

namespace ses {

// One request of ours: what is signed, and its content.
struct wish {
    std::string method, path;
    gatepost::sdk::segments body;
    bool commits = false;
};

struct keys_found {
    credentials keys;
    std::optional<gatepost::sdk::outcome> failure;
};

// The last answer of an exchange, or why there is none.
struct exchanged {
    gatepost::sdk::http_reply reply;
    std::optional<gatepost::sdk::outcome> failure;  // no whole answer
    answer said;
};

class client {
  public:
    explicit client(const options& how) : how_(how) {}
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    gatepost::sdk::task<exchanged> exchange(gatepost::sdk::context& context, const wish& asked);

  private:
    using ruled = std::optional<gatepost::sdk::outcome>;  // empty: it went well

    gatepost::sdk::http_request request_for(const wish& asked) const;
    // Adds the headers of the signature.
    gatepost::sdk::task<ruled> sign(gatepost::sdk::context& context, const wish& asked,
                                    const credentials& by, int64_t now,
                                    gatepost::sdk::http_request& request);
    gatepost::sdk::task<ruled> make_day_key(gatepost::sdk::context& context, const credentials& by,
                                            const std::string& date);
    gatepost::sdk::task<keys_found> get_keys(gatepost::sdk::context& context, bool fresh);
    gatepost::sdk::task<ruled> ask_instance(gatepost::sdk::context& context,
                                            gatepost::sdk::http_request& request);
    gatepost::sdk::http_request role_request(std::string_view path) const;

    const options& how_;       // the provider's
    int64_t clock_error_ = 0;  // what is added to our clock, in milliseconds
    std::string day_key_, day_of_key_;
    credentials signer_of_key_;
};

}  // namespace ses
