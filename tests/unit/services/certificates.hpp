// Certificates made while a test runs: an authority, and leaves that are right or wrong in one way.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

namespace gatepost::tests {

struct certificate {
    std::shared_ptr<X509> x509;
    std::shared_ptr<EVP_PKEY> key;
    std::string pem() const;
    std::string key_pem() const;
};

struct leaf_facts {
    std::vector<std::string> names = {"DNS:localhost"};  // "IP:127.0.0.1"
    long begins_in = -3600, ends_in = 90L * 24 * 3600;   // seconds
};

certificate make_authority(const std::string& name);
certificate make_leaf(const certificate& issuer, const leaf_facts& facts = {});
certificate make_self_signed(const leaf_facts& facts = {});

}  // namespace gatepost::tests
