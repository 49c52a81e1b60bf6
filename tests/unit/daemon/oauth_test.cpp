// The OAuth2 engine on a real spool and a real key: what it kept is there after a restart, and what
// cannot be opened is said, with the daemon going on.
#include "daemon/oauth.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;

namespace {

namespace fs = std::filesystem;

std::shared_ptr<spool::spool> open_spool(const fs::path& state) {
    spool::options how;
    how.folder = state / "spool";
    auto opened = spool::spool::open(std::move(how));
    REQUIRE(opened.ok());
    return *std::move(opened);
}

services::oauth_client client_of(const std::string& name) {
    services::oauth_client given;
    given.connection = name;
    given.profile = "microsoft";
    given.client_id = "client";
    auto whole = services::complete_client(given, services::oauth_profiles_with({}));
    REQUIRE(whole.ok());
    return *whole;
}

// As the engine writes it.
const char* const record =
    R"({"version":1,"refresh_token":"the refresh token","source":"login","from":"",)"
    R"("client_id":"client","host":"login.microsoftonline.com"})";

void keep(const fs::path& state, const std::string& name) {
    const auto spool = open_spool(state);
    const auto store = daemon::make_oauth_store(state, spool);
    std::promise<bool> done;
    store->keep(name, secret(record), [&](status how) { done.set_value(how.ok()); });
    CHECK(done.get_future().get());
    spool->close();
}

services::oauth_state state_after_restart(const fs::path& state, const std::string& name) {
    const auto spool = open_spool(state);
    const auto engine = daemon::start_oauth(state, spool);
    engine->configure({client_of(name)});
    auto out = engine->state(name);
    engine->stop();
    spool->close();
    return out;
}

bool holds(const fs::path& folder, const std::string& word) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        if (bytes.find(word) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("a kept login is there after a restart, and nowhere on disk in clear") {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    const tests::temp_folder state;
    keep(state.path(), "office");
    CHECK_FALSE(holds(state.path(), "the refresh token"));
    const auto shown = state_after_restart(state.path(), "office");
    CHECK(shown.logged_in);
    CHECK(shown.token_source == "login");
    CHECK_FALSE(state_after_restart(state.path(), "other").logged_in);
}

TEST_CASE("with another key the login is lost, and the problem says to log in again") {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    const tests::temp_folder state;
    keep(state.path(), "office");
    fs::remove(state.path() / "seal.key");
    const auto shown = state_after_restart(state.path(), "office");
    CHECK_FALSE(shown.logged_in);
    CHECK(shown.problem ==
          "the login that is kept cannot be opened: it was sealed with another key, or is damaged; "
          "run: gatepost oauth login office");
}

TEST_CASE("a key that cannot be used stops no daemon; what must be kept is refused") {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    const tests::temp_folder state;
    std::ofstream(state.path() / "seal.key") << "too short";
    ::chmod((state.path() / "seal.key").c_str(), 0600);
    {
        const auto spool = open_spool(state.path());
        const auto store = daemon::make_oauth_store(state.path(), spool);
        std::promise<std::string> done;
        store->keep("office", secret(record),
                    [&](status how) { done.set_value(how ? std::string() : how.error().detail); });
        CHECK(done.get_future().get().find("must hold 32 bytes") != std::string::npos);
        spool->close();
    }
    CHECK_FALSE(state_after_restart(state.path(), "office").logged_in);
}
