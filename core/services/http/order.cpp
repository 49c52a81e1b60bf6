// The url is taken apart by libcurl itself, so that what is judged here is what is connected to.
#include "services/http/order.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "plugin/instance.hpp"
#include "plugin/strings.hpp"
#include "services/http/form.hpp"

namespace gatepost::services {
namespace {

struct url_end {
    void operator()(CURLU* url) const { ::curl_url_cleanup(url); }
};
using url_parts = std::unique_ptr<CURLU, url_end>;

std::string part_of_url(CURLU* url, CURLUPart which, unsigned flags = 0) {
    char* text = nullptr;
    if (::curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
    const std::unique_ptr<char, decltype(&::curl_free)> owned(text, &::curl_free);
    return text;
}

gatepost_status read_headers(gatepost_array from, header_fields& into) {
    if (from.count > limits::http_headers) return GATEPOST_LIMIT;
    if (!plugin::is_array_of<gatepost_pair>(from)) return GATEPOST_INVALID;
    size_t bytes = 0;
    for (uint32_t i = 0; i < from.count; ++i) {
        const auto pair = plugin::item_of<gatepost_pair>(from, i);
        const auto name = plugin::view_of(pair.name), value = plugin::view_of(pair.value);
        if (name.size() + value.size() > limits::http_header_bytes) return GATEPOST_LIMIT;
        if (!is_header_name(name) || !is_header_value(value) || is_hosts_own(name))
            return GATEPOST_INVALID;
        bytes += name.size() + value.size() + 4;
        if (bytes > limits::http_header_bytes) return GATEPOST_LIMIT;
        into.emplace_back(name, value);
    }
    return GATEPOST_OK;
}

bool read_place(std::string_view url, http_place& last, http_place& into) {
    if (last.url.empty() || url != last.url) {
        http_place read;
        if (!read_url(url, read)) return false;
        last = std::move(read);
    }
    into = last;
    return true;
}

gatepost_status read_body(const gatepost_http_request& from, plugin::call_context& context,
                          http_order& into) {
    if ((from.required & GATEPOST_HTTP_MULTIPART) == 0) {
        if (from.parts.count > 0) return GATEPOST_INVALID;
        return into.body.take(from.body, context);
    }
    if (from.body.count > 0) return GATEPOST_INVALID;
    const bool typed = std::ranges::any_of(into.headers, [](const auto& each) {
        return text::to_lower(each.first) == "content-type";
    });
    if (typed) return GATEPOST_INVALID;
    std::string type;
    const auto status = build_form(from.parts, context, into.body, type);
    into.headers.emplace_back("Content-Type", std::move(type));
    return status;
}

// The name behind the proxy is the proxy's to look up: only what stands there can be judged.
std::optional<objection> read_proxy(std::string_view from, plugin::call_context& context,
                                    http_order& into) {
    auto proxy = parse_proxy(from.substr(0, limits::path_bytes));
    if (!proxy) return objection{GATEPOST_CONNECT, GATEPOST_AT_PROXY, proxy.error().detail};
    std::vector<socket_address> literal;
    if (const auto address = socket_address::parse(into.host, into.port))
        literal.push_back(*address);
    if (auto why = hold_against(into.allowed, into.host, literal); !why.empty())
        return objection{GATEPOST_DENIED, GATEPOST_AT_NAME, std::move(why)};
    into.allowed = may_connect(context.owner().destinations(), proxy->host, proxy->port);
    if (!into.allowed.allowed)
        return objection{GATEPOST_DENIED, GATEPOST_AT_PROXY, into.allowed.why};
    into.proxy = std::move(*proxy);
    return std::nullopt;
}

}  // namespace

bool is_method(std::string_view text) {
    if (text.empty() || text.size() > 16 || text == "CONNECT" || text == "TRACE") return false;
    return std::ranges::all_of(text, [](char each) { return each >= 'A' && each <= 'Z'; });
}

bool is_header_name(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char each) {
        return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'z') ||
               (each >= 'A' && each <= 'Z') || marks.find(each) != marks.npos;
    });
}

bool is_header_value(std::string_view text) {
    return std::ranges::none_of(text, [](char each) {
        const auto byte = static_cast<unsigned char>(each);
        return (byte < 0x20 && each != '\t') || byte == 0x7f;
    });
}

