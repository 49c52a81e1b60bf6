// What the spool refuses to open, and what it does with damage.
#include "spool/folder.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool_kit.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using spool::message_status;

namespace {

error open_error(bench& spool) {
    auto opened = spool::spool::open(spool.options());
    if (opened) return {error_kind::internal, "it opened"};
    return opened.error();
}

void run_sql(bench& spool, const std::string& sql) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open((spool.path() / "spool.db").c_str(), &handle) == SQLITE_OK);
    REQUIRE(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_close(handle) == SQLITE_OK);
}

}  // namespace

TEST_CASE("the folder and its files are the daemon's alone") {
    bench spool;
    const auto before = ::umask(0);
    spool.open();
    spool.accept({"a@example.net"}, std::string(400'000, 'x'));
    ::umask(before);
    for (const auto& each : std::filesystem::recursive_directory_iterator(spool.path())) {
        struct stat facts{};
        REQUIRE(::lstat(each.path().c_str(), &facts) == 0);
        CHECK((facts.st_mode & 077) == 0);
    }
    CHECK_FALSE(std::filesystem::exists(spool.path() / "spool.db-shm"));
}

TEST_CASE("a folder that others may read is refused") {
    bench spool;
    std::filesystem::create_directories(spool.path());
    REQUIRE(::chmod(spool.path().c_str(), 0755) == 0);
    CHECK(open_error(spool).kind == error_kind::config);
    CHECK(contains(open_error(spool).detail, "chmod 700"));
}

TEST_CASE("a foreign owner is refused by name") {
    if (::geteuid() != 0) return;  // only root can give a folder away
    bench spool;
    std::filesystem::create_directories(spool.path());
    REQUIRE(::chmod(spool.path().c_str(), 0700) == 0);
    REQUIRE(::chown(spool.path().c_str(), 4711, 4711) == 0);
    CHECK(open_error(spool).kind == error_kind::config);
    CHECK(contains(open_error(spool).detail, "4711"));
}

TEST_CASE("a database that is a link, a pipe or another thing is refused and left alone") {
    bench spool;
    spool.open();
    spool.close();
    const auto file = spool.path() / "spool.db";
    const auto elsewhere = spool.path() / "elsewhere";
    SECTION("symbolic link") {
        std::filesystem::rename(file, elsewhere);
        std::filesystem::create_symlink(elsewhere, file);
    }
    SECTION("hard link") {
        std::filesystem::create_hard_link(file, elsewhere);
    }
    SECTION("pipe") {
        std::filesystem::remove(file);
        REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    }
    SECTION("text") {
        write_file(file, "this is not a database at all, but it is long enough to be one");
        CHECK(contains(open_error(spool).detail, "no SQLite file"));
    }
    SECTION("another application's") {
        run_sql(spool, "PRAGMA application_id=7");
    }
    CHECK(open_error(spool).detail != "it opened");
}

TEST_CASE("a spool of a newer version is refused, and not a byte is changed") {
    bench spool;
    spool.open();
    spool.accept({"a@example.net"});
    spool.close();
    run_sql(spool, "PRAGMA user_version=2");
    write_file(spool.path() / "contents" / "of-the-newer-version", "x");
    const std::string before = read_file(spool.path() / "spool.db");
    const auto refused = open_error(spool);
    CHECK(refused.kind == error_kind::config);
    CHECK(contains(refused.detail, "newer version"));
    CHECK(read_file(spool.path() / "spool.db") == before);
    CHECK(spool.content_count() == 1);
}

TEST_CASE("network file systems are known by name") {
    CHECK(spool::refused_file_system(0x6969, "") == "nfs");
    CHECK(spool::refused_file_system(0xff534d42, "") == "cifs");
    CHECK(spool::refused_file_system(0x65735546, "fuse.sshfs") == "fuse.sshfs");
    CHECK(spool::refused_file_system(0x65735546, "fuse.ext4").empty());
    CHECK(spool::refused_file_system(0xef53, "ext4").empty());
}

TEST_CASE("a damaged message is held and seen, and the others go on") {
    bench spool;
    spool.open();
    const auto id = spool.accept({"a@example.net"});
    const auto other = spool.accept({"b@example.net"});
    spool.close();
    const std::string where = " WHERE id=" + std::to_string(id.value);
    SECTION("the message") {
        run_sql(spool, "UPDATE mail SET record=x'01020304'" + where);
        spool.open();
        CHECK(spool.load(id).error().kind == error_kind::io);
        CHECK(spool.show(id)->status == message_status::held);
        CHECK(contains(spool.show(id)->subject, "damaged"));
        CHECK(spool.cancel(id).ok());
    }
    SECTION("its row is gone") {
        run_sql(spool, "DELETE FROM mail" + where);
        spool.open();
        CHECK(contains(spool.load(id).error().detail, "missing"));
        CHECK(spool.show(id)->status == message_status::held);
    }
    SECTION("its state") {
        run_sql(spool, "UPDATE open SET state=x'ff'" + where);
        spool.open();
        CHECK(spool.show(id)->status == message_status::held);
        CHECK(spool.show(id)->recipients[0].address == "a@example.net");
        CHECK(spool.retry(id).error().kind == error_kind::conflict);
        CHECK(spool.cancel(id).ok());
        spool.reopen();
        CHECK(spool.show(id)->status == message_status::cancelled);
    }
    SECTION("both") {
        run_sql(spool, "UPDATE open SET state=x'ff'" + where);
        run_sql(spool, "UPDATE mail SET record=zeroblob(100)" + where);
        spool.open();
        CHECK(spool.show(id)->status == message_status::held);
        CHECK(spool.cancel(id).error().kind == error_kind::conflict);
    }
    CHECK(spool.list().size() == 2);
    const auto due = spool.waiting();
    REQUIRE(due.size() == 1);
    CHECK(due[0].id == other);
    CHECK(spool.load(other).ok());
}
