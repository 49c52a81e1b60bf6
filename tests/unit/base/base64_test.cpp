// base64: whatever way the text arrives in pieces, the same bytes come out, or the same refusal.
#include <random>
#include <string>

#include "base/text.hpp"
#include "support/catch.hpp"

using namespace gatepost;

namespace {

// In pieces of that many characters; nothing if refused.
std::optional<std::string> in_pieces(std::string_view text, size_t size) {
    text::base64_decoder decoder;
    std::string out;
    for (size_t at = 0; at < text.size(); at += size)
        if (!decoder.feed(text.substr(at, size), out)) return std::nullopt;
    if (!decoder.finish(out)) return std::nullopt;
    return out;
}

}  // namespace

TEST_CASE("the vectors of RFC 4648") {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) {
        CHECK(text::base64_encode(plain) == encoded);
        CHECK(text::base64_decode(encoded) == plain);
    }
}

TEST_CASE("bytes of every kind and length survive, in pieces of every size") {
    std::mt19937 random(3);
    for (size_t size = 0; size < 80; ++size) {
        std::string bytes(size, '\0');
        for (char& each : bytes)
            each = static_cast<char>(random());
        const std::string encoded = text::base64_encode(bytes);
        for (size_t piece = 1; piece <= 7; ++piece)
            REQUIRE(in_pieces(encoded, piece) == bytes);
    }
}

TEST_CASE("line breaks and missing padding are understood") {
    CHECK(text::base64_decode("Zm9v\r\nYmFy\r\n") == "foobar");
    CHECK(text::base64_decode(" Z m\t9 v ") == "foo");
    CHECK(text::base64_decode("Zg") == "f");
    CHECK(text::base64_decode("Zm8") == "fo");
    CHECK(text::base64_decode("Zg=\r\n=\r\n") == "f");
    CHECK(text::base64_decode(" \r\n") == "");
}

TEST_CASE("what is not base64 is refused, whole and in pieces alike") {
    for (const std::string_view bad : {"Z",     "Zm9vY", "Zg=",      "Zm8==",      "=",
                                       "==",    "====",  "Z===",     "Zg==Zg==",   "Zg==Z",
                                       "Zm=8",  "Zm9v=", "Zm9v====", "Zm9v-",      "Zm9v_",
                                       "Zm9v.", "Zh==",  "Zm9=",     "Zm\xC3\xA9", "Zm9v\x0B"}) {
        CAPTURE(std::string(bad));
        CHECK_FALSE(text::base64_decode(bad));
        for (size_t piece = 1; piece <= 5; ++piece)
            CHECK_FALSE(in_pieces(bad, piece));
    }
    CHECK_FALSE(text::base64_decode(std::string_view("Zm9v\0", 5)));
}

TEST_CASE("random text gives the same answer whole and in pieces") {
    std::mt19937 random(5);
    const std::string letters = "ABCDwxyz0189+/==\r\n -";
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (size_t left = random() % 12; left > 0; --left)
            text += letters[random() % letters.size()];
        const auto whole = text::base64_decode(text);
        for (size_t piece = 1; piece <= 3; ++piece)
            REQUIRE(in_pieces(text, piece) == whole);
    }
}
