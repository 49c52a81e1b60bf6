// What people see of a request: the stages of a test, the lines of a trace. Costs nothing in other
// calls.
#include <openssl/ssl.h>

#include <memory>

#include "services/http/transfer.hpp"
#include "services/stream/order.hpp"
#include "services/stream/setup.hpp"
#include "services/stream/tls_words.hpp"

namespace gatepost::services {

void transfer::enter_stage(uint32_t at) {
    if (!staged_) return;
    tell_stage(context(), words_of(at).id, words_of(at).title, GATEPOST_STARTED);
}

void transfer::pass_stage(uint32_t at, const std::string& text) {
    if (traced()) note(std::string(words_of(at).title) + ": " + text);
    if (!staged_) return;
    tell_stage(context(), words_of(at).id, words_of(at).title, GATEPOST_PASSED, text);
}

void transfer::fail_stage(uint32_t at, const std::string& text, const std::string& advice) {
    auto* const call = context();
    if (call == nullptr || !call->wants_stages() || at == 0) return;
    tell_stage(call, words_of(at).id, words_of(at).title, GATEPOST_STAGE_FAILED, text, advice);
}

// "TLS 1.3, TLS_AES_256_GCM_SHA384, certificate good for 61 days"
std::string transfer::tls_words() const {
    if (!staged_ && !traced()) return {};
    const auto* const session = info_of<curl_tlssessioninfo*>(handle(), CURLINFO_TLS_SSL_PTR);
    if (session == nullptr || session->internals == nullptr ||
        session->backend != CURLSSLBACKEND_OPENSSL)
        return "stands";
    auto* const ssl = static_cast<SSL*>(session->internals);
    const std::unique_ptr<X509, decltype(&::X509_free)> leaf(::SSL_get1_peer_certificate(ssl),
                                                             &::X509_free);
    tls_facts facts;
    facts.version = static_cast<uint32_t>(::SSL_version(ssl));
    facts.cipher = ::SSL_get_cipher_name(ssl);
    facts.verified = true;
    if (leaf) facts.certificate_until = end_of(leaf.get());
    return describe(facts, house_.clock.wall_now());
}

bool transfer::traced() const {
    const auto* const call = context();
    return call != nullptr && call->traced();
}

void transfer::trace(std::string_view direction, std::string_view text) {
    if (traced()) context()->trace(direction, text);
}

void transfer::note(std::string_view text) {
    if (traced()) trace("*", shown(*room_->scrub(), text));
}

}  // namespace gatepost::services
