// The key of a context holds what is known of its files (time, size, inode), so a renewed
// certificate is used by the next connection without anybody being told.
#include "services/stream/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/limits.hpp"
#include "services/stream/tls_session.hpp"

namespace gatepost::services {
namespace {

// A key file with a password would make OpenSSL ask for it on the terminal.
int no_password(char*, int, int, void*) {
    return 0;
}

std::string stamp_of(const std::string& path) {
    struct stat facts{};
    if (path.empty()) return "-";
    if (::stat(path.c_str(), &facts) != 0) return "none";
    return std::to_string(facts.st_mtim.tv_sec) + "." + std::to_string(facts.st_mtim.tv_nsec) +
           "/" + std::to_string(facts.st_size) + "/" + std::to_string(facts.st_ino);
}

// Where the system's authorities are, as OpenSSL itself looks for them.
std::string system_place(const char* variable, const char* otherwise) {
    const char* const said = ::secure_getenv(variable);
    return said != nullptr ? said : otherwise;
}

std::string key_of(const tls_wish& how) {
    std::string key = std::to_string(how.minimum_version) + (how.verify ? "|verify" : "|any");
    for (const std::string* each : {&how.ca_file, &how.certificate_file, &how.key_file})
        key += "|" + std::to_string(each->size()) + ":" + *each + "@" + stamp_of(*each);
    if (how.ca_file.empty()) {
        key += "|" + stamp_of(system_place(::X509_get_default_cert_file_env(),
                                           ::X509_get_default_cert_file()));
        key += "|" + stamp_of(system_place(::X509_get_default_cert_dir_env(),
                                           ::X509_get_default_cert_dir()));
    }
    return key;
}

error unusable(const char* what, const std::string& path, const char* otherwise) {
    ::ERR_clear_error();
    struct stat facts{};
    std::string why = otherwise;
    if (::stat(path.c_str(), &facts) != 0 || ::access(path.c_str(), R_OK) != 0)
        why = std::strerror(errno);
    return {error_kind::config, std::string("cannot use the ") + what + " " + path + ": " + why};
}

status load_authorities(SSL_CTX* context, const tls_wish& how) {
    if (how.ca_file.empty()) {
        if (::SSL_CTX_set_default_verify_paths(context) == 1) return success{};
        return error{error_kind::config, "cannot read the system's certificate authorities"};
    }
    // The file may hold the server's own certificate, or an authority between: the owner's word.
    X509_STORE_set_flags(::SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
    if (::SSL_CTX_load_verify_file(context, how.ca_file.c_str()) == 1) return success{};
    return unusable("CA file", how.ca_file, "there is no certificate in PEM form in it");
}

status load_certificate(SSL_CTX* context, const tls_wish& how) {
    if (how.certificate_file.empty()) return success{};
    const std::string& key = how.key_file.empty() ? how.certificate_file : how.key_file;
    if (::SSL_CTX_use_certificate_chain_file(context, how.certificate_file.c_str()) != 1)
        return unusable("client certificate", how.certificate_file,
                        "there is no certificate in PEM form in it");
    if (::SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
        return unusable("client key", key,
                        "there is no key without a password in it that fits the certificate");
    if (::SSL_CTX_check_private_key(context) != 1)
        return unusable("client key", key, "it does not belong to the certificate");
    return success{};
}

result<std::shared_ptr<tls_context>> make_context(const tls_wish& how) {
    auto made = std::make_shared<tls_context>(::SSL_CTX_new(::TLS_client_method()));
    SSL_CTX* const context = made->get();
    if (context == nullptr) return error{error_kind::internal, "no memory for TLS"};
    const int least = how.minimum_version == TLS1_3_VERSION ? TLS1_3_VERSION : TLS1_2_VERSION;
    SSL_CTX_set_min_proto_version(context, least);
    // No renegotiation: a write never has to wait for a read. A peer that leaves without a word is
    // an end like any other: lines and counts say whether something is missing.
    ::SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    ::SSL_CTX_set_default_passwd_cb(context, no_password);
    tls_session::prepare(context);
    if (auto loaded = load_authorities(context, how); !loaded) return loaded.error();
    if (auto loaded = load_certificate(context, how); !loaded) return loaded.error();
    return made;
}

}  // namespace

tls_context::~tls_context() {
    ::SSL_CTX_free(context_);
}

result<std::shared_ptr<tls_context>> tls_contexts::get(const tls_wish& how) {
    std::string key = key_of(how);
    {
        const std::lock_guard lock(mutex_);
        for (auto each = newest_first_.begin(); each != newest_first_.end(); ++each) {
            if (each->key != key) continue;
            newest_first_.splice(newest_first_.begin(), newest_first_, each);
            return each->context;
        }
    }
    auto made = make_context(how);  // two threads may both make one: harmless
    if (!made) return made;
    const std::lock_guard lock(mutex_);
    newest_first_.push_front({std::move(key), *made});
    if (newest_first_.size() > limits::tls_contexts) newest_first_.pop_back();
    return made;
}

}  // namespace gatepost::services
