// One event is one line, whoever wrote the words in it.
#include <algorithm>
#include <string>

#include "base/log.hpp"
#include "support/catch.hpp"
#include "support/heard.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

auto lines(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
}

bool has(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("an event is written with its sentence and fields") {
    const std::string text = heard([] {
        log::warn("plugin.refused", "the plugin was not loaded",
                  {{"file", "/x/y.so"}, {"reason", "no such symbol"}, {"count", 3}, {"none", ""}});
    });
    CHECK(lines(text) == 1);
    CHECK(has(text, "warn"));
    CHECK(has(text,
              "plugin.refused: the plugin was not loaded file=/x/y.so "
              "reason=\"no such symbol\" count=3 none=\"\"\n"));
}

TEST_CASE("nothing that a stranger wrote begins a line, a field or a colour") {
    const std::string evil =
        "x\n2026-01-01T00:00:00 error spool.sick: forged\r\x1B[31m\xC2\x85"
        "\xE2\x80\xA8\" y=\"z";
    const std::string text =
        heard([&] { log::error("api.refused", evil, {{"from", evil}, {evil, "value"}}); });
    CHECK(lines(text) == 1);
    CHECK_FALSE(has(text, "\r"));
    CHECK_FALSE(has(text, "\x1B"));
    CHECK_FALSE(has(text, "\xC2\x85"));
    CHECK_FALSE(has(text, "\xE2\x80\xA8"));
    CHECK(has(text, "from=\"x\\n2026-01-01T00:00:00 error"));
    CHECK(has(text, "\\\" y=\\\"z\""));
}

TEST_CASE("braces in a text are text") {
    CHECK(has(heard([] { log::info("a.b", "{} {0} %s", {{"k", "{}"}}); }), "a.b: {} {0} %s k={}"));
}

TEST_CASE("what is below the level is not written") {
    const auto all = [] {
        log::debug("d", "d");
        log::info("i", "i");
        log::warn("w", "w");
        log::error("e", "e");
    };
    CHECK(lines(heard(all)) == 3);
    CHECK(log::set_level("error"));
    CHECK(lines(heard(all)) == 1);
    CHECK(log::set_level("off"));
    CHECK(heard(all).empty());
    CHECK(log::set_level("debug"));
    CHECK(lines(heard(all)) == 4);
    CHECK_FALSE(log::set_level("loud"));
    CHECK_FALSE(log::set_level(""));
    CHECK(lines(heard(all)) == 4);
    log::set_level(log::level::info);
}
