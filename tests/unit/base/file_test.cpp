// Files as every room uses them: nothing blocks, nothing is half there.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/file.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;

TEST_CASE("a descriptor closes itself, once, and moves") {
    const temp_folder folder;
    write_file(folder / "file", "x");
    int number = -1;
    {
        unique_fd first = std::move(*open_file(folder / "file", O_RDONLY));
        number = first.get();
        unique_fd second = std::move(first);
        CHECK_FALSE(first);
        CHECK(second.get() == number);
        CHECK((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
    }
    CHECK(::fcntl(number, F_GETFD) == -1);
}

TEST_CASE("opening follows no symlink at the last step, and says what went wrong") {
    const temp_folder folder;
    write_file(folder / "file", "x");
    std::filesystem::create_symlink("file", folder / "link");
    CHECK(open_file(folder / "file", O_RDONLY).ok());
    CHECK_FALSE(open_file(folder / "link", O_RDONLY).ok());
    const auto gone = open_file(folder / "gone", O_RDONLY);
    REQUIRE_FALSE(gone.ok());
    CHECK(gone.error().detail ==
          "cannot open " + (folder / "gone").string() + ": No such file or directory");
}

TEST_CASE("a small file is read whole, up to its cap") {
    const temp_folder folder;
    const std::string bytes("a\0\xFF\n", 4);
    write_file(folder / "file", bytes);
    write_file(folder / "empty", "");
    std::filesystem::create_symlink("file", folder / "link");
    CHECK(*read_small_file(folder / "file", 4) == bytes);
    CHECK(*read_small_file(folder / "link", 100) == bytes);
    CHECK(read_small_file(folder / "empty", 0)->empty());
    const auto large = read_small_file(folder / "file", 3);
    REQUIRE_FALSE(large.ok());
    CHECK(large.error().kind == error_kind::too_large);
}

TEST_CASE("what is no regular file is refused without waiting for anybody") {
    const temp_folder folder;
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    CHECK_FALSE(read_small_file(folder / "fifo", 10).ok());
    CHECK_FALSE(read_small_file(folder.path(), 10).ok());
    CHECK_FALSE(read_small_file("/dev/zero", 10).ok());
    CHECK_FALSE(read_small_file(folder / "gone", 10).ok());

    const unique_fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, (folder / "socket").c_str(), sizeof name.sun_path - 1);
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
    CHECK_FALSE(read_small_file(folder / "socket", 10).ok());
}

TEST_CASE("a file is replaced whole, with its mode, and without leavings") {
    const temp_folder folder;
    REQUIRE(replace_file(folder / "file", "first", 0640).ok());
    REQUIRE(replace_file(folder / "file", std::string(300'000, 's')).ok());
    CHECK(read_file(folder / "file") == std::string(300'000, 's'));
    struct stat facts{};
    REQUIRE(::stat((folder / "file").c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600);
    CHECK(files_in(folder.path()) == 1);

    std::filesystem::create_directory(folder / "folder");
    CHECK_FALSE(replace_file(folder / "folder", "x").ok());
    CHECK_FALSE(replace_file(folder / "gone/file", "x").ok());
    CHECK(files_in(folder.path()) == 2);
}

TEST_CASE("a file in a folder behind a symlink is replaced, too") {
    const temp_folder disk, etc;
    std::filesystem::create_directory_symlink(disk.path(), etc / "state");
    REQUIRE(replace_file(etc / "state/file", "x").ok());
    CHECK(read_file(disk / "file") == "x");
    CHECK(sync_folder(etc / "state").ok());
    CHECK_FALSE(sync_folder(disk / "file").ok());
    CHECK_FALSE(sync_folder(disk / "gone").ok());
    CHECK(sync_folder("").ok());
}

TEST_CASE("threads that replace one file leave one of their contents, never a mixture") {
    const temp_folder folder;
    std::atomic<int> failed{0};
    std::vector<std::thread> threads;
    for (const char letter : {'a', 'b', 'c', 'd'}) {
        threads.emplace_back([&, letter] {
            for (int i = 0; i < 20; ++i)
                if (!replace_file(folder / "file", std::string(50'000, letter)).ok()) ++failed;
        });
    }
    for (std::thread& each : threads)
        each.join();
    CHECK(failed.load() == 0);
    const std::string last = read_file(folder / "file");
    CHECK(last == std::string(50'000, last.empty() ? '?' : last.front()));
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("folders are made as far as they are missing; a file in the way is an error") {
    const temp_folder folder;
    CHECK(make_folders(folder / "a/b/c").ok());
    CHECK(make_folders(folder / "a/b/c").ok());
    CHECK(make_folders(folder / "a/b/c/").ok());
    CHECK(std::filesystem::status(folder / "a/b").permissions() ==
          std::filesystem::perms::owner_all);
    std::filesystem::create_directory_symlink("a", folder / "link");
    CHECK(make_folders(folder / "link/d").ok());
    CHECK(std::filesystem::is_directory(folder / "a/d"));
    write_file(folder / "file", "x");
    CHECK_FALSE(make_folders(folder / "file").ok());
    CHECK_FALSE(make_folders(folder / "file/below").ok());
    std::filesystem::create_symlink("gone", folder / "dangling");
    CHECK_FALSE(make_folders(folder / "dangling").ok());
}

TEST_CASE("writing to what cannot be written says so") {
    const unique_fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    const auto put = write_all(full.get(), "x");
    REQUIRE_FALSE(put.ok());
    CHECK(put.error().kind == error_kind::storage);
    CHECK(write_all(full.get(), "").ok());
}
