// A configuration that is right: what comes out of it, where secrets may come from, and who may
// have which rights on the files.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "support.hpp"

using namespace gatepost;
using namespace std::chrono_literals;
using config_test::folder;
using config_test::lookup;

namespace {

std::string problems(const folder& in) {
    const auto loaded = config::load(in.path, lookup);
    return loaded ? "" : config_test::told(loaded.error(), in.path);
}

std::string password(const folder& in) {
    const auto loaded = config::load(in.path, lookup);
    INFO((loaded ? "" : config_test::told(loaded.error(), in.path)));
    REQUIRE(loaded.ok());
    const auto& relay = loaded->connections.at("relay");
    CHECK(relay.public_settings_json.find("hunter2") == std::string::npos);
    return nlohmann::json::parse(relay.settings_json.reveal()).at("password");
}

std::string relay(const std::string& reference) {
    return "provider = \"smtp\"\n[settings]\nhost = \"smtp.example.com\"\npassword = " + reference +
           "\n";
}

}  // namespace

TEST_CASE("a folder that is not there gives the defaults") {
    const folder in;
    const auto loaded = config::load(in.path / "missing", lookup);
    REQUIRE(loaded.ok());
    CHECK(loaded->listen.empty());
    CHECK_FALSE(loaded->state.has_value());
    CHECK(loaded->plugins.empty());
    CHECK(loaded->default_connection == "");
    CHECK(loaded->log_level == "info");
    CHECK(loaded->retry_first == limits::retry_first);
    CHECK(loaded->retry_max == limits::retry_max);
    CHECK(loaded->lifetime == limits::message_lifetime);
    CHECK(loaded->unknown_delay == limits::retry_unknown_first);
    CHECK(loaded->message_bytes == limits::message_bytes);
    CHECK(loaded->connections.empty());
}

TEST_CASE("every key of a whole configuration arrives") {
    const folder in;
    in.write("gatepost.toml", R"(
default = "relay"
host_name = "mail.example.com"
log_level = "debug"
state = "/var/lib/gatepost"
plugins = ["/usr/lib/gatepost/plugins", "/opt/plugins"]
[[listen]]
path = "/run/gatepost/send.sock"
group = "root"
[[listen]]
path = "/run/gatepost/admin.sock"
mode = "0600"
role = "admin"
[limits]
message_size = "10MiB"
[retry]
first = "1m"
max = "2h"
lifetime = "3d"
unknown_delay = "10m"
)");
    in.write("connections.d/relay.toml", R"(
provider = "smtp"
active = false
organization = "acme"
from_email = "noreply@example.com"
from_name = "Example"
on_unknown = "hold"
[limits]
concurrency = 4
per_second = 1
lookups_per_hour = 20
per_minute = 30
per_hour = 100
per_day = 1000
[settings]
host = "smtp.example.com"
password = "hunter2"
)");
    in.write("connections.d/outbox.toml", "provider = \"outbox\"\nsettings.path = \"/srv/mail\"\n");
    in.write("connections.d/ignored.toml.example", "not TOML at all");
    in.write("connections.d/.hidden.toml", "not TOML at all");
    const auto loaded = config::load(in.path, lookup);
    INFO((loaded ? "" : config_test::told(loaded.error(), in.path)));
    REQUIRE(loaded.ok());
    CHECK(loaded->default_connection == "relay");
    CHECK(loaded->host_name == "mail.example.com");
    CHECK(loaded->log_level == "debug");
    CHECK(loaded->state == "/var/lib/gatepost");
    REQUIRE(loaded->plugins.size() == 2);
    CHECK(loaded->plugins[1] == "/opt/plugins");
    REQUIRE(loaded->listen.size() == 2);
    CHECK(loaded->listen[0].path == "/run/gatepost/send.sock");
    CHECK(loaded->listen[0].mode == 0660);
    CHECK(loaded->listen[0].group == "root");
    CHECK(loaded->listen[0].rights == config::role::send);
    CHECK(loaded->listen[1].mode == 0600);
    CHECK(loaded->listen[1].rights == config::role::admin);
    CHECK(loaded->message_bytes == 10u << 20);
    CHECK(loaded->retry_first == 1min);
    CHECK(loaded->retry_max == 2h);
    CHECK(loaded->lifetime == 72h);
    CHECK(loaded->unknown_delay == 10min);

    REQUIRE(loaded->connections.size() == 2);
    const config::connection& relay = loaded->connections.at("relay");
    CHECK(relay.name == "relay");
    CHECK(relay.file == in.path / "connections.d/relay.toml");
    CHECK(relay.provider == "smtp");
    CHECK_FALSE(relay.active);
    CHECK(relay.organization == "acme");
    CHECK(relay.from_email == "noreply@example.com");
    CHECK(relay.from_name == "Example");
    CHECK(relay.on_unknown == "hold");
    CHECK(relay.limits.concurrency == 4u);
    CHECK(relay.limits.per_second == 1u);
    CHECK(relay.limits.lookups_per_hour == 20u);
    CHECK(relay.limits.per_minute == 30u);
    CHECK(relay.limits.per_hour == 100u);
    CHECK(relay.limits.per_day == 1000u);
    CHECK(
        relay.settings_json.reveal() ==
        R"({"auth_method":"auto","host":"smtp.example.com","password":"hunter2","port":587,"security":"starttls"})");
    CHECK(
        relay.public_settings_json ==
        R"({"auth_method":"auto","host":"smtp.example.com","password":{"set":true},"port":587,"security":"starttls"})");
    const config::connection& outbox = loaded->connections.at("outbox");
    CHECK(outbox.active);
    CHECK(outbox.on_unknown == "retry");
    CHECK_FALSE(outbox.limits.concurrency.has_value());
    CHECK(outbox.settings_json.reveal() == R"({"path":"/srv/mail"})");
}

