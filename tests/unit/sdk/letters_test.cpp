#include <gatepost/letters.hpp>

#include "support/catch.hpp"

using namespace gatepost::sdk;

TEST_CASE("Letters are compared with their case aside, and only those of ASCII") {
    CHECK(lower("Content-TYPE É") == "content-type É");
    CHECK(same_letters("X-Id", "x-iD"));
    CHECK_FALSE(same_letters("X-Id", "X-Id "));
    CHECK_FALSE(same_letters("\xc3\x89", "\xc3\xa9"));
    CHECK(find_letters("Please try AGAIN after 3", "again after") == 11);
    CHECK(find_letters("again", "against") == std::string_view::npos);
    CHECK(has_letters("", ""));
    CHECK_FALSE(has_letters("", "a"));
}

TEST_CASE("Text is cut between letters, never within one") {
    CHECK(cut_text("abc", 3) == "abc");
    CHECK(cut_text("abc", 2) == "ab");
    CHECK(cut_text("a\xe2\x82\xac!", 4) == "a\xe2\x82\xac");
    CHECK(cut_text("a\xe2\x82\xac!", 3) == "a");
    CHECK(cut_text("\xe2\x82\xac", 1).empty());
}

TEST_CASE("A plain word can stand in a header") {
    CHECK(is_plain_word("SG.abc-_~"));
    for (const char* wrong : {"", "two words", "line\n", "\xc3\xa9", "\x7f"})
        CHECK_FALSE(is_plain_word(wrong));
}
