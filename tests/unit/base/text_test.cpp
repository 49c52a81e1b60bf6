// UTF-8 at all its borders, and text that strangers send made safe.
#include <array>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "support/catch.hpp"

using namespace gatepost;

namespace {

// As RFC 3629 writes it, without asking whether it may.
std::string encoded(uint32_t point, int length) {
    std::string out;
    static constexpr std::array<uint32_t, 5> leads = {0, 0, 0xC0, 0xE0, 0xF0};
    for (int i = length - 1; i >= 0; --i) {
        const uint32_t bits = point >> (6 * i);
        const bool lead = i == length - 1;
        if (length == 1)
            out += static_cast<char>(bits);
        else
            out += static_cast<char>(lead ? leads[static_cast<size_t>(length)] | bits
                                          : 0x80U | (bits & 0x3FU));
    }
    return out;
}

int right_length(uint32_t point) {
    if (point < 0x80) return 1;
    if (point < 0x800) return 2;
    return point < 0x10000 ? 3 : 4;
}

}  // namespace

TEST_CASE("every code point in its right length is UTF-8, and in every other is not") {
    for (uint32_t point = 0; point <= 0x10FFFF; ++point) {
        const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        const int right = right_length(point);
        if (text::is_utf8(encoded(point, right)) == surrogate) FAIL("U+" << std::hex << point);
        for (int length = right + 1; length <= 4; ++length)
            if (text::is_utf8(encoded(point, length))) FAIL("overlong U+" << std::hex << point);
    }
    CHECK_FALSE(text::is_utf8(encoded(0x110000, 4)));
    CHECK_FALSE(text::is_utf8(encoded(0x1FFFFF, 4)));
}

