// libcurl's own words are kept behind ours where they say more than the code does.
#include "services/http/verdict.hpp"

#include <curl/curl.h>
#include <openssl/x509_vfy.h>

#include "base/text.hpp"

namespace gatepost::services {
namespace {

constexpr size_t detail_bytes = 256;
constexpr long proxy_login_wanted = 407;

std::string with_detail(std::string text, const http_ending& how) {
    const std::string detail = text::sanitize(how.detail, detail_bytes);
    return detail.empty() ? text : text + " (" + detail + ")";
}

uint32_t place_of(const http_ending& how) {
    switch (how.code) {
        case CURLE_COULDNT_RESOLVE_HOST: return GATEPOST_AT_NAME;
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_PROXY: return GATEPOST_AT_PROXY;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR: return GATEPOST_AT_CERTIFICATE;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ENGINE_INITFAILED: return GATEPOST_AT_TLS;
        default: break;
    }
    if (!how.dialled) return how.proxied ? GATEPOST_AT_PROXY : GATEPOST_AT_CONNECT;
    if (how.proxied && how.proxy_answer / 100 != 2) return GATEPOST_AT_PROXY;
    return how.tls ? GATEPOST_AT_TLS : GATEPOST_AT_CONNECT;
}

http_judgement about_certificate(const http_ending& how) {
    http_judgement out{GATEPOST_CONNECT, GATEPOST_AT_CERTIFICATE, {}, {}};
    const std::string whose = "the certificate of " + how.where;
    if (how.code == CURLE_SSL_CACERT_BADFILE) {
        out.text = with_detail("the CA file cannot be used", how);
        out.advice = "it must be a readable file with certificates in PEM form";
        return out;
    }
    switch (how.certificate) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            out.text = whose + " has expired";
            out.advice = "its owner must renew it; check this machine's clock, too";
            break;
        case X509_V_ERR_CERT_NOT_YET_VALID:
            out.text = whose + " is not valid yet";
            out.advice = "check this machine's clock";
            break;
        // The name is looked at before the authority's verdict is known.
        case X509_V_OK:
        case X509_V_ERR_UNSPECIFIED:
            out.text = with_detail(whose + " is for another name", how);
            out.advice = "use the name that the certificate is for";
            break;
        default:
            out.text = with_detail(whose + " is from an authority that is not trusted", how);
            out.advice = how.own_ca ? "the CA file in the settings is not the one of its authority"
                                    : "if it is your own server, or a proxy that looks into TLS, "
                                      "name the file of its authority as CA file in the settings";
    }
    return out;
}

http_judgement about_proxy(const http_ending& how) {
    http_judgement out{GATEPOST_CONNECT, GATEPOST_AT_PROXY, {}, {}};
    if (how.proxy_answer == proxy_login_wanted)
        out.text = how.first_where + " wants another user and password";
    else if (how.proxy_answer > 0)
        out.text = how.first_where + " did not connect to " + how.where + ": it answered " +
                   std::to_string(how.proxy_answer);
    else
        out.text = with_detail("no way through " + how.first_where, how);
    return out;
}

http_judgement about_connection(const http_ending& how) {
    const uint32_t at = place_of(how);
    const bool late = how.code == CURLE_OPERATION_TIMEDOUT;
    if (at == GATEPOST_AT_CERTIFICATE) return about_certificate(how);
    if (at == GATEPOST_AT_PROXY) return about_proxy(how);
    http_judgement out{GATEPOST_CONNECT, at, {}, {}};
    if (at == GATEPOST_AT_NAME) {
        out.text = with_detail("the name of " + how.where + " cannot be looked up", how);
    } else if (at == GATEPOST_AT_TLS) {
        out.text = late ? "no TLS with " + how.where + ": it did not answer in time"
                        : with_detail("no TLS with " + how.where, how);
        out.advice = "it must speak TLS 1.2 or 1.3 on that port";
    } else {
        out.text = late ? "no connection to " + how.where + " in time"
                        : with_detail("no connection to " + how.where, how);
        out.advice = "check host and port, and whether a firewall is between";
    }
    return out;
}

// The request began.
http_judgement about_exchange(const http_ending& how) {
    const bool late = how.code == CURLE_OPERATION_TIMEDOUT;
    if (!how.body_problem.empty())
        return {GATEPOST_FAILED, 0, how.where + ": " + how.body_problem, {}};
    if (!how.whole && late)
        return {GATEPOST_TIMEOUT, 0, how.where + " did not take the whole request in time", {}};
    if (!how.whole)
        return {GATEPOST_DISCONNECTED,
                0,
                with_detail(how.where + " ended the connection before the request was whole", how),
                {}};
    if (late) return {GATEPOST_UNCERTAIN, 0, how.where + " did not answer in time", {}};
    return {GATEPOST_UNCERTAIN,
            0,
            with_detail(how.where + " had the whole request, and gave no complete answer", how),
            {}};
}

}  // namespace

http_judgement judge_ending(const http_ending& how) {
    if (how.over_limit && how.answered)
        return {GATEPOST_LIMIT, 0, "the answer of " + how.where + " is larger than is read", {}};
    if (how.code == CURLE_OK) return {};
    return how.session ? about_exchange(how) : about_connection(how);
}

}  // namespace gatepost::services
