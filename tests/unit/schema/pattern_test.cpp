// Patterns: what matches, what is refused when it is read, and that no pattern takes more than
// linear time.
#include "schema/pattern.hpp"

#include <ctime>
#include <random>
#include <regex>

#include "base/limits.hpp"
#include "support/catch.hpp"

using gatepost::schema::pattern;

namespace {

bool matches(const std::string& expression, const std::string& text) {
    const auto parsed = pattern::parse(expression);
    INFO(expression);
    REQUIRE(parsed.ok());
    return parsed->matches(text);
}

std::string refusal(const std::string& expression) {
    const auto parsed = pattern::parse(expression);
    return parsed ? "" : parsed.error().detail;
}

}  // namespace

TEST_CASE("a pattern may match anywhere unless it is anchored") {
    CHECK(matches("b", "abc"));
    CHECK_FALSE(matches("^b", "abc"));
    CHECK_FALSE(matches("b$", "abc"));
    CHECK(matches("^abc$", "abc"));
    CHECK(matches("^/", "/var/mail"));
    CHECK_FALSE(matches("^/", "var/mail"));
    CHECK(matches("", ""));
    CHECK(matches("", "x"));
    CHECK(matches("^$", ""));
    CHECK_FALSE(matches("^$", "x"));
    CHECK(matches("^a|b$", "xb"));
    CHECK_FALSE(matches("^(a|b)$", "xb"));
}

TEST_CASE("classes, groups and repeats mean what ECMA-262 says") {
    CHECK(matches("^[a-z0-9][a-z0-9_-]{0,62}$", "relay-1"));
    CHECK_FALSE(matches("^[a-z0-9][a-z0-9_-]{0,62}$", "Relay"));
    CHECK_FALSE(matches("^[a-z]{2,3}$", "a"));
    CHECK(matches("^[a-z]{2,3}$", "abc"));
    CHECK_FALSE(matches("^[a-z]{2,3}$", "abcd"));
    CHECK(matches("^a{2,}$", "aaaa"));
    CHECK_FALSE(matches("^a{2}$", "aaa"));
    CHECK(matches("^(ab|c)+d?$", "abcab"));
    CHECK(matches("^(?:x*)*$", ""));
    CHECK(matches("^(|a)+$", "aa"));
    CHECK(matches("^[^/]+$", "abc"));
    CHECK_FALSE(matches("^[^/]+$", "a/c"));
    CHECK(matches("^\\d{3}\\.\\w+\\s\\S$", "123.ab_9 x"));
    CHECK_FALSE(matches("^\\D$", "1"));
    CHECK(matches("^[\\d\\-x]+$", "1-x"));
    CHECK(matches("^.$", "\xe2\x82\xac"));
    CHECK_FALSE(matches("^.$", "\n"));
    CHECK(matches("^[\\u20ac\xc3\xa0-\xc3\xb6]+$", "\xe2\x82\xac\xc3\xa9"));
    CHECK(matches("^\\x41\\t$", "A\t"));
    CHECK(matches("^a+?b*?$", "aab"));
    CHECK(matches("^[-a]$", "-"));
    CHECK(matches("^[a-]$", "-"));
}

TEST_CASE("what needs memory, and what is not well formed, is refused by name") {
    for (const char* bad :
         {"(a)\\1", "(?=a)",   "(?!a)",   "(?<=a)", "(?<n>a)", "\\bword",     "\\p{L}",
          "(",      ")",       "a)",      "(a",     "[a",      "*",           "+a",
          "a**",    "a{2}{3}", "a{3,2}",  "a{",     "a}",      "]",           "\\",
          "\\q",    "[z-a]",   "[\\d-x]", "^*",     "\\u12",   "\\x\x10\x10", "a{99999999999}"}) {
        INFO(bad);
        CHECK(refusal(bad) != "");
    }
    CHECK(refusal("(a)\\1") ==
          "the pattern holds a back-reference, which is not offered, at byte 5");
    CHECK(refusal("(?=a)") ==
          "the pattern holds look-around or a named group, which are not offered, at byte 2");
}

TEST_CASE("size and nesting of a pattern are capped") {
    CHECK(refusal(std::string(gatepost::limits::pattern_bytes + 1, 'a')) ==
          "the pattern is longer than 512 bytes");
    CHECK(refusal("(a{1000}){1000}") == "the pattern needs more than 1000 states");
    CHECK(refusal("(((((a{9}){9}){9}){9}){9}){9}") == "the pattern needs more than 1000 states");
    CHECK(refusal("((((((){1000}){1000}){1000}){1000}){1000}){1000}") == "");
    std::string deep;
    for (int i = 0; i < 200; ++i)
        deep += '(';
    CHECK(refusal(deep) == "the pattern holds groups nested too deep at byte 9");
}

TEST_CASE("patterns that blow up elsewhere are fast here") {
    const std::clock_t start = std::clock();  // of this process: the machine may be busy
    const std::string text(20'000, 'a');
    for (const char* hostile : {"^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(.*)*x$", "(a*)*b"})
        matches(hostile, text + "!");
    CHECK((std::clock() - start) / CLOCKS_PER_SEC < 10);
}

TEST_CASE("on random short patterns we agree with std::regex") {
    std::mt19937 random(7);
    const auto below = [&](size_t end) {
        return std::uniform_int_distribution<size_t>(0, end - 1)(random);
    };
    static const std::vector<std::string> atoms = {"a",     "b",    "[ab]", "[^a]", ".",
                                                   "(a|b)", "(ab)", "(a|)", "\\d"};
    static const std::vector<std::string> repeats = {"", "", "", "*", "+", "?", "{2}", "{1,2}"};
    size_t hits = 0;
    for (int i = 0; i < 3000; ++i) {
        std::string expression = below(2) == 0 ? "^" : "";
        for (size_t n = 1 + below(4); n > 0; --n)
            expression += atoms[below(atoms.size())] + repeats[below(repeats.size())];
        if (below(2) == 0) expression += "$";
        std::string text;
        for (size_t n = below(6); n > 0; --n)
            text += "ab1"[below(3)];
        INFO(expression << " on " << text);
        const bool expected = std::regex_search(text, std::regex(expression));
        hits += expected ? 1 : 0;
        REQUIRE(matches(expression, text) == expected);
    }
    CHECK(hits > 500);
}
