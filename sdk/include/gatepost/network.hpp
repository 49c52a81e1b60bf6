// What the host lends to talk to the world: stream, http, oauth. As in services.hpp: await every
// operation where it is made, with named locals as arguments.
//
// A write or request that may hand the message over carries `commits`; sdk/README.md says what
// follows.
#pragma once

#include <gatepost/services.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

struct tls_options {
    uint32_t minimum_version = 0;  // 0x0303 TLS 1.2 (and 0), 0x0304 TLS 1.3
    std::string host_name;         // empty: the connect's host
    std::string ca_file;           // PEM; empty: the system's
    std::string certificate_file, key_file;
    bool verify = true;
};

struct stream_connect {
    std::string host;  // name or address; "unix:/path" for a Unix socket
    uint16_t port = 0;
    bool tls = false;
    tls_options options;
    std::chrono::nanoseconds timeout{};  // 0: the call's deadline alone
    std::string bind_address, proxy;
};

struct stream_park {
    gatepost_handle stream = 0;
    std::string key;
    std::chrono::nanoseconds idle{};
    std::string farewell, state;
};

// Of connect, start_tls and take.
struct stream_reply : reply {
    std::string peer, tls_cipher;
    uint32_t tls_version = 0;
    int64_t certificate_until = 0;
    uint32_t failed_at = 0;     // GATEPOST_AT_*: where a connect or start_tls failed
    bool tls_verified = false;  // name and authority of the certificate were checked and right

    void absorb(const gatepost_result& result) {
        reply::absorb(result);
        const auto facts = copy_of(static_cast<const gatepost_stream_facts*>(result.detail));
        peer = view_of(facts.peer);
        tls_cipher = view_of(facts.tls_cipher);
        tls_version = facts.tls_version;
        certificate_until = facts.certificate_until;
        failed_at = facts.failed_at;
        tls_verified = facts.tls_verified != 0;
    }
};

using name_value = std::pair<std::string, std::string>;

struct form_part {
    std::string name, filename, type;
    segments content;
};

struct http_request {
    std::string method = "POST";
    std::string url;
    std::vector<name_value> headers;
    segments body;
    std::vector<form_part> parts;  // instead of body: multipart/form-data
    bool commits = false;
    bool clear_text = false;             // http:// is allowed: a setting says so in words
    uint64_t max_response = 0;           // bytes; 0: 1 MiB
    std::chrono::nanoseconds timeout{};  // 0: the call's deadline alone
    std::string ca_file, proxy;
};

// data is the body.
struct http_reply : reply {
    int32_t http_status = 0;  // 0: no answer
    std::vector<name_value> headers;
    uint32_t failed_at = 0;  // GATEPOST_AT_*: where the connection failed; 0 if it stood

    // `name` in lower case; the first of several; empty if there is none.
    std::string_view header(std::string_view name) const noexcept {
        for (const name_value& one : headers) {
            if (one.first == name) return one.second;
        }
        return {};
    }
    void absorb(const gatepost_result& result) {
        reply::absorb(result);
        const auto full = copy_of(static_cast<const gatepost_http_response*>(result.detail));
        http_status = static_cast<int32_t>(full.http_status);
        failed_at = full.failed_at;
        for (const pair& one : list<pair>(full.headers))
            headers.emplace_back(one.name, one.value);
    }
};

namespace detail {

inline gatepost_tls_options abi_of(const tls_options& from) noexcept {
    gatepost_tls_options abi{};
    abi.size = sizeof abi;
    abi.minimum_version = from.minimum_version;
    abi.host_name = abi_string(from.host_name);
    abi.ca_file = abi_string(from.ca_file);
    abi.certificate_file = abi_string(from.certificate_file);
    abi.key_file = abi_string(from.key_file);
    abi.verify = from.verify ? 1 : 0;
    return abi;
}

struct stream_base : request_base {
    static constexpr const char* service = "gatepost.stream/1";
};

struct stream_open : stream_base {
    using answer = stream_reply;
    const stream_connect* what;
    gatepost_connect abi{};
    gatepost_tls_options options{};
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_stream, has.stream, connect);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) noexcept {
        options = abi_of(what->options);
        abi.size = sizeof abi;
        abi.host = abi_string(what->host);
        abi.port = what->port;
        abi.tls = what->tls ? GATEPOST_TLS_ON : GATEPOST_TLS_OFF;
        abi.tls_options = &options;
        abi.timeout = positive(what->timeout);
        abi.bind_address = abi_string(what->bind_address);
        abi.proxy = abi_string(what->proxy);
        return call.tables().stream->connect(call.host(), call.id(), &abi, done, user, number);
    }
};