TEST_CASE("the daemon's part is read without looking at connections") {
    const folder in;
    in.write("gatepost.toml", "default = \"later\"\nstate = \"/srv/state\"\n");
    in.write("connections.d/broken.toml", "broken");
    const auto loaded = config::load_daemon_part(in.path);
    REQUIRE(loaded.ok());
    CHECK(loaded->state == "/srv/state");
    CHECK(loaded->connections.empty());
}

TEST_CASE("a secret comes from a file, the environment, systemd, or stands there") {
    const folder in;
    in.write("connections.d/relay.toml", relay("\"hunter2 plain\""));
    CHECK(password(in) == "hunter2 plain");

    in.write("secrets/smtp", "hunter2 file\n");
    in.write("connections.d/relay.toml", relay("{ file = \"smtp\" }"));
    CHECK(password(in) == "hunter2 file");
    in.write("secrets/smtp", "hunter2\r\n");
    CHECK(password(in) == "hunter2");
    in.write("secrets/smtp", " hunter2 \n\n");
    CHECK(password(in) == " hunter2 \n");

    in.write("elsewhere/smtp", "hunter2 absolute");
    in.write("connections.d/relay.toml",
             relay("{ file = \"" + (in.path / "elsewhere/smtp").string() + "\" }"));
    CHECK(password(in) == "hunter2 absolute");

    ::setenv("GATEPOST_TEST_SECRET", "hunter2 env", 1);
    in.write("connections.d/relay.toml", relay("{ env = \"GATEPOST_TEST_SECRET\" }"));
    CHECK(password(in) == "hunter2 env");

    in.write("credentials/smtp", "hunter2 credential\n", 0440);
    ::setenv("CREDENTIALS_DIRECTORY", (in.path / "credentials").c_str(), 1);
    in.write("connections.d/relay.toml", relay("{ credential = \"smtp\" }"));
    CHECK(password(in) == "hunter2 credential");
    in.write("connections.d/relay.toml", relay("{ credential = \"other\" }"));
    CHECK(
        problems(in) ==
        "DIR/connections.d/relay.toml:4:1: settings.password: the credential other is not there\n");
    ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE(
    "any string of the settings may come from elsewhere, and is checked as if it stood there") {
    const folder in;
    in.write("secrets/host", "smtp example com");
    in.write("connections.d/relay.toml",
             "provider = \"smtp\"\n[settings]\nhost = { file = \"host\" }\n");
    CHECK(problems(in) ==
          "DIR/connections.d/relay.toml:3:1: settings.host: must be a host name such as "
          "mail.example.com\n");
}

TEST_CASE("a secret file must be small text") {
    const folder in;
    in.write("connections.d/relay.toml", relay("{ file = \"smtp\" }"));
    in.write("secrets/smtp", std::string(70'000, 'x'));
    CHECK(problems(in).find("is larger than 65536 bytes") != std::string::npos);
    in.write("secrets/smtp", "\xff\xfe");
    CHECK(problems(in).find("is not UTF-8 text") != std::string::npos);
    std::filesystem::remove(in.path / "secrets/smtp");
    REQUIRE(::mkfifo((in.path / "secrets/smtp").c_str(), 0600) == 0);
    CHECK(problems(in).find("is not a regular file") != std::string::npos);
}

TEST_CASE("files of a clone under umask 002 are trusted, those of another group are not") {
    const folder in;
    in.write("secrets/smtp", "x", 0660);
    in.write("connections.d/relay.toml", relay("{ file = \"smtp\" }"), 0664);
    in.write("gatepost.toml", "default = \"relay\"\n", 0664);
    ::chmod((in.path / "connections.d").c_str(), 0775);
    ::chmod(in.path.c_str(), 0775);
    CHECK(problems(in) == "");
    if (::chown((in.path / "gatepost.toml").c_str(), static_cast<uid_t>(-1), 12345) != 0) return;
    REQUIRE(::chown((in.path / "secrets/smtp").c_str(), static_cast<uid_t>(-1), 12345) == 0);
    CHECK(problems(in) ==
          "DIR/gatepost.toml:1:1: this file can be written by a group that is not the daemon's; "
          "chmod g-w it\n"
          "DIR/connections.d/relay.toml:4:1: settings.password: the secret file DIR/secrets/smtp "
          "can be read by a group that is not the daemon's; chmod 600 it\n");
}

TEST_CASE("a secrets folder that everyone may write is not trusted") {
    const folder in;
    in.write("connections.d/relay.toml", relay("{ file = \"smtp\" }"));
    in.write("secrets/smtp", "x");
    ::chmod((in.path / "secrets").c_str(), 0777);
    CHECK(problems(in).find("the folder DIR/secrets can be written by everyone") !=
          std::string::npos);
}

TEST_CASE("a connection file without a plain secret may be readable") {
    const folder in;
    in.write("connections.d/outbox.toml", "provider = \"outbox\"\nsettings.path = \"/srv\"\n",
             0644);
    CHECK(problems(in) == "");
    in.write("connections.d/relay.toml", relay("\"\""), 0644);
    CHECK(problems(in) == "");
}

TEST_CASE("a configuration file over a megabyte is refused") {
    const folder in;
    in.write("gatepost.toml", "#" + std::string(limits::config_bytes, 'x'));
    CHECK(problems(in) ==
          "DIR/gatepost.toml:1:1: DIR/gatepost.toml is larger than 1048576 bytes\n");
}

TEST_CASE("nesting beyond the cap is refused before the parser sees it") {
    const folder in;
    std::string dots = "a";
    for (int i = 0; i < 200'000; ++i)
        dots += ".a";
    for (const std::string& text :
         {"a = " + std::string(500'000, '['), "a = " + std::string(500'000, '{'), dots + " = 1",
          "[" + dots + "]", "a = {" + dots + " = 1}"}) {
        in.write("gatepost.toml", text + "\n");
        CHECK(problems(in).find("nested deeper than 16 levels") != std::string::npos);
    }
    in.write("gatepost.toml", "# " + std::string(100, '[') +
                                  "\nhost_name = \"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t\"\n");
    CHECK(problems(in) == "");
}

TEST_CASE("settings that came by the API are checked and completed") {
    const folder in;
    in.write("secrets/smtp", "hunter2\n");
    const config::plugin_schema smtp{config_test::smtp_schema};
    const auto good =
        config::check_json_settings(in.path, R"({"host":"h","password":{"file":"smtp"}})", smtp);
    REQUIRE(good.ok());
    CHECK(nlohmann::json::parse(good->settings_json.reveal()).at("password") == "hunter2");
    CHECK(nlohmann::json::parse(good->public_settings_json).at("port") == 587);
    CHECK(good->public_settings_json.find("hunter2") == std::string::npos);

    const auto told = [&](const std::string& text) {
        const auto checked = config::check_json_settings(in.path, text, smtp);
        REQUIRE_FALSE(checked.ok());
        CHECK(checked.error().kind == error_kind::invalid);
        return config_test::told(checked.error(), in.path);
    };
    CHECK(told(R"({"host":"h","password":{"env":"HOME"}})") ==
          "/settings/password: {env} is for configuration files only\n");
    CHECK(told(R"({"host":"h","password":{"credential":"x"}})") ==
          "/settings/password: {credential} is for configuration files only\n");
    for (const char* name : {"/etc/passwd", "../gatepost.toml", "a/b", "..", ""})
        CHECK(told(R"({"host":"h","password":{"file":")" + std::string(name) + "\"}}") ==
              "/settings/password: must name a file in the secrets folder, without a path\n");
    CHECK(told(R"({"port":0,"pasword":1})") ==
          "/settings/host: is required\n"
          "/settings/pasword: is not known; did you mean \"password\"?\n"
          "/settings/port: must be an integer from 1 to 65535\n");
    CHECK(told("[]") == "/settings: must be an object\n");
    CHECK(config::check_json_settings(in.path, "{", smtp).error().kind == error_kind::malformed);
}

TEST_CASE("aliases are followed to their ends") {
    const folder in;
    in.write("gatepost.toml", R"(
default_domain = "example.com"
[aliases]
root = ["Admin", "second@example.net"]
admin = "admin@example.com"
cron = "root"
"Old@Example.com" = ["cron", "backup"]
)");
    const auto loaded = config::load(in.path, lookup);
    INFO(problems(in));
    REQUIRE(loaded.ok());
    CHECK(loaded->default_domain == "example.com");
    using list = std::vector<std::string>;
    CHECK(
        loaded->aliases ==
        std::map<std::string, list>{
            {"admin", {"admin@example.com"}},
            {"cron", {"admin@example.com", "second@example.net"}},
            {"old@example.com", {"admin@example.com", "second@example.net", "backup@example.com"}},
            {"root", {"admin@example.com", "second@example.net"}}});
}

TEST_CASE("a connection says whose name its mail carries, and whether it is traced") {
    const folder in;
    in.write("connections.d/a.toml",
             "provider = \"outbox\"\nfrom_email = \"a@example.com\"\nsender = \"force\"\n"
             "trace = true\n[settings]\npath = \"/a\"\n");
    in.write("connections.d/b.toml",
             "provider = \"outbox\"\nsender = \"keep\"\n[settings]\npath = \"/a\"\n");
    const auto loaded = config::load(in.path, lookup);
    INFO(problems(in));
    REQUIRE(loaded.ok());
    CHECK(loaded->connections.at("a").force_sender);
    CHECK(loaded->connections.at("a").trace);
    CHECK_FALSE(loaded->connections.at("b").force_sender);
    CHECK_FALSE(loaded->connections.at("b").trace);
}
