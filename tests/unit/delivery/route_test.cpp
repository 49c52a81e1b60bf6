#include "delivery/route.hpp"

#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::delivery;

namespace {

config::settings with(std::initializer_list<std::pair<const char*, bool>> connections) {
    config::settings made;
    made.folder = "/etc/gatepost";
    for (const auto& [name, active] : connections) {
        config::connection each;
        each.name = name;
        each.active = active;
        made.connections[name] = each;
    }
    return made;
}

bool says(const result<const config::connection*>& answer, std::string_view words) {
    return !answer && answer.error().kind == error_kind::no_connection &&
           answer.error().detail.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("the only active connection carries what names none") {
    const auto config = with({{"primary", true}, {"old", false}});
    const auto chosen = route("", config);
    REQUIRE(chosen);
    CHECK((*chosen)->name == "primary");
}

TEST_CASE("`default` decides between several, and a message's own word above it") {
    auto config = with({{"primary", true}, {"backup", true}});
    CHECK(says(route("", config), "several connections are active"));
    config.default_connection = "backup";
    CHECK((*route("", config))->name == "backup");
    CHECK((*route("primary", config))->name == "primary");
}

TEST_CASE("a refusal names what exists, and the nearest") {
    const auto config = with({{"primary", true}, {"old", false}});
    CHECK(says(route("primry", config), "did you mean \"primary\""));
    CHECK(says(route("primry", config), "old (not active)"));
    CHECK(says(route("old", config), "not active"));
    CHECK(says(route("", with({})), "/etc/gatepost/connections.d"));
    CHECK(says(route("", with({{"old", false}})), "no connection is active"));
}
