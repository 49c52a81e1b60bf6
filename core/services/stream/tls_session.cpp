// OpenSSL sees a BIO of ours: reads go straight to the socket, writes are collected. Its errors are
// a queue of the thread, so it is emptied before every call and read at once after one that failed.
#include "services/stream/tls_session.hpp"

#include <gatepost/abi.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "base/text.hpp"
#include "services/socket_address.hpp"
#include "services/stream/tls_words.hpp"

namespace gatepost::services {
namespace {

// Where an SSL keeps the address of its tls_session.
int own_index() {
    static const int index = ::SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

constexpr size_t record_bytes = 16 * 1024;
// OpenSSL goes on reading as long as nothing comes that is for us: a peer that pours out session
// tickets would have the loop for itself.
constexpr size_t share_bytes = 64 * 1024;

}  // namespace

kept_session::~kept_session() {
    ::SSL_SESSION_free(session_);
}

bool kept_session::usable(wall_time now) const {
    const X509* const leaf = ::SSL_SESSION_get0_peer(session_);
    return leaf != nullptr && end_of(leaf) > now;
}

void tls_session::prepare(SSL_CTX* context) {
    ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    ::SSL_CTX_sess_set_new_cb(context, on_session);
}

bio_method_st* tls_session::method() {
    static BIO_METHOD* const made = [] {
        BIO_METHOD* fresh =
            ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gatepost");
        ::BIO_meth_set_read(fresh, on_read);
        ::BIO_meth_set_write(fresh, on_write);
        ::BIO_meth_set_ctrl(fresh, on_control);
        return fresh;
    }();
    return made;
}

tls_session& tls_session::of(const SSL* ssl) {
    return *static_cast<tls_session*>(::SSL_get_ex_data(ssl, own_index()));
}

tls_session::tls_session(std::shared_ptr<tls_context> context, const tls_wish& how,
                         std::string where, const std::shared_ptr<kept_session>& resume,
                         keeper keep)
    : context_(std::move(context)),
      ssl_(::SSL_new(context_->get())),
      where_(std::move(where)),
      host_(plain_host(how.host_name)),
      keep_(std::move(keep)) {
    BIO* const bio = ::BIO_new(method());
    if (ssl_ == nullptr || bio == nullptr) throw std::bad_alloc();
    ::BIO_set_data(bio, this);
    ::BIO_set_init(bio, 1);
    ::SSL_set_bio(ssl_, bio, bio);
    ::SSL_set_ex_data(ssl_, own_index(), this);
    ::SSL_set_connect_state(ssl_);
    ::SSL_set_verify(ssl_, how.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, on_certificate);
    name_peer(how);
    if (resume) ::SSL_set_session(ssl_, resume->get());
}

tls_session::~tls_session() {
    // Whoever leaves without a goodbye of the peer has still had a good session.
    ::SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    ::SSL_free(ssl_);
}

void tls_session::name_peer(const tls_wish& how) {
    X509_VERIFY_PARAM* const checks = ::SSL_get0_param(ssl_);
    ::X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (how.host_name.empty()) return;
    if (is_ip_literal(host_)) {
        ::X509_VERIFY_PARAM_set1_ip_asc(checks, host_.c_str());
    } else {
        ::X509_VERIFY_PARAM_set1_host(checks, host_.c_str(), host_.size());
        SSL_set_tlsext_host_name(ssl_, host_.c_str());
    }
}

// ---- between OpenSSL and the socket -----------------------------------------------------------

int tls_session::on_read(BIO* bio, char* into, int size) {
    auto& self = *static_cast<tls_session*>(::BIO_get_data(bio));
    ::BIO_clear_retry_flags(bio);
    if (self.share_ == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    ssize_t got = 0;
    do
        got = ::recv(self.socket_, into, std::min(static_cast<size_t>(size), self.share_), 0);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        self.share_ -= static_cast<size_t>(got);
        self.note_first_bytes(into, static_cast<size_t>(got));
        return static_cast<int>(got);
    }
    if (got == 0) {
        self.end_seen_ = true;
        return 0;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        BIO_set_retry_read(bio);
    else
        self.socket_error_ = errno;
    return -1;
}

int tls_session::on_write(BIO* bio, const char* bytes, int size) {
    auto& self = *static_cast<tls_session*>(::BIO_get_data(bio));
    ::BIO_clear_retry_flags(bio);
    self.out.append(bytes, static_cast<size_t>(size));
    return size;
}

long tls_session::on_control(BIO* bio, int what, long, void*) {
    const auto& self = *static_cast<const tls_session*>(::BIO_get_data(bio));
    if (what == BIO_CTRL_EOF) return self.end_seen_ ? 1 : 0;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

// A TLS server begins with a handshake record (22) or an alert (21).
void tls_session::note_first_bytes(const char* bytes, size_t size) {
    if (std::exchange(first_seen_, true) || size == 0) return;
    in_clear_ = bytes[0] != 22 && bytes[0] != 21;
}

// ---- handshake --------------------------------------------------------------------------------

// The first thing that is wrong with the chain; OpenSSL would forget which certificate it was.
int tls_session::on_certificate(int good, X509_STORE_CTX* context) {
    const auto* const ssl = static_cast<const SSL*>(
        ::X509_STORE_CTX_get_ex_data(context, ::SSL_get_ex_data_X509_STORE_CTX_idx()));
    tls_session& self = of(ssl);
    if (good == 1 || !self.failure_.text.empty()) return good;
    self.failure_ = explain_certificate(context, self.where_, self.host_);
    return good;
}

int tls_session::on_session(SSL* ssl, SSL_SESSION* session) {
    const tls_session& self = of(ssl);
    if (!self.keep_ || ::SSL_SESSION_is_resumable(session) != 1) return 0;
    self.keep_(std::make_shared<kept_session>(session));
    return 1;
}

tls_session::step tls_session::shake_hands() {
    ::ERR_clear_error();
    share_ = share_bytes;
    const int done = ::SSL_do_handshake(ssl_);
    if (done == 1) {
        established_ = true;
        failure_ = {};  // with verify off, what is wrong with the certificate is no failure
        return step::done;
    }
    if (::SSL_get_error(ssl_, done) == SSL_ERROR_WANT_READ) return step::wants_input;
    explain();
    return step::failed;
}

void tls_session::explain() {
    const unsigned long code = ::ERR_peek_error();
    const bool certificate =
        ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED;
    if (!certificate || failure_.text.empty())
        failure_ = explain_handshake({code, socket_error_, end_seen_, in_clear_,
                                      SSL_get_min_proto_version(ssl_) == TLS1_3_VERSION},
                                     where_);
    ::ERR_clear_error();
}

tls_facts tls_session::facts() const {
    tls_facts known;
    known.version = static_cast<uint32_t>(::SSL_version(ssl_));
    known.cipher = ::SSL_get_cipher_name(ssl_);
    if (const X509* const leaf = ::SSL_get0_peer_certificate(ssl_)) {
        known.certificate_until = end_of(leaf);
        known.verified = ::SSL_get_verify_result(ssl_) == X509_V_OK && !host_.empty();
    }
    return known;
}

// ---- bytes ------------------------------------------------------------------------------------

tls_session::input tls_session::read(std::span<char> into, size_t& got) {
    ::ERR_clear_error();
    share_ = share_bytes;
    got = 0;
    const int done = ::SSL_read_ex(ssl_, into.data(), into.size(), &got);
    if (done == 1) return input::bytes;
    switch (::SSL_get_error(ssl_, done)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: return input::nothing_yet;
        case SSL_ERROR_ZERO_RETURN: return input::end;
        default: break;
    }
    const unsigned long code = ::ERR_peek_error();
    if (socket_error_ != 0)
        end_text_ = std::strerror(socket_error_);
    else if (code != 0)
        end_text_ = explain_record(code);
    ::ERR_clear_error();
    return input::end;
}

bool tls_session::write(std::string_view bytes) {
    while (!bytes.empty()) {
        ::ERR_clear_error();
        size_t done = 0;
        const size_t most = std::min(bytes.size(), record_bytes);
        if (::SSL_write_ex(ssl_, bytes.data(), most, &done) != 1) {
            ::ERR_clear_error();
            return false;
        }
        bytes.remove_prefix(done);
    }
    return true;
}

void tls_session::end() {
    if (!established_) return;
    ::ERR_clear_error();
    ::SSL_shutdown(ssl_);
    ::ERR_clear_error();
}

}  // namespace gatepost::services
