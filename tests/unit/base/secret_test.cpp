// A secret leaves no copy behind where it has left.
#include <cstring>
#include <string>
#include <utility>

#include "base/secret.hpp"
#include "support/catch.hpp"

using namespace gatepost;

namespace {

// Short enough to stand in the object itself, where it can be looked for.
const char* const short_one = "hunter2-hunter2";

bool holds(const secret& where, std::string_view what) {
    const char* const bytes = reinterpret_cast<const char*>(&where);
    return std::string_view(bytes, sizeof where).find(what) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a secret that was moved from holds nothing, not even in its bytes") {
    secret from{std::string(short_one)};
    REQUIRE(holds(from, "unter2"));
    const secret to = std::move(from);
    CHECK(to.reveal() == short_one);
    CHECK(from.empty());
    CHECK_FALSE(holds(from, "unter2"));
}

TEST_CASE("move assignment wipes both the old value and the source") {
    secret target{std::string(short_one)}, source{std::string("other")};
    target = std::move(source);
    CHECK(target.reveal() == "other");
    CHECK_FALSE(holds(target, "unter2"));
    CHECK(source.empty());
    CHECK_FALSE(holds(source, "unter2"));
    CHECK_FALSE(holds(source, "ther"));
    secret& same = target;
    target = std::move(same);
    CHECK(target.reveal() == "other");
}

TEST_CASE("copy assignment leaves nothing of a longer value behind a shorter one") {
    secret target{std::string(short_one)};
    const secret source{std::string("x")};
    target = source;
    CHECK(target.reveal() == "x");
    CHECK(source.reveal() == "x");
    CHECK_FALSE(holds(target, "unter2"));
    const secret& same = target;
    target = same;
    CHECK(target.reveal() == "x");
}

TEST_CASE("a secret wipes its memory at the end") {
    alignas(secret) unsigned char memory[sizeof(secret)];
    auto* const held = new (memory) secret(std::string(short_one));
    REQUIRE(std::string_view(reinterpret_cast<char*>(memory), sizeof memory).find("unter2") !=
            std::string_view::npos);
    held->~secret();
    CHECK(std::string_view(reinterpret_cast<char*>(memory), sizeof memory).find("unter2") ==
          std::string_view::npos);
}

TEST_CASE("secrets compare by value") {
    CHECK(secret("a") == secret("a"));
    CHECK_FALSE(secret("a") == secret("b"));
    CHECK_FALSE(secret("a") == secret("ab"));
    CHECK(secret() == secret(""));
    CHECK(secret(std::string("a\0b", 3)).reveal().size() == 3);
    CHECK(secret().empty());
}