TEST_CASE("sequences that are cut, or go on, or begin in the middle, are not UTF-8") {
    for (const uint32_t point : {0x80U, 0x7FFU, 0x800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
        const std::string whole = encoded(point, right_length(point));
        CHECK(text::is_utf8("a" + whole + "b"));
        CHECK_FALSE(text::is_utf8(whole + "\x80"));
        for (size_t cut = 1; cut < whole.size(); ++cut) {
            CHECK_FALSE(text::is_utf8(whole.substr(0, cut)));
            CHECK_FALSE(text::is_utf8(whole.substr(0, cut) + "a"));
            CHECK_FALSE(text::is_utf8(whole.substr(cut)));
        }
    }
    for (int byte = 0x80; byte <= 0xFF; ++byte)
        CHECK_FALSE(text::is_utf8(std::string(1, static_cast<char>(byte))));
    CHECK_FALSE(text::is_utf8("\xF8\x88\x80\x80\x80"));
    CHECK(text::is_utf8(""));
    CHECK(text::is_utf8(std::string(1, '\0')));
}

TEST_CASE("whatever could end or hide a header line is a control") {
    for (const std::string& bad :
         {std::string("\r"), std::string("\n"), std::string(1, '\0'), std::string("\t"),
          std::string("\x1B"), std::string("\x7F"), std::string("\xC2\x80"),
          std::string("\xC2\x85"), std::string("\xC2\x9F"), std::string("\xE2\x80\xA8"),
          std::string("\xE2\x80\xA9")}) {
        CHECK(text::has_control(bad));
        CHECK(text::has_control("before" + bad + "after"));
        CHECK(text::has_control("\xFF" + bad));  // behind bytes that are no UTF-8
    }
    CHECK_FALSE(text::has_control("plain, \xC3\xA9, \xC2\xA0, \xE2\x80\xAA, \xF0\x9F\x98\x80"));
    CHECK_FALSE(text::has_control(""));
}

TEST_CASE("a cut never falls inside a sequence") {
    const std::string mixed = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
    for (size_t bytes = 0; bytes <= mixed.size() + 1; ++bytes) {
        const auto cut = text::truncate_utf8(mixed, bytes);
        CHECK(cut.size() <= bytes);
        CHECK(text::is_utf8(cut));
        CHECK(mixed.starts_with(cut));
        CHECK(cut.size() + 4 > std::min(bytes, mixed.size()));
    }
    CHECK(text::truncate_utf8("\x80\x80\x80", 2).empty());
}

TEST_CASE("a provider's words become one harmless line of a known size") {
    CHECK(text::sanitize("550 no\r\n250 ok", 100) == "550 no  250 ok");
    CHECK(text::sanitize("a\xFF\xC3", 100) == "a\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(text::sanitize("a\xE2\x80\xA8z", 100) == "a z");
    CHECK(text::sanitize(std::string("a\0z", 3), 100) == "a z");
    CHECK(text::sanitize("abcdef", 3) == "abc");
    CHECK(text::sanitize("ab\xC3\xA9", 3) == "ab");
    CHECK(text::sanitize("\xFF\xFF", 4) == "\xEF\xBF\xBD");
    CHECK(text::sanitize("anything", 0).empty());
    // Controls of three bytes shrink to one: nothing behind them may be lost for that.
    std::string shrinking;
    for (int i = 0; i < 10; ++i)
        shrinking += "\xE2\x80\xA8";
    CHECK(text::sanitize(shrinking + "end", 13) == "          end");
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all += static_cast<char>(byte);
    for (size_t most = 0; most < 600; ++most) {
        const std::string safe = text::sanitize(all + all, most);
        REQUIRE(safe.size() <= most);
        REQUIRE(text::is_utf8(safe));
        REQUIRE_FALSE(text::has_control(safe));
    }
    CHECK(text::sanitize(std::string(64 << 20, '\n'), 10) == std::string(10, ' '));
}

TEST_CASE("escaped text is one line that says what was there") {
    CHECK(text::escape_for_log("a\nb\r\"c\\") == "a\\nb\\r\\\"c\\\\");
    CHECK(text::escape_for_log(std::string("\0\x1B", 2)) == "\\x00\\x1b");
    CHECK(text::escape_for_log("\xC2\x85\xE2\x80\xA8") == "\\xc2\\x85\\xe2\\x80\\xa8");
    CHECK(text::escape_for_log("\xC3\xA9\xFF") == "\xC3\xA9\\xff");
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all += static_cast<char>(byte);
    CHECK(text::is_utf8(text::escape_for_log(all)));
    CHECK_FALSE(text::has_control(text::escape_for_log(all)));
}

TEST_CASE("small helpers keep to ASCII") {
    CHECK(text::trim(" \t\r\n a b \n") == "a b");
    CHECK(text::trim(" \t").empty());
    CHECK(text::to_lower("AZaz@[`{\xC3\x84") == "azaz@[`{\xC3\x84");
    CHECK(text::equal_ignoring_case("Bcc", "bCC"));
    CHECK_FALSE(text::equal_ignoring_case("Bcc", "Bcc "));
    CHECK_FALSE(text::equal_ignoring_case("[", "{"));
    CHECK(text::is_ascii("\x7F"));
    CHECK_FALSE(text::is_ascii("\x80"));
    CHECK(text::to_hex(std::string("\0\x0F\xF0\xFF", 4)) == "000ff0ff");
}

TEST_CASE("numbers are digits and nothing else, up to the last one that fits") {
    CHECK(text::parse_unsigned("0") == 0U);
    CHECK(text::parse_unsigned("007") == 7U);
    CHECK(text::parse_unsigned("18446744073709551615") == UINT64_MAX);
    for (const char* bad : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616",
                            "99999999999999999999", "000000000000000000001"})
        CHECK_FALSE(text::parse_unsigned(bad));
}

TEST_CASE("percent signs are read and written as RFC 3986 says") {
    CHECK(text::percent_decode("%41%2fb%2F+") == "A/b/+");
    CHECK(text::percent_decode("%00") == std::string(1, '\0'));
    CHECK(text::percent_decode("") == "");
    for (const char* bad : {"%", "a%", "%4", "%g1", "%4g", "%%41", "% 41", "%-1"})
        CHECK_FALSE(text::percent_decode(bad));
    CHECK(text::percent_encode("aZ09-._~ /\xC3\xA9") == "aZ09-._~%20%2F%C3%A9");
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all += static_cast<char>(byte);
    CHECK(text::percent_decode(text::percent_encode(all)) == all);
}

TEST_CASE("a slip of the pen finds the word that was meant, and nonsense finds none") {
    const std::vector<std::string> keys = {"host", "port", "security", "username", "password"};
    CHECK(text::nearest("hots", {}) == std::nullopt);
    CHECK(text::nearest("hst", keys) == "host");
    CHECK(text::nearest("userename", keys) == "username");
    CHECK(text::nearest("pasword", keys) == "password");
    CHECK(text::nearest("port", keys) == "port");
    CHECK(text::nearest("frobnicate", keys) == std::nullopt);
    CHECK(text::nearest("xyz", keys) == std::nullopt);
    CHECK(text::nearest(std::string(1 << 20, 'q'), keys) == std::nullopt);
    CHECK(text::nearest("", keys) == std::nullopt);
}

TEST_CASE("a name in another spelling, or with two letters swapped, is understood") {
    const std::vector<std::string> keys = {"from",     "to",       "send_at",
                                           "reply_to", "security", "auth_method"};
    CHECK(text::nearest("form", keys) == "from");
    CHECK(text::nearest("sendAt", keys) == "send_at");
    CHECK(text::nearest("ReplyTo", keys) == "reply_to");
    CHECK(text::nearest("REPLY-TO", keys) == "reply_to");
    CHECK(text::nearest("secure", keys) == "security");
    CHECK(text::nearest("authMethod", keys) == "auth_method");
    CHECK(text::nearest("user", keys) == std::nullopt);
    CHECK(text::nearest("___", keys) == std::nullopt);
}

TEST_CASE("a name becomes part of a JSON pointer") {
    CHECK(text::below_pointer("/a", "b/c~d") == "/a/b~1c~0d");
    CHECK(text::below_pointer("", "") == "/");
}