struct stream_secure : stream_base {
    using answer = stream_reply;
    gatepost_handle stream;
    const tls_options* what;
    gatepost_tls_options abi{};
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_stream, has.stream, start_tls);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) noexcept {
        abi = abi_of(*what);
        return call.tables().stream->start_tls(call.host(), call.id(), stream, &abi, done, user,
                                               number);
    }
};

struct stream_put : stream_base {
    gatepost_handle stream;
    const segments* content;
    uint32_t required;  // GATEPOST_COMMITS, GATEPOST_STREAM_SECRET
    gatepost_stream_write abi{};
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_stream, has.stream, write);
    }
    bool commits() const noexcept { return (required & GATEPOST_COMMITS) != 0; }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) {
        abi = {sizeof abi, required, stream, content->array()};
        return call.tables().stream->write(call.host(), call.id(), &abi, done, user, number);
    }
};

struct stream_get : stream_base {
    gatepost_stream_read abi;
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_stream, has.stream, read);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) const noexcept {
        return call.tables().stream->read(call.host(), call.id(), &abi, done, user, number);
    }
};

struct stream_leave : stream_base {
    const stream_park* what;
    gatepost_park abi{};
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_stream, has.stream, park);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) noexcept {
        abi.size = sizeof abi;
        abi.stream = what->stream;
        abi.key = abi_string(what->key);
        abi.idle = positive(what->idle);
        abi.farewell = abi_string(what->farewell);
        abi.state = abi_string(what->state);
        return call.tables().stream->park(call.host(), call.id(), &abi, done, user, number);
    }
};

struct stream_take : stream_base {
    using answer = stream_reply;
    std::string_view key;
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_stream, has.stream, take);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) const noexcept {
        return call.tables().stream->take(call.host(), call.id(), abi_string(key), done, user,
                                          number);
    }
};

struct http_fetch : request_base {
    using answer = http_reply;
    static constexpr const char* service = "gatepost.http/1";
    const http_request* what;
    gatepost_http_request abi{};
    std::vector<gatepost_pair> headers{};
    std::vector<gatepost_form_part> parts{};
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_http, has.http, fetch);
    }
    bool commits() const noexcept { return what->commits; }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) {
        fill();
        return call.tables().http->fetch(call.host(), call.id(), &abi, done, user, number);
    }
    void fill() {
        for (const name_value& one : what->headers) {
            headers.push_back({abi_string(one.first), abi_string(one.second)});
        }
        for (const form_part& one : what->parts) {
            parts.push_back({abi_string(one.name), abi_string(one.filename), abi_string(one.type),
                             one.content.array()});
        }
        abi.size = sizeof abi;
        if (what->commits) abi.required |= GATEPOST_COMMITS;
        if (what->clear_text) abi.required |= GATEPOST_HTTP_CLEAR;
        if (!parts.empty()) abi.required |= GATEPOST_HTTP_MULTIPART;
        abi.method = abi_string(what->method);
        abi.url = abi_string(what->url);
        abi.headers = {headers.data(), static_cast<uint32_t>(headers.size()),
                       sizeof(gatepost_pair)};
        abi.body = what->body.array();
        abi.parts = {parts.data(), static_cast<uint32_t>(parts.size()), sizeof(gatepost_form_part)};
        abi.max_response = what->max_response;
        abi.timeout = positive(what->timeout);
        abi.ca_file = abi_string(what->ca_file);
        abi.proxy = abi_string(what->proxy);
    }
};

struct oauth_token : request_base {
    static constexpr const char* service = "gatepost.oauth/1";
    bool force_refresh;
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_oauth, has.oauth, token);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) const noexcept {
        return call.tables().oauth->token(call.host(), call.id(), force_refresh ? 1 : 0, done, user,
                                          number);
    }
};

}  // namespace detail