bool is_hosts_own(std::string_view name) {
    constexpr std::array<std::string_view, 11> ours{"host",
                                                    "content-length",
                                                    "transfer-encoding",
                                                    "connection",
                                                    "keep-alive",
                                                    "upgrade",
                                                    "te",
                                                    "trailer",
                                                    "expect",
                                                    "accept-encoding",
                                                    "cookie"};
    const std::string lower = text::to_lower(name);
    return lower.starts_with("proxy-") || std::ranges::find(ours, lower) != ours.end();
}

bool read_url(std::string_view url, http_place& into) {
    const bool plain =
        std::ranges::all_of(url, [](char each) { return each > 0x20 && each < 0x7f; });
    if (!plain || url.empty() || url.size() > limits::http_url_bytes) return false;
    const url_parts parts(::curl_url());
    into.url = url;
    constexpr unsigned strict = CURLU_DISALLOW_USER | CURLU_PATH_AS_IS;
    if (!parts || ::curl_url_set(parts.get(), CURLUPART_URL, into.url.c_str(), strict) != CURLUE_OK)
        return false;
    const std::string scheme = part_of_url(parts.get(), CURLUPART_SCHEME);
    if (scheme != "https" && scheme != "http") return false;
    into.tls = scheme == "https";
    const auto port =
        text::parse_unsigned(part_of_url(parts.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
    if (!port || *port == 0 || *port > std::numeric_limits<uint16_t>::max()) return false;
    into.port = static_cast<uint16_t>(*port);
    into.host = plain_host(part_of_url(parts.get(), CURLUPART_HOST));
    if (into.host.empty() || into.host.size() > 255) return false;
    into.target = part_of_url(parts.get(), CURLUPART_PATH);
    const std::string query = part_of_url(parts.get(), CURLUPART_QUERY);
    if (!query.empty()) into.target += "?" + query;
    return part_of_url(parts.get(), CURLUPART_FRAGMENT).empty();
}

gatepost_status read_request(const gatepost_http_request& from, plugin::call_context& context,
                             http_place& last, http_order& into) {
    constexpr uint32_t known = uint32_t{GATEPOST_COMMITS} | uint32_t{GATEPOST_HTTP_MULTIPART} |
                               uint32_t{GATEPOST_HTTP_CLEAR};
    if ((from.required & ~known) != 0) return GATEPOST_UNSUPPORTED;
    into.commits = (from.required & GATEPOST_COMMITS) != 0;
    into.clear_allowed = (from.required & GATEPOST_HTTP_CLEAR) != 0;
    into.method = plugin::view_of(from.method);
    into.ca_file = plugin::view_of(from.ca_file).substr(0, limits::path_bytes + 1);
    if (!is_method(into.method) || !read_place(plugin::view_of(from.url), last, into))
        return GATEPOST_INVALID;
    if (into.ca_file.size() > limits::path_bytes || text::has_control(into.ca_file))
        return GATEPOST_INVALID;
    if (const auto status = read_headers(from.headers, into.headers); status != GATEPOST_OK)
        return status;
    into.max_response = from.max_response == 0
                            ? limits::http_response_bytes
                            : std::min(from.max_response, limits::http_response_bytes_max);
    into.timeout = from.timeout;
    if (const auto status = read_body(from, context, into); status != GATEPOST_OK) return status;
    const bool bodiless = into.method == "GET" || into.method == "HEAD";
    return bodiless && into.body.size() > 0 ? GATEPOST_INVALID : GATEPOST_OK;
}

std::optional<objection> read_owners_part(const gatepost_http_request& from,
                                          plugin::call_context& context, http_order& into) {
    if (!into.tls && !into.clear_allowed)
        return objection{GATEPOST_DENIED, GATEPOST_AT_NAME,
                         "http:// sends everything in clear, and no setting of the connection "
                         "allows that; use https://"};
    into.allowed = may_connect(context.owner().destinations(), into.host, into.port);
    if (!into.allowed.allowed)
        return objection{GATEPOST_DENIED, GATEPOST_AT_NAME, into.allowed.why};
    const auto proxy = plugin::view_of(from.proxy);
    return proxy.empty() ? std::nullopt : read_proxy(proxy, context, into);
}

}  // namespace gatepost::services
