// Through a proxy: SOCKS5 (RFC 1928, 1929; the proxy looks the name up) and HTTP CONNECT. Pure: a
// machine from the proxy's bytes to ours, which takes exactly the bytes that are the proxy's,
// because what follows them is already the peer's greeting.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatepost::services {

struct proxy_address {
    enum class kind { socks5, http };
    kind speaks = kind::socks5;
    std::string host;
    uint16_t port = 0;
    std::string user;
    secret password;
};

// "socks5://user:password@host:1080", "http://host:3128"; user and password percent-encoded. The
// error's text names no credential.
result<proxy_address> parse_proxy(std::string_view url);

class proxy_talk {
  public:
    proxy_talk(proxy_address proxy, std::string host, uint16_t port);

    // What is said first.
    std::string begin();
    struct turn {
        size_t consumed = 0;
        std::string send;
        bool done = false;    // what follows is the peer
        std::string problem;  // not empty: it is over, and why
    };
    // `input`: all that came and was not consumed.
    turn feed(std::string_view input);

  private:
    enum class at { greeting, login, request, answer };
    turn feed_socks(std::string_view input);
    turn feed_greeting(std::string_view input);
    turn feed_login(std::string_view input);
    turn feed_answer(std::string_view input) const;
    turn feed_http(std::string_view input) const;
    std::string socks_login() const;
    std::string socks_request();
    std::string http_request() const;

    proxy_address proxy_;
    std::string host_;
    uint16_t port_;
    at at_ = at::greeting;
};

}  // namespace gatepost::services
