#include "services/http/way.hpp"

namespace gatepost::services {
namespace {

std::string bracketed(const std::string& host) {
    return host.find(':') == host.npos ? host : "[" + host + "]";
}

}  // namespace

void set_rules(option_setter& set, const http_order& order) {
    set(CURLOPT_URL, order.url.c_str());
    set(CURLOPT_NOSIGNAL, true);
    set(CURLOPT_QUICK_EXIT, true);  // nobody waits for a resolver's thread
    set(CURLOPT_FOLLOWLOCATION, false);
    set(CURLOPT_HTTP_CONTENT_DECODING, false);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true);
    set(CURLOPT_PROTOCOLS_STR, order.tls ? "https" : "http");
    set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
    set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
    set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    set(CURLOPT_SSL_VERIFYPEER, true);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (order.ca_file.empty()) return;
    set(CURLOPT_CAINFO, order.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

void set_proxy(option_setter& set, const http_order& order) {
    set(CURLOPT_NOPROXY, "");
    if (!order.proxy) return set(CURLOPT_PROXY, "");
    const proxy_address& proxy = *order.proxy;
    const bool http = proxy.speaks == proxy_address::kind::http;
    set(CURLOPT_PROXY, bracketed(proxy.host).c_str());
    set(CURLOPT_PROXYPORT, long{proxy.port});
    set(CURLOPT_PROXYTYPE, http ? long{CURLPROXY_HTTP} : long{CURLPROXY_SOCKS5_HOSTNAME});
    set(CURLOPT_HTTPPROXYTUNNEL, true);
    set(CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
    if (proxy.user.empty()) return;
    set(CURLOPT_PROXYUSERNAME, proxy.user.c_str());
    set(CURLOPT_PROXYPASSWORD, std::string(proxy.password.reveal()).c_str());
}

}  // namespace gatepost::services
