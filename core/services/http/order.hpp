// A request as it was asked for, held against the rules of the ABI (a refusal) and against what the
// owner's settings allow (a sentence). Nothing that could become a second header, a second request
// or another host passes here.
#pragma once

#include <gatepost/abi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "plugin/services.hpp"
#include "services/destinations.hpp"
#include "services/segments.hpp"
#include "services/stream/proxy.hpp"

namespace gatepost::services {

using header_fields = std::vector<std::pair<std::string, std::string>>;

// A url, taken apart.
struct http_place {
    std::string url;
    std::string host;    // an address without brackets
    std::string target;  // path and query
    uint16_t port = 0;
    bool tls = true;
};

struct http_order : http_place {
    std::string method;
    bool commits = false;
    bool clear_allowed = false;
    header_fields headers;
    segment_list body;
    uint64_t max_response = 0;
    uint64_t timeout = 0;  // nanoseconds; 0: none of its own
    std::string ca_file;
    std::optional<proxy_address> proxy;
    permission allowed;  // of what is connected to: the proxy, if there is one

    const std::string& first_host() const { return proxy ? proxy->host : host; }
    uint16_t first_port() const { return proxy ? proxy->port : port; }
    std::string where() const { return host_and_port(host, port); }
    std::string first_where() const {
        return proxy ? "the proxy " + host_and_port(proxy->host, proxy->port) : where();
    }
};

// GATEPOST_OK, or what to refuse the request with. `last` is where the request before this one
// went, nearly always the same place: it need not be taken apart again.
gatepost_status read_request(const gatepost_http_request& from, plugin::call_context& context,
                             http_place& last, http_order& into);

// What is the settings' fault: a sentence, and where it would have failed.
struct objection {
    gatepost_status status = GATEPOST_DENIED;
    uint32_t at = GATEPOST_AT_NAME;
    std::string why;
};
std::optional<objection> read_owners_part(const gatepost_http_request& from,
                                          plugin::call_context& context, http_order& into);

// Pure.
bool is_method(std::string_view text);
bool is_header_name(std::string_view text);
bool is_header_value(std::string_view text);
// The host's own: Host, Content-Length and what belongs to the connection.
bool is_hosts_own(std::string_view name);
// False: no url that may be asked for.
bool read_url(std::string_view url, http_place& into);

}  // namespace gatepost::services
