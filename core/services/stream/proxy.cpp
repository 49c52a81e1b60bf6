// Lengths are looked at before bytes: an answer that is not whole yet gives an empty turn, one that
// cannot become right gives a problem at its first wrong byte. No text holds a credential.
#include "services/stream/proxy.hpp"

#include <arpa/inet.h>

#include <limits>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "services/socket_address.hpp"

namespace gatepost::services {
namespace {

constexpr size_t socks_field_bytes = 255;

error malformed(const char* what) {
    return {error_kind::config, std::string("the proxy ") + what +
                                    "; write it as socks5://host:port or http://host:port"};
}

bool read_login(std::string_view text, proxy_address& into) {
    const size_t colon = text.find(':');
    const auto user = text::percent_decode(text.substr(0, colon));
    const auto password =
        colon == text.npos ? std::string() : text::percent_decode(text.substr(colon + 1));
    if (!user || !password || user->empty()) return false;
    if (user->size() > socks_field_bytes || password->size() > socks_field_bytes) return false;
    into.user = *user;
    into.password = secret(*password);
    return true;
}

std::string socks_refusal(uint8_t code) {
    switch (code) {
        case 1: return "a general failure";
        case 2: return "its rules do not allow it";
        case 3: return "the network cannot be reached";
        case 4: return "the host cannot be reached, or its name has no address";
        case 5: return "the connection was refused";
        case 6: return "the connection took too long";
        default: return "code " + std::to_string(code);
    }
}

uint8_t byte_at(std::string_view text, size_t at) {
    return static_cast<uint8_t>(text[at]);
}

char as_byte(size_t number) {
    return static_cast<char>(static_cast<uint8_t>(number));
}

proxy_talk::turn failed(std::string why) {
    proxy_talk::turn turn;
    turn.problem = std::move(why);
    return turn;
}

}  // namespace

result<proxy_address> parse_proxy(std::string_view url) {
    proxy_address made;
    const size_t scheme_end = url.find("://");
    if (scheme_end == url.npos) return malformed("has no scheme");
    const std::string scheme = text::to_lower(url.substr(0, scheme_end));
    if (scheme == "http")
        made.speaks = proxy_address::kind::http;
    else if (scheme != "socks5" && scheme != "socks5h")
        return malformed("speaks neither socks5 nor http");
    std::string_view rest = url.substr(scheme_end + 3);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (const size_t user = rest.rfind('@'); user != rest.npos) {
        if (!read_login(rest.substr(0, user), made))
            return malformed("has a user or password that cannot be read (percent-encode it)");
        rest.remove_prefix(user + 1);
    }
    const size_t colon = rest.rfind(':');
    if (colon == rest.npos || rest.ends_with(']')) return malformed("has no port");
    const auto port = text::parse_unsigned(rest.substr(colon + 1));
    if (!port || *port == 0 || *port > std::numeric_limits<uint16_t>::max())
        return malformed("has no port from 1 to 65535");
    made.host = plain_host(rest.substr(0, colon));
    made.port = static_cast<uint16_t>(*port);
    if (made.host.empty() || made.host.find_first_of(" /") != std::string::npos ||
        text::has_control(made.host))
        return malformed("has no host");
    return made;
}

proxy_talk::proxy_talk(proxy_address proxy, std::string host, uint16_t port)
    : proxy_(std::move(proxy)), host_(plain_host(host)), port_(port) {}

std::string proxy_talk::begin() {
    if (proxy_.speaks == proxy_address::kind::http) return http_request();
    return proxy_.user.empty() ? std::string("\x05\x01\x00", 3)
                               : std::string("\x05\x02\x00\x02", 4);
}

proxy_talk::turn proxy_talk::feed(std::string_view input) {
    return proxy_.speaks == proxy_address::kind::http ? feed_http(input) : feed_socks(input);
}

// ---- SOCKS5 -----------------------------------------------------------------------------------

proxy_talk::turn proxy_talk::feed_socks(std::string_view input) {
    const uint8_t version = at_ == at::login ? 1 : 5;
    if (!input.empty() && byte_at(input, 0) != version)
        return failed("the proxy does not speak SOCKS5");
    if (input.size() < 2) return {};
    switch (at_) {
        case at::greeting: return feed_greeting(input);
        case at::login: return feed_login(input);
        default: return feed_answer(input);
    }
}

proxy_talk::turn proxy_talk::feed_greeting(std::string_view input) {
    if (byte_at(input, 1) == 0) return {2, socks_request(), false, {}};
    if (byte_at(input, 1) == 2 && !proxy_.user.empty()) {
        at_ = at::login;
        return {2, socks_login(), false, {}};
    }
    return failed(proxy_.user.empty() ? "the proxy wants a user and a password"
                                      : "the proxy takes no user and password");
}

proxy_talk::turn proxy_talk::feed_login(std::string_view input) {
    if (byte_at(input, 1) == 0) return {2, socks_request(), false, {}};
    return failed("the proxy did not accept the user and password");
}

proxy_talk::turn proxy_talk::feed_answer(std::string_view input) const {
    if (byte_at(input, 1) != 0)
        return failed("the proxy could not connect: " + socks_refusal(byte_at(input, 1)));
    if (input.size() < 5) return {};
    size_t size = 0;
    switch (byte_at(input, 3)) {
        case 1: size = 4 + 4 + 2; break;
        case 3: size = 5 + size_t{byte_at(input, 4)} + 2; break;
        case 4: size = 4 + 16 + 2; break;
        default: return failed("the proxy does not speak SOCKS5");
    }
    if (input.size() < size) return {};
    return {size, {}, true, {}};
}

std::string proxy_talk::socks_login() const {
    const std::string_view password = proxy_.password.reveal();
    std::string bytes(1, '\x01');
    bytes += as_byte(proxy_.user.size());
    bytes += proxy_.user;
    bytes += as_byte(password.size());
    bytes += password;
    return bytes;
}

std::string proxy_talk::socks_request() {
    at_ = at::answer;
    std::string bytes("\x05\x01\x00", 3);
    char address[16];
    if (::inet_pton(AF_INET, host_.c_str(), address) == 1) {
        bytes += '\x01';
        bytes.append(address, 4);
    } else if (::inet_pton(AF_INET6, host_.c_str(), address) == 1) {
        bytes += '\x04';
        bytes.append(address, 16);
    } else {
        const std::string_view name = std::string_view(host_).substr(0, socks_field_bytes);
        bytes += '\x03';
        bytes += as_byte(name.size());
        bytes += name;
    }
    bytes += as_byte(port_ >> 8);
    bytes += as_byte(port_ & 0xff);
    return bytes;
}

// ---- HTTP CONNECT -----------------------------------------------------------------------------

std::string proxy_talk::http_request() const {
    const std::string target = host_and_port(host_, port_);
    std::string head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
    if (!proxy_.user.empty())
        head += "Proxy-Authorization: Basic " +
                text::base64_encode(proxy_.user + ":" + std::string(proxy_.password.reveal())) +
                "\r\n";
    return head + "\r\n";
}

proxy_talk::turn proxy_talk::feed_http(std::string_view input) const {
    const std::string_view expected = "HTTP/1.";
    if (!input.starts_with(expected.substr(0, input.size())))
        return failed("the proxy does not speak HTTP");
    const size_t end = input.find("\r\n\r\n");
    if (end == input.npos) {
        if (input.size() < limits::proxy_reply_bytes) return {};
        return failed("the proxy's answer does not end");
    }
    const std::string_view line = input.substr(0, input.find("\r\n"));
    const std::string_view status = line.size() < 12 ? std::string_view() : line.substr(9, 3);
    if (status.starts_with('2')) return {end + 4, {}, true, {}};
    if (status == "407")
        return failed(proxy_.user.empty() ? "the proxy wants a user and a password"
                                          : "the proxy did not accept the user and password");
    return failed("the proxy answered \"" + text::sanitize(line, 128) + "\"");
}

}  // namespace gatepost::services
