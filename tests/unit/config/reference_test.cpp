// config/gatepost.toml against the code, key by key: each key of the reference is understood, its
// default is the code's, and no key of the code is missing there.
#include <regex>
#include <set>
#include <sstream>

#include "config/files.hpp"
#include "config/units.hpp"
#include "support.hpp"

using namespace gatepost;

namespace {

const config_test::fs::path reference = config_test::fs::path(GATEPOST_SOURCE) / "config";

std::string read(const config_test::fs::path& file) {
    std::ifstream in(file);
    REQUIRE(in.good());
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
}

// The file with every commented key switched on.
std::string switched_on(const std::string& text) {
    std::istringstream lines(text);
    std::string out;
    static const std::regex key("#(\\[+[a-z_]+\\]+|[a-z_]+ = .*)");
    for (std::string line; std::getline(lines, line);) {
        std::smatch found;
        out += std::regex_match(line, found, key) ? found[1].str() : line;
        out += '\n';
    }
    return out;
}

std::set<std::string> keys_of(const std::string& text) {
    config::document parsed;
    config::toml_problem problem;
    INFO(problem.reason);
    REQUIRE(config::parse_toml(text, parsed, problem));
    std::set<std::string> out;
    for (const auto& [pointer, where] : parsed.places)
        out.insert(config::key_of(pointer));
    return out;
}

}  // namespace

TEST_CASE("the reference names every key of gatepost.toml and nothing else") {
    CHECK(keys_of(switched_on(read(reference / "gatepost.toml"))) ==
          std::set<std::string>{"default",
                                "default_domain",
                                "aliases",
                                "host_name",
                                "log_level",
                                "state",
                                "plugins",
                                "plugins[0]",
                                "listen",
                                "listen[0]",
                                "listen[0].path",
                                "listen[0].mode",
                                "listen[0].group",
                                "listen[0].role",
                                "limits",
                                "limits.message_size",
                                "retry",
                                "retry.first",
                                "retry.max",
                                "retry.lifetime",
                                "retry.unknown_delay"});
    // What the code knows is what it names when a key is unknown.
    const config_test::folder in;
    in.write("gatepost.toml",
             "zzzzzzzzzz = 1\n[limits]\nzzzzzzzzzz = 1\n[retry]\nzzzzzzzzzz = 1\n[[listen]]\npath "
             "= \"/a\"\nzzzzzzzzzz = 1\n");
    const auto loaded = config::load_daemon_part(in.path);
    REQUIRE_FALSE(loaded.ok());
    CHECK(config_test::told(loaded.error(), in.path) ==
          "DIR/gatepost.toml:1:1: zzzzzzzzzz: is not known; known are aliases, default, "
          "default_domain, host_name, limits, listen, log_level, plugins, retry and state\n"
          "DIR/gatepost.toml:3:1: limits.zzzzzzzzzz: is not known; known are message_size\n"
          "DIR/gatepost.toml:5:1: retry.zzzzzzzzzz: is not known; known are first, lifetime, max "
          "and unknown_delay\n"
          "DIR/gatepost.toml:8:1: listen[0].zzzzzzzzzz: is not known; known are group, mode, path "
          "and role\n");
}

TEST_CASE("the reference as it stands, and switched on, gives the code's defaults") {
    const config_test::folder in;
    for (const bool on : {false, true}) {
        const std::string text = read(reference / "gatepost.toml");
        in.write("gatepost.toml", on ? switched_on(text) : text);
        const auto loaded = config::load_daemon_part(in.path);
        INFO((loaded ? "" : config_test::told(loaded.error(), in.path)));
        REQUIRE(loaded.ok());
        const config::settings defaults = config::default_settings(in.path);
        CHECK(loaded->default_connection == defaults.default_connection);
        CHECK(loaded->host_name == defaults.host_name);
        CHECK(loaded->default_domain == defaults.default_domain);
        CHECK(loaded->aliases == defaults.aliases);
        CHECK(loaded->log_level == defaults.log_level);
        CHECK(loaded->message_bytes == defaults.message_bytes);
        CHECK(loaded->retry_first == defaults.retry_first);
        CHECK(loaded->retry_max == defaults.retry_max);
        CHECK(loaded->lifetime == defaults.lifetime);
        CHECK(loaded->unknown_delay == defaults.unknown_delay);
        CHECK(loaded->listen.size() == (on ? 1 : 0));
        if (!on) continue;
        CHECK(loaded->listen[0].mode == config::listener{}.mode);
        CHECK(loaded->listen[0].group == config::listener{}.group);
        CHECK(loaded->listen[0].rights == config::listener{}.rights);
    }
}

TEST_CASE("the example connections are understood") {
    const config_test::folder in;
    in.write("secrets/smtp-password", "x");
    for (const std::string name : {"outbox", "relay"}) {
        const std::string text = read(reference / "connections.d" / (name + ".toml.example"));
        in.write("connections.d/" + name + ".toml", text);
    }
    const auto loaded = config::load(in.path, config_test::lookup);
    INFO((loaded ? "" : config_test::told(loaded.error(), in.path)));
    REQUIRE(loaded.ok());
    CHECK(loaded->connections.size() == 2);
    const std::string relay = read(reference / "connections.d/relay.toml.example");
    for (const char* key :
         {"provider", "active", "organization", "from_email", "from_name", "sender", "trace",
          "on_unknown", "concurrency", "per_second", "per_minute", "per_hour", "per_day",
          "lookups_per_minute", "lookups_per_hour"})
        CHECK(relay.find(std::string(key) + " = ") != std::string::npos);
}

TEST_CASE("durations, sizes and modes are read and written") {
    using namespace std::chrono_literals;
    CHECK(config::parse_duration("500ms") == 500ms);
    CHECK(config::parse_duration("48h") == 48h);
    CHECK(config::parse_duration("7d") == 168h);
    for (const char* bad : {"", "5", "m", "5 m", "-5m", "5min", "1.5h", "1h30m",
                            "99999999999999999999s", "9223372036854775807d"})
        CHECK_FALSE(config::parse_duration(bad).has_value());
    CHECK(config::format_duration(90min) == "90m");
    CHECK(config::format_duration(0ms) == "0ms");
    CHECK(config::parse_size("50MiB") == 50u << 20);
    CHECK(config::parse_size("64kB") == 64'000u);
    for (const char* bad : {"", "50", "50M", "50 MiB", "-1B", "18446744073709551615GiB"})
        CHECK_FALSE(config::parse_size(bad).has_value());
    CHECK(config::format_size(50u << 20) == "50MiB");
    CHECK(config::format_size(1000) == "1kB");
    CHECK(config::parse_mode("0660") == 0660u);
    CHECK(config::parse_mode("777") == 0777u);
    for (const char* bad : {"", "66", "1777", "0888", "06600", "u+rw"})
        CHECK_FALSE(config::parse_mode(bad).has_value());
}
