// Sealing: what it opens, what it does not, and where its key comes from.
#include "config/sealing.hpp"

#include <cstdlib>
#include <iterator>

#include "support.hpp"

using namespace gatepost;
using config::sealer;
using config_test::folder;

namespace {

sealer with(char each) {
    auto made = sealer::with_key(secret(std::string(32, each)));
    REQUIRE(made.ok());
    return *made;
}

std::string read(const config_test::fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct no_credentials {
    no_credentials() { ::unsetenv("CREDENTIALS_DIRECTORY"); }
    ~no_credentials() { ::unsetenv("CREDENTIALS_DIRECTORY"); }
};

}  // namespace

TEST_CASE("what was sealed opens again, and two seals of the same differ") {
    const sealer seal = with('k');
    for (const std::string& text : {std::string("refresh token"), std::string("a\0b", 3),
                                    std::string(5000, 'x'), std::string()}) {
        const auto sealed = seal.seal(secret(text), "office");
        REQUIRE(sealed.ok());
        if (!text.empty()) CHECK(sealed->find(text) == std::string::npos);
        const auto opened = seal.unseal(*sealed, "office");
        REQUIRE(opened.ok());
        CHECK(opened->reveal() == text);
        CHECK(*sealed != *seal.seal(secret(text), "office"));
    }
}

TEST_CASE("another key, another connection, and any changed byte are refused") {
    const sealer seal = with('k');
    const std::string sealed = *seal.seal(secret("refresh token"), "office");
    const auto refused = with('j').unseal(sealed, "office");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().detail == "it was sealed with another key, or is damaged");
    CHECK_FALSE(seal.unseal(sealed, "gmail").ok());
    for (size_t at = 0; at < sealed.size(); ++at) {
        std::string changed = sealed;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        CHECK_FALSE(seal.unseal(changed, "office").ok());
        CHECK_FALSE(seal.unseal(std::string_view(sealed).substr(0, at), "office").ok());
    }
    CHECK_FALSE(seal.unseal(sealed + "x", "office").ok());
    CHECK_FALSE(sealer::with_key(secret("short")).ok());
}

TEST_CASE("the key is made once, for the daemon's user alone") {
    const no_credentials none;
    const folder state;
    const auto first = sealer::open(state.path);
    REQUIRE(first.ok());
    struct stat facts{};
    REQUIRE(::stat((state.path / "seal.key").c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
    CHECK(facts.st_size == 32);
    CHECK(facts.st_nlink == 1);
    const std::string key = read(state.path / "seal.key");
    const auto second = sealer::open(state.path);
    REQUIRE(second.ok());
    CHECK(second->unseal(*first->seal(secret("x"), "a"), "a")->reveal() == "x");
    CHECK(read(state.path / "seal.key") == key);
    const folder other;
    REQUIRE(sealer::open(other.path).ok());
    CHECK(read(other.path / "seal.key") != key);
}

TEST_CASE("a key file that others may read, or that holds no key, is refused by name") {
    const no_credentials none;
    const folder state;
    state.write("seal.key", std::string(32, 'k'), 0644);
    const auto open = sealer::open(state.path);
    REQUIRE_FALSE(open.ok());
    CHECK(open.error().detail.find("seal.key") != std::string::npos);
    CHECK(open.error().detail.find("chmod") != std::string::npos);
    state.write("seal.key", "too short");
    CHECK(sealer::open(state.path).error().detail.find("must hold 32 bytes") != std::string::npos);
    CHECK(read(state.path / "seal.key") == "too short");
    CHECK(sealer::open(state.path / "missing").error().kind != error_kind::not_found);
}

TEST_CASE("a systemd credential comes before the file, as bytes or hexadecimal digits") {
    const no_credentials none;
    const folder state, credentials;
    std::string digits;
    for (int i = 0; i < 32; ++i)
        digits += "6b";
    credentials.write("gatepost-seal-key", digits + "\n", 0644);
    ::setenv("CREDENTIALS_DIRECTORY", credentials.path.c_str(), 1);
    const auto opened = sealer::open(state.path);
    REQUIRE(opened.ok());
    CHECK(opened->unseal(*with('k').seal(secret("x"), "a"), "a")->reveal() == "x");
    CHECK_FALSE(config_test::fs::exists(state.path / "seal.key"));
    credentials.write("gatepost-seal-key", "wrong");
    CHECK_FALSE(sealer::open(state.path).ok());
    config_test::fs::remove(credentials.path / "gatepost-seal-key");
    CHECK(sealer::open(state.path).ok());
    CHECK(config_test::fs::exists(state.path / "seal.key"));
}
