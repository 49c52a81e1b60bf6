#include "stream_peer.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <random>

#include "support/catch.hpp"

namespace gatepost::tests {
namespace {

constexpr timeval patience{10, 0};

void be_patient(int socket) {
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int bound(const std::string& where) {
    if (where.starts_with('/')) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, where.c_str(), sizeof address.sun_path - 1);
        const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1;
        return socket;
    }
    const bool v6 = where.find(':') != std::string::npos;
    const int socket = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, where.c_str(), &six.sin6_addr);
    sockaddr_in four{};
    four.sin_family = AF_INET;
    ::inet_pton(AF_INET, where.c_str(), &four.sin_addr);
    const auto* address =
        v6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
    if (::bind(socket, address, v6 ? sizeof six : sizeof four) != 0) return -1;
    return socket;
}

// Keeps the name for the talk; "(none)" tells a client without SNI from no handshake at all.
int note_name(SSL* ssl, int*, void*) {
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    static_cast<std::string*>(SSL_get_app_data(ssl))->assign(name != nullptr ? name : "(none)");
    return SSL_TLSEXT_ERR_OK;
}

uint16_t port_of(int socket) {
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    return address.sin6_family == AF_UNIX ? uint16_t{0} : ntohs(address.sin6_port);
}

int choose_h2(SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned,
              void*) {
    static constexpr unsigned char h2[] = {'h', '2'};
    *out = h2;
    *size = sizeof h2;
    return SSL_TLSEXT_ERR_OK;
}

std::shared_ptr<SSL_CTX> server_context(const peer_tls& how) {
    std::shared_ptr<SSL_CTX> made(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(made.get(), how.own.x509.get());
    SSL_CTX_use_PrivateKey(made.get(), how.own.key.get());
    SSL_CTX_set_tlsext_servername_callback(made.get(), note_name);
    if (how.h2) SSL_CTX_set_alpn_select_cb(made.get(), choose_h2, nullptr);
    if (how.highest != 0) {
        SSL_CTX_set_security_level(made.get(), 0);
        SSL_CTX_set_min_proto_version(made.get(), TLS1_VERSION);
        SSL_CTX_set_max_proto_version(made.get(), how.highest);
        SSL_CTX_set_cipher_list(made.get(), "ALL:@SECLEVEL=0");
    }
    if (!how.client_ca.empty()) {
        BIO* const bio = BIO_new_mem_buf(how.client_ca.data(), -1);
        X509* const authority = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(made.get()), authority);
        X509_free(authority);
        BIO_free(bio);
        SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    return made;
}

}  // namespace

// ---- the script's side ------------------------------------------------------------------------

talk::~talk() {
    close();
}

bool talk::start_tls(const peer_tls& how) {
    // One context for all, so that tickets of one connection open the next.
    static std::mutex guard;
    static std::vector<std::pair<std::shared_ptr<X509>, std::shared_ptr<SSL_CTX>>> contexts;
    std::shared_ptr<SSL_CTX> context;
    {
        const std::lock_guard lock(guard);
        for (const auto& [x509, known] : contexts)
            if (x509 == how.own.x509) context = known;
        if (!context) {
            context = server_context(how);
            contexts.emplace_back(how.own.x509, context);
        }
    }
    ssl_.reset(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl_.get(), socket_);
    SSL_set_app_data(ssl_.get(), &asked_name_);
    return SSL_accept(ssl_.get()) == 1;
}

bool talk::resumed() const {
    return ssl_ && SSL_session_reused(ssl_.get()) == 1;
}

std::string talk::cipher() const {
    return SSL_get_cipher_name(ssl_.get());
}

std::string talk::client() const {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    ::getpeername(socket_, reinterpret_cast<sockaddr*>(&from), &size);
    char number[NI_MAXHOST] = {};
    ::getnameinfo(reinterpret_cast<const sockaddr*>(&from), size, number, sizeof number, nullptr, 0,
                  NI_NUMERICHOST);
    return number;
}

void talk::tickets(int count) {
    for (int i = 0; i < count; ++i)
        want(SSL_new_session_ticket(ssl_.get()) == 1 && SSL_do_handshake(ssl_.get()) == 1);
}

void talk::say(const std::string& bytes) {
    if (ssl_) {
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        return;
    }
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t now = ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (now <= 0) return;
        done += static_cast<size_t>(now);
    }
}

long talk::get(char* into, size_t size) {
    if (ssl_) return SSL_read(ssl_.get(), into, static_cast<int>(size));
    return ::recv(socket_, into, size, 0);
}

std::string talk::line() {
    for (;;) {
        if (const size_t end = held_.find('\n'); end != held_.npos) return bytes(end + 1);
        char piece[4096];
        const long got = get(piece, sizeof piece);
        if (got <= 0) return std::exchange(held_, {});
        held_.append(piece, static_cast<size_t>(got));
    }
}

std::string talk::bytes(size_t count) {
    while (held_.size() < count) {
        char piece[65536];
        const long got = get(piece, sizeof piece);
        if (got <= 0) return std::exchange(held_, {});
        held_.append(piece, static_cast<size_t>(got));
    }
    std::string taken = held_.substr(0, count);
    held_.erase(0, count);
    return taken;
}

std::string talk::rest() {
    return bytes(SIZE_MAX);
}

void talk::half_close() {
    ::shutdown(socket_, SHUT_WR);
}

void talk::reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ssl_.reset();
    close();
}

void talk::close() {
    if (socket_ < 0) return;
    if (ssl_) SSL_shutdown(ssl_.get());
    ssl_.reset();
    ::close(std::exchange(socket_, -1));
}

