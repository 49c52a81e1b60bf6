// Whatever comes from a plugin is capped here, before anything is made of it.
#include "services/stream/order.hpp"

#include <limits>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "plugin/instance.hpp"
#include "plugin/strings.hpp"
#include "services/stream/setup.hpp"

namespace gatepost::services {
namespace {

using answer = plugin::operation::answer;

bool is_host(std::string_view host) {
    if (host.empty() || host.size() > limits::path_bytes || text::has_control(host)) return false;
    return is_unix(host) || (host.size() <= 255 && host.find_first_of(" /@?#") == host.npos);
}

bool nobody_to_verify(const connect_order& order) {
    return order.tls && order.wish.verify && order.wish.host_name.empty() && is_unix(order.host);
}

struct refusal {
    gatepost_status status;
    uint32_t at;
};

answer refused(plugin::call_context& context, refusal what, std::string why) {
    const auto words = words_of(what.at);
    tell_stage(&context, words.id, words.title, GATEPOST_STAGE_FAILED, why);
    return failed_at(what.status, what.at, std::move(why));
}

// The name behind the proxy is the proxy's to look up: only what stands there can be judged.
std::optional<answer> read_proxy(const gatepost_connect& from, plugin::call_context& context,
                                 connect_order& into) {
    constexpr refusal broken{GATEPOST_CONNECT, GATEPOST_AT_PROXY};
    auto proxy = parse_proxy(plugin::view_of(from.proxy).substr(0, limits::path_bytes));
    if (!proxy) return refused(context, broken, proxy.error().detail);
    if (is_unix(into.host))
        return refused(context, broken, "a Unix socket is not reached through a proxy");
    std::vector<socket_address> literal;
    if (const auto address = socket_address::parse(into.host, into.port))
        literal.push_back(*address);
    if (auto why = hold_against(into.allowed, into.host, literal); !why.empty())
        return refused(context, {GATEPOST_DENIED, GATEPOST_AT_NAME}, std::move(why));
    into.allowed = may_connect(context.owner().destinations(), proxy->host, proxy->port);
    if (!into.allowed.allowed)
        return refused(context, {GATEPOST_DENIED, GATEPOST_AT_PROXY}, into.allowed.why);
    into.proxy = std::move(*proxy);
    return std::nullopt;
}

}  // namespace

step_words words_of(uint32_t at) {
    switch (at) {
        case GATEPOST_AT_NAME: return {"name", "Name"};
        case GATEPOST_AT_CONNECT: return {"connect", "Connect"};
        case GATEPOST_AT_PROXY: return {"proxy", "Proxy"};
        default: return {"tls", "TLS"};
    }
}

gatepost_status read_request(const gatepost_connect& from, connect_order& into) {
    if (from.required != 0) return GATEPOST_UNSUPPORTED;
    if (from.tls != GATEPOST_TLS_OFF && from.tls != GATEPOST_TLS_ON) return GATEPOST_UNSUPPORTED;
    into.host = plugin::view_of(from.host);
    const bool port_fits =
        is_unix(into.host) || (from.port > 0 && from.port <= std::numeric_limits<uint16_t>::max());
    if (!is_host(into.host) || !port_fits) return GATEPOST_INVALID;
    into.port = static_cast<uint16_t>(from.port);
    into.tls = from.tls == GATEPOST_TLS_ON;
    return read_tls(from.tls_options, into.wish);
}

std::optional<answer> read_owners_part(const gatepost_connect& from, plugin::call_context& context,
                                       connect_order& into) {
    constexpr auto broken = GATEPOST_CONNECT;
    if (from.bind_address.size > 0) {
        into.bind = socket_address::parse(plugin::view_of(from.bind_address).substr(0, 64), 0);
        if (!into.bind)
            return refused(context, {broken, GATEPOST_AT_CONNECT},
                           "the bind address is no IPv4 or IPv6 address");
    }
    into.allowed = may_connect(context.owner().destinations(), into.host, into.port);
    if (!into.allowed.allowed)
        return refused(context, {GATEPOST_DENIED, GATEPOST_AT_NAME}, into.allowed.why);
    if (nobody_to_verify(into))
        return refused(context, {broken, GATEPOST_AT_CERTIFICATE},
                       "TLS over a Unix socket needs the name that the certificate is for");
    return from.proxy.size == 0 ? std::nullopt : read_proxy(from, context, into);
}

}  // namespace gatepost::services
