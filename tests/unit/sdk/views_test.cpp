// Messages, settings, segments and the table: what crosses the boundary, read and made.
#include <gatepost/provider.hpp>

#include "fake_host.hpp"
#include "support/catch.hpp"

namespace {

using namespace gatepost::sdk;

gatepost_string lit(const char* text) {
    return {text, std::strlen(text)};
}

class careful {
  public:
    static std::unique_ptr<careful> create(const settings& given, diagnostics& said) {
        if (given.text("path", "") == "throw") throw 42;
        if (given.text("path", "") == "null") return nullptr;
        if (given.text("path", "") == "error") said.error("/path", "wrong");
        if (given.text("path", "") == "missing") static_cast<void>(given.text("auth.user"));
        return std::make_unique<careful>();
    }
    task<outcome> send(context&, message) { co_return outcome::accepted(); }
    task<outcome> test(context&, message) { co_return outcome::passed("fine"); }
    task<outcome> lookup(context& with, message) {
        co_return outcome::accepted(std::string(with.state()));
    }
    static void check(const settings&, message mail, diagnostics& said) {
        if (mail.subject() == "throw") throw std::runtime_error("check failed");
        if (mail.subject().empty()) said.error("/subject", "is needed");
    }
};

const gatepost_plugin careful_table = detail::entry<careful>::table(
    R"({"settings": {"id": "no", "version": "no"}, "note": "id", "id": "careful", "version":"2"})");

}  // namespace

TEST_CASE("Arrays are stepped by the host's stride") {
    struct wider {
        gatepost_pair pair;
        uint64_t added_later;
    };
    const wider items[] = {{{lit("a"), lit("1")}, 9}, {{lit("b"), lit("2")}, 9}};
    std::string seen;
    for (const pair& one : list<pair>({items, 2, sizeof(wider)})) {
        seen += std::string(one.name) + std::string(one.value);
    }
    CHECK(seen == "a1b2");
    CHECK(list<pair>({items, 2, sizeof(gatepost_pair) - 8}).empty());
    CHECK(list<pair>({nullptr, 0, 0}).empty());
    const list<pair> none;
    CHECK(none.begin() == none.end());
}

TEST_CASE("What an older host did not fill reads as empty") {
    fake::mail mail({"a@example.net"});
    mail.view.tags = {&mail, 1000, 16};
    mail.view.size = offsetof(gatepost_message, tags);
    const gatepost_message full = copy_of(&mail.view);
    const message seen(&full);
    CHECK(seen.tags().empty());
    CHECK(seen.id() == "0abc");
    CHECK(message().subject().empty());
    CHECK_FALSE(message());
}

TEST_CASE("The carried recipients are found by their index") {
    fake::mail mail({"a@example.net", "b@example.net", "c@example.net"});
    const message seen(&mail.view);
    mail.carry_only({2, 0, 77});
    REQUIRE(seen.carried().size() == 2);
    CHECK(seen.carried()[0].address == "c@example.net");
    CHECK(seen.carried()[1].address == "a@example.net");
    mail.recipients[1].index = 9;  // an index that is no position
    mail.carry_only({9});
    REQUIRE(seen.carried().size() == 1);
    CHECK(seen.carried()[0].address == "b@example.net");
}

TEST_CASE("Settings are read by path and type") {
    const gatepost_setting rows[] = {
        {lit("host"), GATEPOST_STRING, 0, lit("example.com"), 0, 0},
        {lit("port"), GATEPOST_INTEGER, 0, {}, 587, 587},
        {lit("factor"), GATEPOST_NUMBER, 0, {}, 0, 1.5},
        {lit("verify"), GATEPOST_BOOLEAN, 0, {}, 1, 0},
        {lit("password"), GATEPOST_STRING, GATEPOST_SETTING_SECRET, lit("x"), 0, 0},
        {lit("tags.0"), GATEPOST_STRING, 0, lit("one"), 0, 0},
        {lit("tags.1"), GATEPOST_STRING, 0, lit("two"), 0, 0}};
    gatepost_settings abi{};
    abi.size = sizeof abi;
    abi.values = {rows, 7, sizeof(gatepost_setting)};
    const settings given(abi);
    CHECK(given.text("host") == "example.com");
    CHECK(given.integer("port") == 587);
    CHECK(given.number("port") == 587);
    CHECK(given.number("factor") == 1.5);
    CHECK(given.boolean("verify"));
    CHECK(given.find("password")->secret);
    CHECK(given.texts("tags") == std::vector<std::string_view>{"one", "two"});
    CHECK(given.integer("timeout", 30) == 30);
    CHECK_THROWS_AS(given.integer("host"), settings_error);
    CHECK_THROWS_AS(given.text("auth.user"), settings_error);
}

