// A connect as it was asked for, held against the rules of the ABI (a refusal) and against what the
// owner's settings allow (a sentence). Internal to connect.cpp.
#pragma once

#include <gatepost/abi.h>

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "plugin/services.hpp"
#include "services/destinations.hpp"
#include "services/socket_address.hpp"
#include "services/stream/proxy.hpp"
#include "services/stream/tls_context.hpp"

namespace gatepost::services {

struct connect_order {
    std::string host;
    uint16_t port = 0;
    bool tls = false;
    tls_wish wish;
    std::optional<socket_address> bind;
    std::optional<proxy_address> proxy;
    permission allowed;  // of what is connected to: the proxy, if there is one
    mono_time due = mono_time::max();

    const std::string& first_host() const { return proxy ? proxy->host : host; }
    uint16_t first_port() const { return proxy ? proxy->port : port; }
    std::string where() const { return host_and_port(host, port); }
    std::string first_where() const {
        return proxy ? "the proxy " + host_and_port(proxy->host, proxy->port) : where();
    }
};

// GATEPOST_OK, or what to refuse the request with.
gatepost_status read_request(const gatepost_connect& from, connect_order& into);
// What is the settings' fault: answered with a sentence. Nothing if all is well.
std::optional<plugin::operation::answer> read_owners_part(const gatepost_connect& from,
                                                          plugin::call_context& context,
                                                          connect_order& into);

// A step of the way as a test's stage.
struct step_words {
    const char *id, *title;
};
step_words words_of(uint32_t at);

}  // namespace gatepost::services
