// Sentences are put together from OpenSSL's codes; names out of a certificate are a stranger's
// words and are cleaned and capped.
#include "services/stream/tls_words.hpp"

#include <arpa/inet.h>
#include <gatepost/abi.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <ctime>
#include <memory>

#include "base/text.hpp"

namespace gatepost::services {
namespace {

constexpr size_t names_shown = 5;
constexpr size_t name_bytes = 128;

wall_time time_of(const ASN1_TIME* from) {
    std::tm parts{};
    if (from == nullptr || ::ASN1_TIME_to_tm(from, &parts) != 1) return {};
    return wall_time(std::chrono::seconds(::timegm(&parts)));
}

std::string date_of(const ASN1_TIME* from) {
    return format_rfc3339(time_of(from)).substr(0, 10);
}

std::string common_name(const X509_NAME* from) {
    char name[256] = {};
    for (const int part : {NID_commonName, NID_organizationName}) {
        if (::X509_NAME_get_text_by_NID(const_cast<X509_NAME*>(from), part, name, sizeof name) > 0)
            return text::sanitize(name, name_bytes);
    }
    return "without a name";
}

std::string text_of(const ASN1_STRING* from) {
    const auto* bytes = reinterpret_cast<const char*>(::ASN1_STRING_get0_data(from));
    return text::sanitize({bytes, static_cast<size_t>(::ASN1_STRING_length(from))}, name_bytes);
}

std::string address_of(const ASN1_OCTET_STRING* from) {
    char text[INET6_ADDRSTRLEN] = {};
    const int family = ::ASN1_STRING_length(from) == 4 ? AF_INET : AF_INET6;
    ::inet_ntop(family, ::ASN1_STRING_get0_data(from), text, sizeof text);
    return text;
}

struct names_end {
    void operator()(GENERAL_NAMES* names) const { ::GENERAL_NAMES_free(names); }
};

constexpr const char* own_server =
    "if it is your own server, name the file of its authority as CA file in the settings";

struct verdict_words {
    std::string text, advice;
};

verdict_words dates(int code, const X509* certificate) {
    if (code == X509_V_ERR_CERT_HAS_EXPIRED)
        return {" expired on " + date_of(::X509_get0_notAfter(certificate)),
                "its owner must renew it; check this machine's clock, too"};
    return {" is valid only from " + date_of(::X509_get0_notBefore(certificate)) + " on",
            "check this machine's clock"};
}

verdict_words words_for(int code, const X509* certificate, const std::string& host) {
    switch (code) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID: return dates(code, certificate);
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return {" is for " + names_of(certificate) + ", not for " + host,
                    "use the name that the certificate is for"};
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return {" is self-signed", own_server};
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return {" was issued by \"" + common_name(::X509_get_issuer_name(certificate)) +
                        "\", an authority that is not known here",
                    own_server};
        default:
            return {std::string(" cannot be trusted: ") + ::X509_verify_cert_error_string(code),
                    {}};
    }
}

bool one_of(int reason, std::initializer_list<int> reasons) {
    for (const int each : reasons) {
        if (reason == each) return true;
    }
    return false;
}

bool about_version(int reason) {
    return one_of(reason,
                  {SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
                   SSL_R_WRONG_SSL_VERSION, SSL_R_VERSION_TOO_LOW, SSL_R_NO_PROTOCOLS_AVAILABLE});
}

bool about_clients(int reason) {
    return one_of(reason,
                  {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
                   SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
                   SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_TLSV1_ALERT_ACCESS_DENIED});
}

std::string reason_of(unsigned long code) {
    const char* const reason = ::ERR_reason_error_string(code);
    return reason != nullptr ? reason : "code " + std::to_string(code);
}

}  // namespace

wall_time end_of(const X509* certificate) {
    return time_of(::X509_get0_notAfter(certificate));
}

std::string names_of(const X509* certificate) {
    const std::unique_ptr<GENERAL_NAMES, names_end> names(static_cast<GENERAL_NAMES*>(
        ::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::string list;
    size_t shown = 0;
    const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* const each = sk_GENERAL_NAME_value(names.get(), i);
        if (each->type != GEN_DNS && each->type != GEN_IPADD) continue;
        if (++shown > names_shown) return list + " and others";
        if (!list.empty()) list += ", ";
        list += each->type == GEN_DNS ? text_of(each->d.dNSName) : address_of(each->d.iPAddress);
    }
    return list.empty() ? common_name(::X509_get_subject_name(certificate)) : list;
}

tls_failure explain_certificate(X509_STORE_CTX* context, const std::string& where,
                                const std::string& host) {
    const int code = ::X509_STORE_CTX_get_error(context);
    const X509* const certificate = ::X509_STORE_CTX_get_current_cert(context);
    const X509* const leaf = ::X509_STORE_CTX_get0_cert(context);
    const auto words = words_for(code, certificate != nullptr ? certificate : leaf, host);
    const bool above = certificate != nullptr && ::X509_cmp(certificate, leaf) != 0;
    std::string whose = "the certificate of " + where;
    if (above && code != X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN)
        whose = "the certificate of the authority \"" +
                common_name(::X509_get_subject_name(certificate)) + "\" behind " + where;
    return {GATEPOST_AT_CERTIFICATE, whose + words.text, words.advice, GATEPOST_CONNECT};
}

tls_failure explain_handshake(const handshake_evidence& seen, const std::string& where) {
    const int reason = ERR_GET_REASON(seen.code);
    const auto failed = [&](std::string why, std::string advice = {}) {
        return tls_failure{GATEPOST_AT_TLS, "no TLS with " + where + ": " + std::move(why),
                           std::move(advice), GATEPOST_CONNECT};
    };
    if (seen.in_clear)
        return failed("it answered in clear",
                      "this port does not begin with TLS; try STARTTLS, or the port for TLS");
    if (seen.socket_error != 0) return failed(std::strerror(seen.socket_error));
    if (seen.ended) return failed("it closed the connection during the handshake");
    if (about_version(reason)) {
        auto found = seen.only_newest
                         ? failed("it offers no TLS 1.3, and the settings ask for that",
                                  "let the settings ask for TLS 1.2")
                         : failed("it offers no TLS 1.2 or newer (1.0 and 1.1 are not safe)",
                                  "its owner must switch on TLS 1.2 or newer");
        found.status = GATEPOST_FAILED;
        return found;
    }
    if (about_clients(reason))
        return failed("it refused our certificate (" + reason_of(seen.code) + ")",
                      "set the client certificate that its owner expects");
    if (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE || reason == SSL_R_NO_SHARED_CIPHER)
        return failed("it and the gateway have no cipher in common");
    return failed(reason_of(seen.code));
}

std::string explain_record(unsigned long code) {
    const int reason = ERR_GET_REASON(code);
    if (about_clients(reason)) return "the peer refused our certificate (" + reason_of(code) + ")";
    return "TLS: " + reason_of(code);
}

}  // namespace gatepost::services
