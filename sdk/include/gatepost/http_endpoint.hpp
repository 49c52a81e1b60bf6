// The settings that every provider over HTTP has, read in one place: endpoint, allow_http, ca_file,
// proxy, timeout_seconds. A wrong endpoint is refused with a diagnostic at its field.
#pragma once

#include <gatepost/namespace.hpp>
#include <gatepost/network.hpp>
#include <gatepost/settings.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

struct http_endpoint {
    std::string url;  // without a slash at its end
    bool clear_text = false;
    std::string ca_file, proxy;
    std::chrono::nanoseconds timeout{};

    // `path` begins with a slash.
    http_request request(std::string_view method, std::string_view path) const {
        http_request made;
        made.method = method;
        made.url = url + std::string(path);
        made.clear_text = clear_text;
        made.ca_file = ca_file;
        made.proxy = proxy;
        made.timeout = timeout;
        return made;
    }
};

namespace detail {

inline std::string_view objection_to_endpoint(std::string_view url, bool clear_text) noexcept {
    const bool secure = url.starts_with("https://"), clear = url.starts_with("http://");
    if (!secure && !clear) return "must begin with https://";
    if (clear && !clear_text) return "is not encrypted; allow_http = true allows that";
    const std::string_view rest = url.substr(secure ? 8 : 7);
    const bool strange = std::any_of(rest.begin(), rest.end(), [](char letter) {
        return letter <= ' ' || letter > '~' || letter == '?' || letter == '#' || letter == '@';
    });
    if (strange) return "must be a plain URL, without user, query or fragment";
    if (rest.empty() || rest.front() == '/') return "names no host";
    return {};
}

}  // namespace detail

// `usual`: the provider's own, where no endpoint is set.
inline http_endpoint read_endpoint(const settings& given, std::string_view usual,
                                   diagnostics& said) {
    http_endpoint made;
    made.url = given.text("endpoint", usual);
    made.clear_text = given.boolean("allow_http", false);
    const std::string_view wrong = detail::objection_to_endpoint(made.url, made.clear_text);
    if (!wrong.empty()) said.error("/endpoint", wrong, "For example " + std::string(usual));
    while (made.url.ends_with('/'))
        made.url.pop_back();
    made.ca_file = given.text("ca_file", "");
    made.proxy = given.text("proxy", "");
    made.timeout = std::chrono::seconds(given.integer("timeout_seconds", 60));
    return made;
}

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
