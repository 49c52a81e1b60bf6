// The way to Azure: the proof of who we are, the request, its answer.
//
// With a key each request is signed anew, at the moment it goes out; with Entra ID it carries the
// host's access token. A request that a 401 has refused, which is certain, is sent once more: with
// a renewed token; or signed with Azure's clock if ours is wrong, and else because a single 401 is
// seen although all is right. Fails as an outcome where no whole answer came.
#pragma once

#include <gatepost/provider.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "settings.hpp"
#include "verdict.hpp"

namespace azure {

struct wish {
    std::string method, path_and_query;
    std::string operation;  // Operation-Id of a send
    gatepost::sdk::segments body;
    bool commits = false;
};

struct exchanged {
    std::optional<gatepost::sdk::outcome> failure;  // no whole answer
    bool lost = false;                              // it was sent whole, and no answer came
    answer said;
};

class client {
  public:
    explicit client(const options& how) : how_(how) {}
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    gatepost::sdk::task<exchanged> exchange(gatepost::sdk::context& context, const wish& asked);
    gatepost::sdk::task<exchanged> look(gatepost::sdk::context& context,
                                        const std::string& operation);

  private:
    // Each adds the headers that say who we are; empty: it went well.
    gatepost::sdk::task<std::optional<gatepost::sdk::outcome>> prove(
        gatepost::sdk::context& context, const wish& asked, int64_t now, bool fresh,
        gatepost::sdk::http_request& request);
    gatepost::sdk::task<std::optional<gatepost::sdk::outcome>> bear(
        gatepost::sdk::context& context, bool fresh, gatepost::sdk::http_request& request);
    gatepost::sdk::task<std::optional<gatepost::sdk::outcome>> sign(
        gatepost::sdk::context& context, const wish& asked, int64_t now,
        gatepost::sdk::http_request& request);

    const options& how_;       // the provider's
    int64_t clock_error_ = 0;  // what is added to our clock, in milliseconds
};

}  // namespace azure
