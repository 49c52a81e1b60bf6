// The fake host lets a plugin connect where the daemon would, and nowhere else.
#include "check/destinations.hpp"

#include <nlohmann/json.hpp>

#include "plugin/settings_view.hpp"
#include "schema/schema.hpp"
#include "services/destinations.hpp"
#include "support/catch.hpp"

namespace {

using gatepost::destination;

const char* const settings = R"({
  "host": "mail.example.org", "local": "localhost:2526", "endpoint": "http://127.0.0.1:8080/v1",
  "proxy": "socks5://user:p%40ss@proxy.example.org:1080/", "socket": "unix:/run/lmtp",
  "v6": "[2001:db8::1]:2525", "bare": "fd00::1", "key": "endpoint=https://a.example.org/;key=x",
  "number": 7, "empty": ""})";

const std::vector<std::string> named = {"api.example.com:443",
                                        "Any.Example.COM.",
                                        "/host",
                                        "/local",
                                        "/endpoint",
                                        "/proxy",
                                        "/socket",
                                        "/v6",
                                        "/bare",
                                        "/key",
                                        "/number",
                                        "/empty",
                                        "/missing",
                                        "10.1.2.3:25",
                                        "169.254.169.254:80",
                                        "169.254.170.2",
                                        "[::1]:587",
                                        "192.0.2.1",
                                        "2001:db8::5"};

struct question {
    std::string host;
    uint32_t port;
};
const std::vector<question> asked = {{"api.example.com", 443},  {"API.example.com.", 443},
                                     {"api.example.com", 444},  {"any.example.com", 1},
                                     {"mail.example.org", 25},  {"localhost", 2526},
                                     {"localhost", 2525},       {"127.0.0.1", 8080},
                                     {"127.0.0.1", 80},         {"proxy.example.org", 1080},
                                     {"unix:/run/lmtp", 0},     {"unix:/run/other", 0},
                                     {"2001:DB8:0::1", 2525},   {"2001:db8::1", 2526},
                                     {"fd00:0::1", 9},          {"a.example.org", 443},
                                     {"10.1.2.3", 25},          {"169.254.169.254", 80},
                                     {"169.254.170.2", 80},     {"::1", 587},
                                     {"192.0.2.1", 25},         {"[2001:db8::5]", 25},
                                     {"evil.example.net", 443}, {"", 443}};

gatepost::plugin::manifest facts() {
    gatepost::plugin::manifest made;
    made.name = "Test";
    made.destinations = named;
    made.settings_rules =
        *gatepost::schema::schema::parse(R"({"type": "object", "additionalProperties": true})");
    return made;
}

// The daemon's answer for a literal; a name is looked up there, which is not this test's business.
bool daemon_allows(const std::vector<gatepost::destination>& of, const question& what) {
    using namespace gatepost::services;
    const gatepost::permission given = gatepost::may_connect(of, what.host, what.port);
    if (!given.allowed) return false;
    std::vector<socket_address> literal;
    if (const auto one = socket_address::parse(what.host, static_cast<uint16_t>(what.port)))
        literal.push_back(*one);
    return hold_against(given, what.host, literal).empty();
}

}  // namespace

TEST_CASE("The fake host forbids exactly the hosts that the daemon forbids") {
    const auto read = gatepost::plugin::settings_view::make(facts(), settings, "c");
    REQUIRE(read);
    const auto real = read->destinations(facts());
    const nlohmann::json manifest = {{"destinations", named}};
    const auto fake = gatepost::check::destinations_of(manifest.dump(), settings);
    REQUIRE(fake.size() == real.size());
    for (size_t i = 0; i < fake.size(); ++i) {
        INFO(real[i].host);
        CHECK(fake[i].host == real[i].host);
        CHECK(fake[i].port == real[i].port);
        CHECK(fake[i].owner == real[i].owner);
    }
    size_t allowed = 0;
    for (const question& one : asked) {
        INFO(one.host << " " << one.port);
        const bool may = gatepost::check::objection_to(fake, one.host, one.port).empty();
        CHECK(may == daemon_allows(real, one));
        allowed += may ? 1 : 0;
    }
    CHECK(allowed > 10);
    CHECK(allowed < asked.size() - 5);
}

TEST_CASE("A host that nobody declared is refused with what to do") {
    const auto why = gatepost::check::objection_to({}, "api.example.com", 443);
    CHECK(why.starts_with("api.example.com:443 is not among"));
    CHECK(why.ends_with("add it to \"destinations\" of manifest.json"));
    const std::vector<destination> mine = {{"localhost", 0, false}};
    CHECK(gatepost::check::objection_to(mine, "localhost", 2525).find("pointer of a setting") !=
          std::string::npos);
}
