#include "services/oauth/jwt.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <gatepost/json.hpp>

#include <array>
#include <memory>

#include "base/text.hpp"

namespace gatepost::services {
namespace {

using namespace std::chrono_literals;

constexpr auto set_back = 60s;
constexpr auto lifetime = 3600s;

struct release {
    void operator()(BIO* what) const { BIO_free(what); }
    void operator()(EVP_PKEY* what) const { EVP_PKEY_free(what); }
    void operator()(EVP_MD_CTX* what) const { EVP_MD_CTX_free(what); }
};
using private_key = std::unique_ptr<EVP_PKEY, release>;

// A password would be asked for at the terminal otherwise.
int no_password(char*, int, int, void*) {
    return 0;
}

private_key read_key(const secret& pem) {
    const std::string_view text = pem.reveal();
    const std::unique_ptr<BIO, release> memory(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (!memory) return nullptr;
    return private_key(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_password, nullptr));
}

result<std::string> sign(const secret& pem, std::string_view bytes) {
    const private_key key = read_key(pem);
    const std::unique_ptr<EVP_MD_CTX, release> context(EVP_MD_CTX_new());
    const error failed{error_kind::config, "OpenSSL cannot sign with the service account's key"};
    if (!key || !context) return failed;
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    size_t size = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, data, bytes.size()) != 1)
        return failed;
    std::string out(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data,
                       bytes.size()) != 1)
        return failed;
    out.resize(size);
    return out;
}

std::string member(std::string_view name, std::string_view value) {
    return "\"" + std::string(name) + "\":\"" + sdk::json_escaped(value) + "\"";
}

std::string seconds_of(wall_time time) {
    return std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

}  // namespace

result<service_account> read_service_account(const secret& json_file) {
    const auto wrong = [](const char* reason) { return error{error_kind::config, reason}; };
    const auto read = sdk::read_json(json_file.reveal());
    if (!read.ok() || !read.root.is_object())
        return wrong("must be the content of a service account's JSON key file");
    service_account out;
    out.email = read.root["client_email"].text();
    out.key_id = read.root["private_key_id"].text();
    out.token_url = read.root["token_uri"].text();
    out.private_key = secret(std::string(read.root["private_key"].text()));
    if (out.email.empty()) return wrong("has no client_email: it is no service account's key file");
    const private_key key = read_key(out.private_key);
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
        return wrong("has no private_key that can be read: it must be an RSA key in PEM form");
    return out;
}

result<secret> sign_assertion(const service_account& account, const assertion_claims& claims,
                              wall_time now) {
    const wall_time issued = now - set_back;
    std::string header = "{" + member("alg", "RS256") + "," + member("typ", "JWT");
    if (!account.key_id.empty()) header += "," + member("kid", account.key_id);
    const std::string body =
        "{" + member("iss", account.email) + "," + member("scope", claims.scope) + "," +
        member("aud", claims.audience) + "," + member("sub", claims.subject) +
        ",\"iat\":" + seconds_of(issued) + ",\"exp\":" + seconds_of(issued + lifetime) + "}";
    const std::string token = base64url(header + "}") + "." + base64url(body);
    auto signature = sign(account.private_key, token);
    if (!signature) return std::move(signature).error();
    return secret(token + "." + base64url(*signature));
}

std::string base64url(std::string_view bytes) {
    std::string out = text::base64_encode(bytes);
    for (char& each : out) {
        if (each == '+') each = '-';
        if (each == '/') each = '_';
    }
    while (out.ends_with('='))
        out.pop_back();
    return out;
}

std::string sha256_of(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr) != 1)
        return {};
    return {reinterpret_cast<const char*>(out.data()), size};
}

std::string random_word() {
    std::array<unsigned char, 32> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return {};
    return base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string pkce_challenge(std::string_view verifier) {
    return base64url(sha256_of(verifier));
}

}  // namespace gatepost::services
