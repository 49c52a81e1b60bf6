// What the command line and the configuration say together.
#include "daemon/options.hpp"

#include <fstream>

#include "daemon/listen.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;

TEST_CASE("a path that two listeners share is refused with the places where it stands") {
    daemon::options how;
    config::settings config;
    config.listen = {{"/run/x/a.sock", 0660, "", config::role::send}};
    CHECK(daemon::check_listeners(how, config));
    how.socket = "/run/x/./a.sock";
    const auto twice = daemon::check_listeners(how, config);
    REQUIRE_FALSE(twice);
    CHECK(twice.error().kind == error_kind::config);
    CHECK(twice.error().detail ==
          "/run/x/a.sock stands in [[listen]] of gatepost.toml and in --socket: give one of them "
          "another path, or leave --socket out");
    how.socket.clear();
    config.listen.push_back(config.listen.front());
    const auto both = daemon::check_listeners(how, config);
    REQUIRE_FALSE(both);
    CHECK(both.error().detail.find("stands in two [[listen]]") != std::string::npos);
}

TEST_CASE("a folder that is named has to be there, one that is the default need not") {
    const tests::temp_folder folder;
    std::ofstream(folder.path() / "file") << "x";
    daemon::options how;
    how.config = folder.path() / "nowhere";
    CHECK(daemon::check_named_folders(how));
    how.config_named = true;
    how.plugins = {folder.path(), folder.path() / "file"};
    const auto missing = daemon::check_named_folders(how);
    REQUIRE_FALSE(missing);
    REQUIRE(missing.error().fields.size() == 2);
    CHECK(missing.error().fields[0].pointer == "--config");
    CHECK(missing.error().fields[0].detail ==
          "there is no folder " + (folder.path() / "nowhere").string());
    CHECK(missing.error().fields[1].detail ==
          (folder.path() / "file").string() + " is not a folder");
}

TEST_CASE("the command line takes every log level that the configuration takes") {
    for (const char* level : {"debug", "info", "warn", "error", "off"}) {
        const char* words[] = {"gatepostd", "--log-level", level, "--config", "/x"};
        int exit_code = -1;
        const auto chosen = daemon::parse_arguments(5, words, exit_code);
        REQUIRE(chosen);
        CHECK(chosen->log_level == level);
        CHECK(chosen->config_named);
    }
}
