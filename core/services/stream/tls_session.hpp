// TLS on a socket that never blocks: OpenSSL reads from the descriptor itself, and what it wants to
// send is collected in `out` for the owner of the socket, so that a message leaves in one piece and
// nobody else ever has to care about a half-written record.
//
// One thread. Failures are sentences: what the certificate is for, when it expired, what the peer
// speaks instead of TLS 1.2.
#pragma once

#include <gatepost/abi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "services/stream/tls_context.hpp"

struct bio_st;
struct bio_method_st;
struct ssl_st;
struct ssl_session_st;
struct ssl_ctx_st;
struct x509_store_ctx_st;

namespace gatepost::services {

struct tls_facts {
    uint32_t version = 0;
    std::string cipher;
    wall_time certificate_until{};
    bool verified = false;
};

struct tls_failure {
    uint32_t at = 0;  // GATEPOST_AT_TLS, GATEPOST_AT_CERTIFICATE
    std::string text, advice;
    // GATEPOST_FAILED: the peer answered, and offers no version that is good enough. The network
    // has no part in that.
    int32_t status = GATEPOST_CONNECT;
};

// A session of before, to begin the next one without a full handshake.
class kept_session {
  public:
    explicit kept_session(ssl_session_st* owned) : session_(owned) {}
    ~kept_session();
    kept_session(const kept_session&) = delete;
    kept_session& operator=(const kept_session&) = delete;
    ssl_session_st* get() const { return session_; }
    // Resuming checks no certificate again, so not for longer than that one is good.
    bool usable(wall_time now) const;

  private:
    ssl_session_st* session_;
};

class tls_session {
  public:
    using keeper = std::function<void(std::shared_ptr<kept_session>)>;
    // `where`: the peer for texts, "host:port". `resume` and `keep` may be null.
    tls_session(std::shared_ptr<tls_context> context, const tls_wish& how, std::string where,
                const std::shared_ptr<kept_session>& resume, keeper keep);
    ~tls_session();
    tls_session(const tls_session&) = delete;
    tls_session& operator=(const tls_session&) = delete;

    void attach(int socket) { socket_ = socket; }
    enum class step { done, wants_input, failed };
    step shake_hands();
    const tls_failure& failure() const { return failure_; }
    tls_facts facts() const;

    enum class input { bytes, nothing_yet, end };
    input read(std::span<char> into, size_t& got);
    // What ended the input, where it was no orderly end.
    const std::string& end_text() const { return end_text_; }
    // All of it is in `out` afterwards; false if the session is broken.
    bool write(std::string_view bytes);
    // Says goodbye, into `out`.
    void end();

    std::string out;

    // Of a context, once.
    static void prepare(ssl_ctx_st* context);

  private:
    static int on_read(bio_st* bio, char* into, int size);
    static int on_write(bio_st* bio, const char* bytes, int size);
    static long on_control(bio_st* bio, int what, long, void*);
    static int on_certificate(int good, x509_store_ctx_st* context);
    static int on_session(ssl_st* ssl, ssl_session_st* session);
    static bio_method_st* method();
    static tls_session& of(const ssl_st* ssl);
    void name_peer(const tls_wish& how);
    void explain();
    void note_first_bytes(const char* bytes, size_t size);

    std::shared_ptr<tls_context> context_;
    ssl_st* ssl_ = nullptr;
    int socket_ = -1;
    std::string where_, host_;
    keeper keep_;
    tls_failure failure_;
    std::string end_text_;
    int socket_error_ = 0;
    size_t share_ = 0;  // of the socket, that this look at it may still take
    bool end_seen_ = false, established_ = false, in_clear_ = false, first_seen_ = false;
};

}  // namespace gatepost::services
