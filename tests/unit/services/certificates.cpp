#include "certificates.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>

namespace gatepost::tests {
namespace {

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<size_t>(size));
    BIO_free(bio);
    return text;
}

void extend(X509* to, X509* issuer, int what, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
    X509_add_ext(to, made, -1);
    X509_EXTENSION_free(made);
}

certificate begin(const std::string& name, long begins_in, long ends_in) {
    static std::atomic<long> serial{1000};
    certificate made;
    made.key.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
    made.x509.reset(X509_new(), X509_free);
    X509* const x509 = made.x509.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x509), begins_in);
    X509_gmtime_adj(X509_getm_notAfter(x509), ends_in);
    X509_set_pubkey(x509, made.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return made;
}

void finish(const certificate& made, const certificate& issuer) {
    X509_set_issuer_name(made.x509.get(), X509_get_subject_name(issuer.x509.get()));
    X509_sign(made.x509.get(), issuer.key.get(), EVP_sha256());
}

certificate leaf(const certificate* issuer, const leaf_facts& facts) {
    certificate made = begin("leaf", facts.begins_in, facts.ends_in);
    std::string list;
    for (const std::string& each : facts.names)
        list += (list.empty() ? "" : ",") + each;
    extend(made.x509.get(), made.x509.get(), NID_subject_alt_name, list);
    finish(made, issuer != nullptr ? *issuer : made);
    return made;
}

}  // namespace

std::string certificate::pem() const {
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x509.get());
    return text_of(bio);
}

std::string certificate::key_pem() const {
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio);
}

certificate make_authority(const std::string& name) {
    certificate made = begin(name, -3600, 365L * 24 * 3600);
    extend(made.x509.get(), made.x509.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(made.x509.get(), made.x509.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    finish(made, made);
    return made;
}

certificate make_leaf(const certificate& issuer, const leaf_facts& facts) {
    return leaf(&issuer, facts);
}

certificate make_self_signed(const leaf_facts& facts) {
    return leaf(nullptr, facts);
}

}  // namespace gatepost::tests