TEST_CASE("A provider that cannot be made says why, and nothing is left behind") {
    fake::host host;
    const auto said = [&host](const char* path) {
        host.diagnostics.clear();
        CHECK(host.create(&careful_table, {{"path", path}}) == nullptr);
        REQUIRE(host.diagnostics.size() == 1);
        return host.diagnostics[0];
    };
    CHECK(said("throw") == "3  the provider threw something that is no std::exception");
    CHECK(said("null") == "3  the provider could not be made, and did not say why");
    CHECK(said("error") == "3 /path wrong");
    CHECK(said("missing") == "3 /auth/user the setting auth.user is missing");
}

TEST_CASE("The table names id and version of the manifest's outermost object") {
    CHECK(fake::text(careful_table.id) == "careful");
    CHECK(fake::text(careful_table.version) == "2");
    CHECK(fake::text(careful_table.sdk) == "c++ 0.1.0");
    CHECK(detail::manifest_text(R"({"a":["id","x"],"b":"id:","id":"it\"s","x":1})", "id") ==
          "it\\\"s");
    CHECK(detail::manifest_text(R"({"id": 5, "version)", "version").empty());
    CHECK(detail::manifest_text("", "id").empty());
}

TEST_CASE("The check extension refuses by diagnostics and never by throwing") {
    fake::host host;
    const auto* check =
        static_cast<const gatepost_check*>(careful_table.extension(lit("gatepost.check/1")));
    REQUIRE(check != nullptr);
    CHECK(careful_table.extension(lit("gatepost.other/1")) == nullptr);
    gatepost_settings settings{};
    settings.size = sizeof settings;
    fake::mail mail({"a@example.net"});
    check->check(host.table(), &settings, &mail.view, 1);
    mail.view.subject = lit("throw");
    check->check(host.table(), &settings, &mail.view, 1);
    CHECK(host.diagnostics == std::vector<std::string>{"3 /subject is needed", "2  check failed"});
}

TEST_CASE("Lookup is supported where the provider has it") {
    fake::host host;
    void* instance = host.create(&careful_table);
    REQUIRE(instance != nullptr);
    host.start(&careful_table, instance, GATEPOST_LOOKUP, nullptr);
    REQUIRE(host.completions.size() == 1);
    CHECK(host.completions[0].kind == GATEPOST_OUTCOME_DONE);
    careful_table.destroy(instance);
}

TEST_CASE("A host table without the essentials makes no instance") {
    fake::host host;
    gatepost_host older = *host.table();
    older.size = offsetof(gatepost_host, complete);
    gatepost_settings settings{};
    settings.size = sizeof settings;
    void* made = nullptr;
    CHECK(careful_table.create(&older, &settings, 1, &made) == GATEPOST_UNSUPPORTED);
    CHECK(made == nullptr);
}

TEST_CASE("Segments own their bytes through moves and keep bodies in place") {
    segments list;
    list.add("a").add("").add("b").add_body(3).add("c");
    segments more;
    more.add("<").add(list).add(">");
    const segments moved = std::move(more);
    CHECK(fake::flat(moved.array()) == "<ab<body 3>c>");
    CHECK(moved.array().count == 3);
    CHECK(segments().array().count == 0);
}

TEST_CASE("A segment may be a window of a body") {
    segments inner, list;
    inner.add_window(3, 4, 5);
    list.add("a").add(inner).add_body(3).add("b");
    const gatepost_array array = list.array();
    REQUIRE(array.count == 4);
    const auto* items = static_cast<const gatepost_segment*>(array.items);
    CHECK(items[1].kind == GATEPOST_SEGMENT_WINDOW);
    CHECK(items[1].body == 3);
    CHECK(items[1].offset == 4);
    CHECK(items[1].length == 5);
    CHECK(items[2].kind == GATEPOST_SEGMENT_BODY);
    CHECK(items[3].bytes.size == 1);
}
