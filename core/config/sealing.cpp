// The bytes: "GPS1", 12 bytes of nonce, the ciphertext, 16 bytes of tag.
//
// The key file appears whole or not at all: it is written and synced under another name, then
// linked, which fails if another start was faster.
#include "config/sealing.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>

#include "base/file.hpp"
#include "base/text.hpp"
#include "config/trust.hpp"

namespace gatepost::config {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view mark = "GPS1";
constexpr size_t key_bytes = 32, nonce_bytes = 12, tag_bytes = 16;
constexpr size_t longest_key_file = 256;

struct release {
    void operator()(EVP_CIPHER_CTX* what) const { EVP_CIPHER_CTX_free(what); }
};
using cipher = std::unique_ptr<EVP_CIPHER_CTX, release>;

error failed(const char* what) {
    return {error_kind::internal, std::string("OpenSSL cannot ") + what};
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}
int size_of(std::string_view text) {
    return static_cast<int>(text.size());
}

// Begins with key and nonce, and what it is bound to.
bool begin(EVP_CIPHER_CTX* with, bool sealing, const secret& key, std::string_view nonce,
           std::string_view bound_to) {
    int unused = 0;
    return EVP_CipherInit_ex(with, EVP_aes_256_gcm(), nullptr, bytes_of(key.reveal()),
                             bytes_of(nonce), sealing ? 1 : 0) == 1 &&
           EVP_CipherUpdate(with, nullptr, &unused, bytes_of(bound_to), size_of(bound_to)) == 1;
}

// 32 bytes as they are, or 64 hexadecimal digits.
std::optional<secret> key_in(std::string text) {
    if (text.size() == key_bytes) return secret(std::move(text));
    const std::string_view digits = text::trim(text);
    if (digits.size() != 2 * key_bytes) return std::nullopt;
    std::string key;
    for (size_t i = 0; i < digits.size(); i += 2) {
        const auto byte = text::percent_decode("%" + std::string(digits.substr(i, 2)));
        if (!byte) return std::nullopt;
        key += *byte;
    }
    return secret(std::move(key));
}

result<secret> read_key(const fs::path& file, bool judge) {
    auto read = read_with_facts(file, longest_key_file);
    if (!read) return std::move(read).error();
    if (const auto why = readable_by_others(read->facts); judge && why)
        return error{error_kind::config, "the key " + file.string() + " " + *why};
    auto key = key_in(std::move(read->text));
    if (!key)
        return error{error_kind::config,
                     "the key " + file.string() + " must hold 32 bytes, or 64 hexadecimal digits"};
    return *std::move(key);
}

status write_new(const fs::path& file, std::string_view bytes) {
    const auto fd = open_file(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!fd) return fd.error();
    if (auto written = write_all(fd->get(), bytes); !written) return written;
    if (::fsync(fd->get()) != 0) return error_from_errno(errno, "cannot sync " + file.string());
    return success{};
}

result<secret> make_key(const fs::path& file) {
    std::string key(key_bytes, '\0');
    if (RAND_bytes(bytes_of(key), size_of(key)) != 1) return failed("make a key");
    const fs::path temp = file.string() + ".new" + std::to_string(::getpid());
    ::unlink(temp.c_str());
    status written = write_new(temp, key);
    const secret made(std::move(key));
    if (written && ::link(temp.c_str(), file.c_str()) != 0 && errno != EEXIST)
        written = error_from_errno(errno, "cannot make " + file.string());
    ::unlink(temp.c_str());
    if (!written) return written.error();
    if (auto synced = sync_folder(file.parent_path()); !synced) return synced.error();
    return read_key(file, true);  // maybe another one's
}

}  // namespace

result<sealer> sealer::open(const fs::path& state) {
    if (const char* folder = std::getenv("CREDENTIALS_DIRECTORY"); folder != nullptr) {
        const auto key = read_key(fs::path(folder) / "gatepost-seal-key", false);
        if (key) return sealer(*key);
        if (key.error().kind != error_kind::not_found) return key.error();
    }
    const fs::path file = state / "seal.key";
    auto key = read_key(file, true);
    if (!key && key.error().kind == error_kind::not_found) key = make_key(file);
    if (!key) return std::move(key).error();
    return sealer(*std::move(key));
}

result<sealer> sealer::with_key(secret key) {
    if (key.reveal().size() != key_bytes)
        return error{error_kind::config, "a key to seal with must hold 32 bytes"};
    return sealer(std::move(key));
}

result<std::string> sealer::seal(const secret& text, std::string_view bound_to) const {
    std::string nonce(nonce_bytes, '\0'), sealed(text.reveal().size(), '\0');
    std::string tag(tag_bytes, '\0');
    const cipher with(EVP_CIPHER_CTX_new());
    int size = 0;
    if (!with || RAND_bytes(bytes_of(nonce), size_of(nonce)) != 1 ||
        !begin(with.get(), true, key_, nonce, bound_to) ||
        EVP_CipherUpdate(with.get(), bytes_of(sealed), &size, bytes_of(text.reveal()),
                         size_of(text.reveal())) != 1 ||
        EVP_CipherFinal_ex(with.get(), bytes_of(tag), &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(with.get(), EVP_CTRL_GCM_GET_TAG, size_of(tag), tag.data()) != 1)
        return failed("seal");
    return std::string(mark) + nonce + sealed + tag;
}

result<secret> sealer::unseal(std::string_view sealed, std::string_view bound_to) const {
    const error foreign{error_kind::config, "it was sealed with another key, or is damaged"};
    if (!sealed.starts_with(mark) || sealed.size() < mark.size() + nonce_bytes + tag_bytes)
        return foreign;
    const std::string_view nonce = sealed.substr(mark.size(), nonce_bytes);
    std::string tag(sealed.substr(sealed.size() - tag_bytes));
    sealed.remove_prefix(mark.size() + nonce_bytes);
    sealed.remove_suffix(tag_bytes);
    std::string text(sealed.size() + 1, '\0'), end(tag_bytes, '\0');
    const cipher with(EVP_CIPHER_CTX_new());
    int size = 0;
    const bool opened =
        with && begin(with.get(), false, key_, nonce, bound_to) &&
        EVP_CipherUpdate(with.get(), bytes_of(text), &size, bytes_of(sealed), size_of(sealed)) ==
            1 &&
        EVP_CIPHER_CTX_ctrl(with.get(), EVP_CTRL_GCM_SET_TAG, size_of(tag), tag.data()) == 1 &&
        EVP_CipherFinal_ex(with.get(), bytes_of(end), &size) == 1;
    text.resize(sealed.size());
    secret out(std::move(text));
    if (!opened) return foreign;
    return out;
}

}  // namespace gatepost::config