peer::peer(script play, const std::string& where) : play_(std::move(play)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own sockets write without MSG_NOSIGNAL
    listener_ = bound(where);
    CHECK(::listen(listener_, 64) == 0);
    port_ = port_of(listener_);
    acceptor_ = std::thread([this] { accept_all(); });
}

void peer::accept_all() {
    while (!stop_) {
        pollfd one{listener_, POLLIN, 0};
        if (::poll(&one, 1, 20) <= 0) continue;
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) continue;
        be_patient(socket);
        ++connections_;
        const std::lock_guard lock(mutex_);
        talks_.emplace_back([this, socket] {
            talk with(socket);
            play_(with);
            wrong_ += with.wrong();
        });
    }
}

void peer::join() {
    const std::lock_guard lock(mutex_);
    for (auto& each : talks_)
        each.join();
    talks_.clear();
}

peer::~peer() {
    stop_ = true;
    acceptor_.join();
    join();
    ::close(listener_);
    CHECK(wrong_ == 0);
}

// Out of those that the kernel gives to connections: one of another test would have it meanwhile.
uint16_t dead_port() {
    static std::minstd_rand random(std::random_device{}());
    for (;;) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto port = static_cast<uint16_t>(10'000 + random() % 20'000);
        address.sin_port = htons(port);
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool free =
            ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        ::close(socket);
        if (free) return port;
    }
}

bool has_ipv6() {
    const int socket = bound("::1");
    if (socket < 0) {
        WARN("this machine has no ::1: IPv6 is not tried");
        return false;
    }
    ::close(socket);
    return true;
}

// ---- the plugin's side ------------------------------------------------------------------------

namespace {

const gatepost_stream& table_of(const stage& on) {
    return on.table<gatepost_stream>("gatepost.stream/1");
}

gatepost_tls_options options_of(const connect_facts& how) {
    return {sizeof(gatepost_tls_options), how.minimum,       str(how.name),        str(how.ca_file),
            str(how.certificate_file),    str(how.key_file), how.verify ? 1U : 0U, 0};
}

}  // namespace

gatepost_status wire::begin_connect(heard& answer, uint16_t port, const connect_facts& how) {
    const auto options = options_of(how);
    gatepost_connect request{};
    request.size = sizeof request;
    request.required = how.required;
    request.host = str(how.host);
    request.port = port;
    request.tls = how.tls ? GATEPOST_TLS_ON : GATEPOST_TLS_OFF;
    request.tls_options = &options;
    request.timeout = how.timeout;
    request.bind_address = str(how.bind);
    request.proxy = str(how.proxy);
    return on_.ask(answer, [&](gatepost_done done, void* user, gatepost_operation* id) {
        return table_of(on_).connect(on_.host(), on_.call, &request, done, user, id);
    });
}

heard wire::connect(uint16_t port, const connect_facts& how) {
    heard answer;
    answer.status = begin_connect(answer, port, how);
    if (answer.status == GATEPOST_OK) {
        answer.status = 1;
        on_.until([&] { return answer.done(); });
    }
    handle = answer.handle;
    return answer;
}

heard wire::start_tls(const connect_facts& how) {
    const auto options = options_of(how);
    return on_.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return table_of(on_).start_tls(on_.host(), on_.call, handle, &options, done, user, id);
    });
}

gatepost_status wire::begin_write(heard& answer, const std::vector<gatepost_segment>& segments,
                                  uint32_t required) {
    const gatepost_stream_write request{sizeof request, required, handle, list_of(segments)};
    return on_.ask(answer, [&](gatepost_done done, void* user, gatepost_operation* id) {
        return table_of(on_).write(on_.host(), on_.call, &request, done, user, id);
    });
}

heard wire::write(const std::vector<gatepost_segment>& segments, uint32_t required) {
    heard answer;
    answer.status = begin_write(answer, segments, required);
    if (answer.status != GATEPOST_OK) return answer;
    answer.status = 1;
    on_.until([&] { return answer.done(); });
    return answer;
}

heard wire::write(const std::string& bytes, uint32_t required) {
    return write(std::vector{bytes_segment(bytes)}, required);
}

gatepost_status wire::begin_read(heard& answer, uint32_t mode, uint64_t max, uint64_t timeout) {
    const gatepost_stream_read request{sizeof request, mode, handle, max, timeout};
    return on_.ask(answer, [&](gatepost_done done, void* user, gatepost_operation* id) {
        return table_of(on_).read(on_.host(), on_.call, &request, done, user, id);
    });
}

heard wire::read(uint32_t mode, uint64_t max, uint64_t timeout) {
    heard answer;
    answer.status = begin_read(answer, mode, max, timeout);
    if (answer.status != GATEPOST_OK) return answer;
    answer.status = 1;
    on_.until([&] { return answer.done(); });
    return answer;
}

heard wire::line(uint64_t max, uint64_t timeout) {
    return read(GATEPOST_READ_LINE, max, timeout);
}

heard wire::some(uint64_t max, uint64_t timeout) {
    return read(GATEPOST_READ_SOME, max, timeout);
}

heard wire::exactly(uint64_t size, uint64_t timeout) {
    return read(GATEPOST_READ_EXACTLY, size, timeout);
}

heard wire::park(const std::string& key, uint64_t idle, const std::string& farewell,
                 const std::string& state) {
    const gatepost_park request{sizeof request, 0,         handle, str(key), idle,
                                str(farewell),  str(state)};
    return on_.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return table_of(on_).park(on_.host(), on_.call, &request, done, user, id);
    });
}

heard wire::take(const std::string& key) {
    heard answer = on_.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return table_of(on_).take(on_.host(), on_.call, str(key), done, user, id);
    });
    handle = answer.handle;
    return answer;
}

void wire::close() {
    table_of(on_).close(on_.host(), handle);
}

}  // namespace gatepost::tests
