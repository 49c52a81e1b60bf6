#include "gatepost/redirect.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "api_types/query.hpp"
#include "base/text.hpp"

namespace gatepost::cli {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr size_t head_bytes = 16 * 1024;
constexpr auto request_time = 5s;  // for a browser that is connected

// True once it may be read.
bool readable(int fd, clock::time_point deadline) {
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now());
        if (left.count() <= 0) return false;
        pollfd what{fd, POLLIN, 0};
        const int ready =
            ::poll(&what, 1, static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

// "/?code=..." of "GET /?code=... HTTP/1.1"; empty: no such request came.
std::string read_target(int fd) {
    const auto deadline = clock::now() + request_time;
    std::string head;
    while (head.find("\r\n\r\n") == head.npos && head.size() < head_bytes) {
        std::array<char, 4096> piece{};
        if (!readable(fd, deadline)) return {};
        const ssize_t got = ::recv(fd, piece.data(), piece.size(), 0);
        if (got <= 0) return {};
        head.append(piece.data(), static_cast<size_t>(got));
    }
    if (!head.starts_with("GET /")) return {};
    const size_t end = head.find(' ', 4);
    return end == head.npos ? std::string() : head.substr(4, end - 4);
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        if (letter == '<') {
            out += "&lt;";
        } else if (letter == '&') {
            out += "&amp;";
        } else {
            out += letter;
        }
    }
    return out;
}

void send_page(int fd, std::string_view status, std::string_view text) {
    const std::string page =
        "<!doctype html><meta charset=\"utf-8\"><title>Gatepost</title><p>" + escaped(text) + "\n";
    std::string out = "HTTP/1.1 ";
    out.append(status).append(
        "\r\nContent-Type: text/html; charset=utf-8\r\nReferrer-Policy: no-referrer\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\nContent-Length: ");
    out += std::to_string(page.size()) + "\r\n\r\n" + page;
    std::string_view rest = out;
    while (!rest.empty()) {
        const ssize_t sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return;
        rest.remove_prefix(static_cast<size_t>(sent));
    }
    ::shutdown(fd, SHUT_WR);
}

}  // namespace

result<redirected> read_redirect(std::string_view address) {
    const std::string_view line = text::trim(address);
    const size_t mark = line.find('?');
    const error wrong{error_kind::invalid,
                      "this is not the address of the page that the browser ended at: it must hold "
                      "a question mark, state= and code="};
    if (mark == line.npos) return wrong;
    std::string_view query = line.substr(mark + 1);
    query = query.substr(0, query.find('#'));
    const auto list = api_types::parse_query(query);
    if (!list) return wrong;
    redirected out;
    std::string more;
    for (const auto& [name, value] : *list) {
        if (name == "state") out.state = value;
        if (name == "code") out.code = value;
        if (name == "error") out.problem = value;
        if (name == "error_description") more = value;
    }
    std::ranges::replace(more, '+', ' ');
    if (!out.problem.empty() && !more.empty()) out.problem += ": " + more;
    if (out.state.empty()) return wrong;
    return out;
}

result<redirect_listener> redirect_listener::open() {
    unique_fd made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    auto* const plain = reinterpret_cast<sockaddr*>(&where);
    if (!made || ::bind(made.get(), plain, size) != 0 || ::listen(made.get(), 8) != 0 ||
        ::getsockname(made.get(), plain, &size) != 0)
        return error_from_errno(errno, "a port of 127.0.0.1 for the browser to come back to");
    return redirect_listener(std::move(made), ntohs(where.sin_port));
}

// By name: Microsoft takes any port of "localhost", and of an address only the registered one.
std::string redirect_listener::address() const {
    return "http://localhost:" + std::to_string(port_) + "/";
}

void redirect_listener::visit::answer(std::string_view text) {
    if (browser) send_page(browser.get(), "200 OK", text);
    browser = unique_fd();
}

result<redirect_listener::visit> redirect_listener::wait(const std::string& state,
                                                         clock::time_point deadline) {
    while (readable(socket_.get(), deadline)) {
        unique_fd browser(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!browser) continue;
        const std::string target = read_target(browser.get());
        if (target.empty()) continue;
        auto came = read_redirect(target);
        if (came && came->state == state) return visit{*std::move(came), std::move(browser)};
        send_page(browser.get(), "404 Not Found", "Nothing is here.");
    }
    return error{error_kind::request_timeout, "the browser did not come back in time"};
}

}  // namespace gatepost::cli