// TCP and TLS. reply.handle is the stream.
class stream_service : public detail::service {
  public:
    using service::service;

    operation<detail::stream_open> connect(const stream_connect& where) const {
        return operation<detail::stream_open>(call_, detail::stream_base{}, &where);
    }
    operation<detail::stream_open> connect(stream_connect&&) const = delete;
    // Fails if a byte stands in the buffer already: it came in clear.
    operation<detail::stream_secure> start_tls(gatepost_handle stream,
                                               const tls_options& options) const {
        return operation<detail::stream_secure>(call_, detail::stream_base{}, stream, &options);
    }
    operation<detail::stream_secure> start_tls(gatepost_handle, tls_options&&) const = delete;
    operation<detail::stream_put> write(gatepost_handle stream, const segments& content,
                                        bool commits = false) const {
        const uint32_t required = commits ? GATEPOST_COMMITS : 0;
        return operation<detail::stream_put>(call_, detail::stream_base{}, stream, &content,
                                             required);
    }
    operation<detail::stream_put> write(gatepost_handle, segments&&, bool = false) const = delete;
    // As write, for what must never be shown in a trace: a password, a token.
    operation<detail::stream_put> write_secret(gatepost_handle stream,
                                               const segments& content) const {
        const uint32_t required = GATEPOST_STREAM_SECRET;
        return operation<detail::stream_put>(call_, detail::stream_base{}, stream, &content,
                                             required);
    }
    operation<detail::stream_put> write_secret(gatepost_handle, segments&&) const = delete;

    // data: the line with its line end; longer than `max` is service_status::limit.
    operation<detail::stream_get> read_line(gatepost_handle stream, uint64_t max,
                                            std::chrono::nanoseconds timeout = {}) const {
        return read(GATEPOST_READ_LINE, stream, max, timeout);
    }
    operation<detail::stream_get> read_some(gatepost_handle stream, uint64_t max,
                                            std::chrono::nanoseconds timeout = {}) const {
        return read(GATEPOST_READ_SOME, stream, max, timeout);
    }
    operation<detail::stream_get> read_exactly(gatepost_handle stream, uint64_t size,
                                               std::chrono::nanoseconds timeout = {}) const {
        return read(GATEPOST_READ_EXACTLY, stream, size, timeout);
    }

    // Leaves the stream with the instance for its next call; the handle is dead afterwards.
    operation<detail::stream_leave> park(const stream_park& what) const {
        return operation<detail::stream_leave>(call_, detail::stream_base{}, &what);
    }
    operation<detail::stream_leave> park(stream_park&&) const = delete;
    // data: the state; not_found: none there; gone: it had died. Both are no attempt.
    operation<detail::stream_take> take(std::string_view key) const {
        return operation<detail::stream_take>(call_, detail::stream_base{}, key);
    }
    void close(gatepost_handle stream) const noexcept {
        const gatepost_stream* table = call_->tables().stream;
        if (GATEPOST_SDK_OFFERS(gatepost_stream, table, close)) table->close(call_->host(), stream);
    }

  private:
    operation<detail::stream_get> read(uint32_t mode, gatepost_handle stream, uint64_t max,
                                       std::chrono::nanoseconds timeout) const {
        const gatepost_stream_read abi{sizeof(gatepost_stream_read), mode, stream, max,
                                       detail::positive(timeout)};
        return operation<detail::stream_get>(call_, detail::stream_base{}, abi);
    }
};

class http_service : public detail::service {
  public:
    using service::service;
    operation<detail::http_fetch> fetch(const http_request& request) const {
        return operation<detail::http_fetch>(call_, detail::request_base{}, &request);
    }
    operation<detail::http_fetch> fetch(http_request&&) const = delete;
};

class oauth_service : public detail::service {
  public:
    using service::service;
    // data: the access token. force_refresh: the provider refused the last one.
    operation<detail::oauth_token> token(bool force_refresh = false) const {
        return operation<detail::oauth_token>(call_, detail::request_base{}, force_refresh);
    }
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
