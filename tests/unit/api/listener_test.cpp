// Binding: what may be replaced, what may not, and with which rights.
#include "api/listener.hpp"

#include <sys/stat.h>

#include <fstream>

#include "client.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using api::listener;

TEST_CASE("a socket is made with its folders, its mode, and removed again") {
    const testing::temporary_folder folder;
    const auto path = folder.path() / "deep" / "er" / "s";
    auto one = listener::open({path, 0660, "", config::role::send});
    REQUIRE(one);
    struct stat there{};
    REQUIRE(::lstat(path.c_str(), &there) == 0);
    CHECK(S_ISSOCK(there.st_mode));
    CHECK((there.st_mode & 0777) == 0660);
    CHECK(one->rights() == config::role::send);
    one->remove();
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a live socket is never taken over, a stale one is") {
    const testing::temporary_folder folder;
    auto one = listener::open({folder / "s", 0600, "", config::role::send});
    REQUIRE(one);
    const auto second = listener::open({folder / "s", 0600, "", config::role::send});
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == error_kind::conflict);
    CHECK(testing::client(folder / "s").connected());
    ::close(one->release());  // as after kill -9: the name stays, nobody listens
    auto third = listener::open({folder / "s", 0600, "", config::role::send});
    REQUIRE(third);
    CHECK(testing::client(folder / "s").connected());
}

TEST_CASE("only the own socket is removed from the file system") {
    const testing::temporary_folder folder;
    auto one = listener::open({folder / "s", 0600, "", config::role::send});
    REQUIRE(one);
    std::filesystem::remove(folder / "s");
    auto other = listener::open({folder / "s", 0600, "", config::role::send});
    REQUIRE(other);
    one->remove();
    CHECK(testing::client(folder / "s").connected());
    other->remove();
    CHECK_FALSE(std::filesystem::exists(folder / "s"));
}

TEST_CASE("anything else at the path is left alone") {
    const testing::temporary_folder folder;
    std::ofstream(folder / "file") << "precious";
    std::filesystem::create_symlink(folder / "file", folder / "link");
    for (const char* name : {"file", "link"}) {
        const auto got = listener::open({folder / name, 0600, "", config::role::send});
        REQUIRE_FALSE(got);
        CHECK(got.error().kind == error_kind::config);
    }
    CHECK(std::filesystem::file_size(folder / "file") == 8);
    CHECK_FALSE(listener::open({folder / "file" / "below", 0600, "", config::role::send}));
}

TEST_CASE("a path too long and a group unknown are refused in words") {
    const testing::temporary_folder folder;
    const auto deep = folder.path() / std::string(120, 'x');
    CHECK(listener::open({deep, 0600, "", config::role::send}).error().kind == error_kind::config);
    const auto got = listener::open({folder / "s", 0660, "no-such-group", config::role::send});
    REQUIRE_FALSE(got);
    CHECK(got.error().detail.find("no-such-group") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder / "s"));
}

TEST_CASE("a listening socket can be handed in, nothing else can") {
    const testing::temporary_folder folder;
    auto made = listener::open({folder / "s", 0600, "", config::role::admin});
    REQUIRE(made);
    auto adopted = listener::adopt(unique_fd(made->release()), config::role::admin);
    REQUIRE(adopted);
    adopted->remove();
    CHECK(std::filesystem::exists(folder / "s"));
    CHECK_FALSE(listener::adopt(unique_fd(::socket(AF_UNIX, SOCK_STREAM, 0)), config::role::send));
    CHECK_FALSE(listener::adopt(unique_fd(), config::role::send));
}
