// How libcurl is told what to do for one request of a plugin; what it may never do is in way.hpp.
#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "services/http/transfer.hpp"
#include "services/http/way.hpp"

namespace gatepost::services {
namespace {

constexpr long small_upload = 16 * 1024, large_upload = 64 * 1024;  // of a buffer a request

// Without the port: "192.0.2.1", "[2001:db8::1]".
std::string address_of(const socket_address& from) {
    const std::string text = from.text();
    return text.substr(0, text.rfind(':'));
}

}  // namespace

CURLcode transfer::set_up(const std::vector<socket_address>& addresses) {
    std::string like = likeness(addresses);
    plain_ = !staged_ && !order_.proxy;
    if (plain_) prepared_ = room_->take(like);
    if (!prepared_) {
        prepared_ = std::make_unique<prepared>();
        prepared_->like = std::move(like);
        prepared_->easy.reset(::curl_easy_init());
        if (!prepared_->easy) return CURLE_OUT_OF_MEMORY;
        if (const auto code = prepare(addresses); code != CURLE_OK) return code;
    }
    prepared_->serves = this;
    prepared_->problem[0] = 0;
    option_setter set(handle());
    // libcurl forgets the addresses with each request, and then what it knew of the name.
    if (prepared_->addresses) set(CURLOPT_RESOLVE, prepared_->addresses.get());
    if (upload_->size() > 0)
        set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(upload_->size()));
    set_times(set);
    return set.failed();
}

// Everything that prepare() tells of a plain request. No part holds a line's end, and none of the
// addresses is empty: an empty line ends them.
std::string transfer::likeness(const std::vector<socket_address>& addresses) const {
    const auto size = upload_->size();
    std::string all = order_.method + (size == 0 ? '0' : size > small_upload ? 'l' : 's');
    all.append(order_.url).append(1, '\n').append(order_.ca_file);
    for (const socket_address& each : addresses)
        all.append(1, '\n').append(each.text());
    all.append(1, '\n');
    for (const auto& [name, value] : order_.headers)
        all.append(1, '\n').append(name).append(1, ':').append(value);
    return all;
}

CURLcode transfer::prepare(const std::vector<socket_address>& addresses) {
    option_setter set(handle());
    set(CURLOPT_ERRORBUFFER, prepared_->problem);
    set_rules(set, order_);
    set_proxy(set, order_);
    set_request(set);
    set_sockets(set);
    if (!set_headers(set) || !keep_addresses(addresses)) return CURLE_OUT_OF_MEMORY;
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, prepared_.get());
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, prepared_.get());
    return set.failed();
}

void transfer::set_request(option_setter& set) {
    set(CURLOPT_PATH_AS_IS, true);
    if (upload_->size() > 0) {
        set(CURLOPT_UPLOAD, true);
        set(CURLOPT_UPLOAD_BUFFERSIZE,
            upload_->size() > small_upload ? large_upload : small_upload);
        set(CURLOPT_READFUNCTION, &on_read);
        set(CURLOPT_READDATA, prepared_.get());
        set(CURLOPT_SEEKFUNCTION, &on_seek);
        set(CURLOPT_SEEKDATA, prepared_.get());
    } else if (order_.method == "HEAD") {
        set(CURLOPT_NOBODY, true);
    } else if (order_.method == "GET" || order_.method == "DELETE") {
        set(CURLOPT_HTTPGET, true);
    } else {
        set(CURLOPT_POSTFIELDS, "");  // Content-Length: 0
        set(CURLOPT_POSTFIELDSIZE, false);
    }
    if (order_.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, order_.method.c_str());
    set(CURLOPT_PREREQFUNCTION, &on_session);
    set(CURLOPT_PREREQDATA, prepared_.get());
}

void transfer::set_sockets(option_setter& set) {
    // Who speaks HTTP/2 is known when TLS stands; without TLS it would be known with the first
    // answer, and nobody speaks it.
    set(CURLOPT_PIPEWAIT, order_.tls);
    set(CURLOPT_TCP_KEEPALIVE, true);
    set(CURLOPT_DNS_CACHE_TIMEOUT, -1L);            // what it was told holds until it is told anew
    if (staged_) set(CURLOPT_FRESH_CONNECT, true);  // a test looks at everything anew
    set(CURLOPT_MAXAGE_CONN, static_cast<long>(limits::http_idle_time.count()));
    set(CURLOPT_OPENSOCKETFUNCTION, &on_open);
    set(CURLOPT_OPENSOCKETDATA, prepared_.get());
    set(CURLOPT_CLOSESOCKETFUNCTION, &multi_loop::close_socket);
    set(CURLOPT_CLOSESOCKETDATA, loop_.get());
}

// What libcurl would add by itself is taken away by an empty value.
bool transfer::set_headers(option_setter& set) {
    bool accepts = false, typed = false, agent = false;
    for (const auto& [name, value] : order_.headers) {
        const std::string lower = text::to_lower(name);
        accepts = accepts || lower == "accept";
        typed = typed || lower == "content-type";
        agent = agent || lower == "user-agent";
        const bool blank = value.find_first_not_of(" \t") == value.npos;
        if (!add_line(prepared_->headers, blank ? name + ";" : name + ": " + value)) return false;
    }
    if (!add_line(prepared_->headers, "Expect:") ||
        (!accepts && !add_line(prepared_->headers, "Accept:")) ||
        (!typed && !add_line(prepared_->headers, "Content-Type:")))
        return false;
    if (!agent) set(CURLOPT_USERAGENT, "Gatepost");
    set(CURLOPT_HTTPHEADER, prepared_->headers.get());
    return true;
}

// libcurl never looks a name up: it is given the addresses that were held against the rules.
bool transfer::keep_addresses(const std::vector<socket_address>& addresses) {
    if (is_ip_literal(order_.first_host())) return true;
    std::string line = "+" + order_.first_host() + ":" + std::to_string(order_.first_port()) + ":";
    for (size_t i = 0; i < addresses.size(); ++i)
        line += (i == 0 ? "" : ",") + address_of(addresses[i]);
    return add_line(prepared_->addresses, line);
}

void transfer::set_times(option_setter& set) {
    using std::chrono::milliseconds;
    constexpr milliseconds connect = limits::http_connect_time, longest = std::chrono::hours(24);
    const auto left = std::chrono::ceil<milliseconds>(due_ - house_.clock.mono_now());
    const auto whole =
        due_ == mono_time::max() ? longest : std::clamp(left, milliseconds(1), longest);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(whole.count()));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count()));
}

}  // namespace gatepost::services
