// crypto/1 by OpenSSL's EVP: digests over segment lists. What is small and in memory is done at
// once; a large body goes to a blocking thread in windows, and can be cancelled between two.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/limits.hpp"
#include "base/secret.hpp"
#include "plugin/strings.hpp"
#include "services/backstage.hpp"
#include "services/segments.hpp"

namespace gatepost::services {
namespace {

using answer = plugin::operation::answer;

struct release {
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

error openssl_failure() {
    return {error_kind::internal,
            "OpenSSL could not make the digest; MD5 may be switched off here"};
}

class digester {
  public:
    virtual ~digester() = default;
    virtual bool update(std::string_view bytes) = 0;
    virtual std::string finish() = 0;  // empty if it failed
};

class sha256 final : public digester {
  public:
    static std::unique_ptr<digester> make() {
        auto made = std::make_unique<sha256>();
        if (!made->context_ || EVP_DigestInit_ex(made->context_.get(), EVP_sha256(), nullptr) != 1)
            return nullptr;
        return made;
    }
    bool update(std::string_view bytes) override {
        return EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
    }
    std::string finish() override {
        std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
        unsigned size = 0;
        if (EVP_DigestFinal_ex(context_.get(), out.data(), &size) != 1) return {};
        return {reinterpret_cast<const char*>(out.data()), size};
    }

  private:
    std::unique_ptr<EVP_MD_CTX, release> context_{EVP_MD_CTX_new()};
};

class hmac final : public digester {
  public:
    static std::unique_ptr<digester> make(const char* digest, const secret& key) {
        // Fetching looks through the providers: once is enough.
        static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
        auto made = std::make_unique<hmac>();
        made->context_.reset(algorithm == nullptr ? nullptr : EVP_MAC_CTX_new(algorithm));
        const OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
            OSSL_PARAM_construct_end()};
        // The view of an empty key is not null, which would mean: as before.
        const auto* bytes = reinterpret_cast<const unsigned char*>(key.reveal().data());
        if (!made->context_ ||
            EVP_MAC_init(made->context_.get(), bytes, key.reveal().size(), parameters) != 1)
            return nullptr;
        return made;
    }
    bool update(std::string_view bytes) override {
        const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
        return EVP_MAC_update(context_.get(), data, bytes.size()) == 1;
    }
    std::string finish() override {
        std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
        size_t size = 0;
        if (EVP_MAC_final(context_.get(), out.data(), &size, out.size()) != 1) return {};
        return {reinterpret_cast<const char*>(out.data()), size};
    }

  private:
    std::unique_ptr<EVP_MAC_CTX, release> context_;
};

std::unique_ptr<digester> make_digester(uint32_t algorithm, const secret& key) {
    switch (algorithm) {
        case GATEPOST_SHA256: return sha256::make();
        case GATEPOST_HMAC_SHA256: return hmac::make("SHA256", key);
        default: return hmac::make("MD5", key);
    }
}

struct order {
    uint32_t algorithm = 0;
    secret key;
    segment_list content;
};

answer digest(const order& what, const std::atomic<bool>& cancelled) {
    const auto made = make_digester(what.algorithm, what.key);
    if (!made) return answer_of(openssl_failure());
    segment_reader reader(what.content);
    std::vector<char> window(
        static_cast<size_t>(std::min<uint64_t>(what.content.size(), limits::body_window_bytes)));
    for (;;) {
        if (cancelled) return cancelled_answer();
        const auto got = reader.read(window);
        if (!got) return answer_of(got.error());
        if (*got == 0) break;
        if (!made->update({window.data(), *got})) return answer_of(openssl_failure());
    }
    std::string out = made->finish();
    if (out.empty()) return answer_of(openssl_failure());
    const uint64_t size = out.size();
    return {GATEPOST_OK, {}, 0, size, std::move(out), nullptr};
}

gatepost_status read_order(const gatepost_digest_request* from, plugin::call_context& context,
                           order& what) {
    if (from == nullptr) return GATEPOST_INVALID;
    const auto request = plugin::copy_sized(from);
    if (request.required != 0) return GATEPOST_UNSUPPORTED;
    if (request.algorithm < GATEPOST_SHA256 || request.algorithm > GATEPOST_HMAC_MD5)
        return request.algorithm == 0 ? GATEPOST_INVALID : GATEPOST_UNSUPPORTED;
    if (request.key.size > 0 && request.key.data == nullptr) return GATEPOST_INVALID;
    if (request.key.size > limits::secret_bytes) return GATEPOST_LIMIT;
    what.algorithm = request.algorithm;
    what.key = secret(std::string(plugin::view_of(request.key)));
    return what.content.take(request.segments, context);
}

gatepost_status crypto_digest(const gatepost_host* host, gatepost_call call,
                              const gatepost_digest_request* request, gatepost_done done,
                              void* user, gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        const auto what = std::make_shared<order>();
        if (const auto status = read_order(request, context, *what); status != GATEPOST_OK)
            return status;
        const bool small =
            what->content.in_memory() && what->content.size() <= limits::body_window_bytes;
        return answer_with(
            context, house, {done, user, operation}, small ? where::here : where::on_disk,
            [what](const std::atomic<bool>& cancelled) { return digest(*what, cancelled); });
    });
}

}  // namespace

const gatepost_crypto crypto_table{sizeof(gatepost_crypto), 0, crypto_digest};

}  // namespace gatepost::services
