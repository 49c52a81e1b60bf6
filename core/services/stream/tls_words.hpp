// What OpenSSL found wrong, as sentences for the person who runs the gateway: what it is about,
// why, and what to do where that is clear.
#pragma once

#include <string>

#include "services/stream/tls_session.hpp"

struct x509_st;

namespace gatepost::services {

struct handshake_evidence {
    unsigned long code = 0;    // OpenSSL's
    int socket_error = 0;      // errno
    bool ended = false;        // the peer closed
    bool in_clear = false;     // its first byte was no TLS
    bool only_newest = false;  // the settings ask for TLS 1.3
};

tls_failure explain_certificate(x509_store_ctx_st* context, const std::string& where,
                                const std::string& host);
tls_failure explain_handshake(const handshake_evidence& seen, const std::string& where);
// An alert or a broken record after the handshake.
std::string explain_record(unsigned long code);

wall_time end_of(const x509_st* certificate);
// Whose certificate it is, in a few words: "mail.example.com, *.example.com".
std::string names_of(const x509_st* certificate);

}  // namespace gatepost::services
