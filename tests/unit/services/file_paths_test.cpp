// file/1: nothing outside the folders that the settings name, whatever the path says and whatever
// stands on the disk.
#include <sys/stat.h>

#include "base/limits.hpp"
#include "fake_host.hpp"
#include "services/folder.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using services::locate;

namespace {

using path_function = gatepost_status (*)(const gatepost_host*, gatepost_call, gatepost_string,
                                          gatepost_done, void*, gatepost_operation*);

heard on_path(stage& on, path_function gatepost_file::* function, const std::string& path) {
    const auto& table = on.table<gatepost_file>("gatepost.file/1");
    return on.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return (table.*function)(on.host(), on.call, str(path), done, user, id);
    });
}

heard write(stage& on, const std::string& path, const std::string& temp = {}) {
    const std::vector<gatepost_segment> segments{bytes_segment("x")};
    const gatepost_file_write request{sizeof request,   0, 0, 0, str(temp), str(path),
                                      list_of(segments)};
    return on.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return on.table<gatepost_file>("gatepost.file/1")
            .write(on.host(), on.call, &request, done, user, id);
    });
}

}  // namespace

TEST_CASE("a path is located below the deepest folder that holds it") {
    const std::vector<std::string> folders{"/var/mail/", "/var/mail/deep", "/srv//box/."};
    const auto whole = [&](std::string_view path) {
        const auto found = locate(path, folders);
        return found ? found->root + "|" + found->folder + "|" + found->name
                     : "!" + std::to_string(static_cast<int>(found.error().kind));
    };
    const std::string invalid = "!" + std::to_string(static_cast<int>(error_kind::plugin_fault));
    const std::string denied = "!" + std::to_string(static_cast<int>(error_kind::forbidden));
    CHECK(whole("/var/mail/new/1") == "/var/mail|new|1");
    CHECK(whole("/var/mail//new/./1") == "/var/mail|new|1");
    CHECK(whole("/var/mail/1") == "/var/mail||1");
    CHECK(whole("/var/mail/deep/1") == "/var/mail/deep||1");
    CHECK(whole("/srv/box/a/b/c") == "/srv/box|a/b|c");
    CHECK(whole("/var/mail") == "/var/mail||");
    CHECK(whole("/var/mailbox/1") == denied);
    CHECK(whole("/var") == denied);
    CHECK(whole("/") == denied);
    CHECK(whole("/etc/passwd") == denied);
    CHECK(whole("/var/mail/../x") == invalid);
    CHECK(whole("/var/mail/..") == invalid);
    CHECK(whole("var/mail/x") == invalid);
    CHECK(whole("") == invalid);
    CHECK(whole(std::string_view("/var/mail/a\0b", 13)) == invalid);
    CHECK(whole("/var/mail/" + std::string(limits::path_bytes, 'a')) == invalid);
    CHECK(whole("/var/mail/..a/...") == "/var/mail|..a|...");
    CHECK_FALSE(locate("/var/mail/x", {}).ok());
    CHECK(locate("/any/where", {"/"})->path() == "/any/where");
    CHECK(locate("/where", {"/"})->path() == "/where");
    CHECK(locate("/where", {"/"})->folder_path() == "/");
}

TEST_CASE("a path outside the settings' folders is denied, with a text that says so") {
    const temp_folder inside, outside;
    write_file(outside / "secret", "secret");
    stage on({inside.path().string()});
    const std::string target = (outside / "secret").string();
    for (const heard& answer :
         {on_path(on, &gatepost_file::read, target), on_path(on, &gatepost_file::remove, target),
          on_path(on, &gatepost_file::mkdir, (outside / "new").string()), write(on, target),
          write(on, (inside / "1").string(), (outside / "temp").string())}) {
        CHECK(answer.status == GATEPOST_DENIED);
        CHECK(answer.text.find(outside.path().string()) != std::string::npos);
    }
    CHECK(files_in(outside.path()) == 1);
    CHECK(files_in(inside.path()) == 0);
}

TEST_CASE("no symbolic link below the folder leads out of it") {
    const temp_folder inside, outside;
    write_file(outside / "secret", "secret");
    std::filesystem::create_directory_symlink(outside.path(), inside / "away");
    std::filesystem::create_symlink(outside / "secret", inside / "link");
    std::filesystem::create_directory(inside / "real");
    std::filesystem::create_directory_symlink("real", inside / "within");
    stage on({inside.path().string()});
    CHECK(on_path(on, &gatepost_file::read, (inside / "away/secret").string()).status ==
          GATEPOST_DENIED);
    CHECK(on_path(on, &gatepost_file::read, (inside / "link").string()).status == GATEPOST_DENIED);
    CHECK(on_path(on, &gatepost_file::remove, (inside / "away/secret").string()).status ==
          GATEPOST_DENIED);
    CHECK(on_path(on, &gatepost_file::mkdir, (inside / "away/new").string()).status ==
          GATEPOST_DENIED);
    CHECK(write(on, (inside / "away/1").string()).status == GATEPOST_DENIED);
    CHECK(write(on, (inside / "within/1").string()).status == GATEPOST_DENIED);
    CHECK(write(on, (inside / "1").string(), (inside / "away/1").string()).status ==
          GATEPOST_DENIED);
    CHECK(files_in(outside.path()) == 1);
    CHECK(read_file(outside / "secret") == "secret");
    // The link itself is a name like any other, and may be removed.
    CHECK(on_path(on, &gatepost_file::remove, (inside / "link").string()).status == GATEPOST_OK);
    CHECK(read_file(outside / "secret") == "secret");
}

TEST_CASE("the walk step by step keeps the same rules as the kernel's") {
    const temp_folder inside;
    std::filesystem::create_directories(inside / "a/b");
    std::filesystem::create_directory_symlink("a", inside / "link");
    write_file(inside / "file", "x");
    const std::vector<std::string> folders{inside.path().string()};
    for (const auto open : {services::open_folder, services::open_folder_by_steps}) {
        const auto kind = [&](const std::string& below) {
            const auto opened = open(*locate((inside / below).string(), folders));
            return opened ? error_kind::internal : opened.error().kind;
        };
        CHECK(open(*locate((inside / "1").string(), folders)).ok());
        CHECK(open(*locate((inside / "a/b/1").string(), folders)).ok());
        CHECK(kind("link/1") == error_kind::forbidden);
        CHECK(kind("link/b/1") == error_kind::forbidden);
        CHECK(kind("gone/1") == error_kind::not_found);
        CHECK(kind("file/1") == error_kind::io);
    }
}

TEST_CASE("the folder itself may be a symbolic link: it is the owner's word") {
    const temp_folder disk, etc;
    std::filesystem::create_directory_symlink(disk.path(), etc / "mail");
    stage on({(etc / "mail").string()});
    CHECK(write(on, (etc / "mail/1").string()).status == GATEPOST_OK);
    CHECK(read_file(disk / "1") == "x");
}

TEST_CASE("a small file is read; a large one, a folder, a FIFO and nothing at all are refused") {
    const temp_folder box;
    write_file(box / "small", std::string("a\0b", 3));
    write_file(box / "full", std::string(limits::small_file_bytes, 'x'));
    write_file(box / "large", std::string(limits::small_file_bytes + 1, 'x'));
    std::filesystem::create_directory(box / "folder");
    REQUIRE(::mkfifo((box / "fifo").c_str(), 0600) == 0);
    stage on({box.path().string()});
    const auto read = [&](const char* name) {
        return on_path(on, &gatepost_file::read, (box / name).string());
    };
    CHECK(read("small").data == std::string("a\0b", 3));
    CHECK(read("full").length == limits::small_file_bytes);
    CHECK(read("large").status == GATEPOST_LIMIT);
    CHECK(read("folder").status == GATEPOST_FAILED);
    CHECK(read("fifo").status == GATEPOST_FAILED);
    CHECK(read("fifo").text.find("not a regular file") != std::string::npos);
    CHECK(read("gone").status == GATEPOST_NOT_FOUND);
    CHECK(on_path(on, &gatepost_file::read, box.path().string()).status == GATEPOST_DENIED);
    CHECK(on_path(on, &gatepost_file::read, "small").status == GATEPOST_INVALID);
}

TEST_CASE("folders are made with what is missing above them, for the daemon alone") {
    const temp_folder box;
    const std::filesystem::path root = box / "not/there/yet";
    stage on({root.string()});
    CHECK(on_path(on, &gatepost_file::mkdir, (root / "new/deep/").string()).status == GATEPOST_OK);
    CHECK(on_path(on, &gatepost_file::mkdir, (root / "new/deep").string()).status == GATEPOST_OK);
    CHECK(on_path(on, &gatepost_file::mkdir, root.string()).status == GATEPOST_OK);
    CHECK(std::filesystem::is_directory(root / "new/deep"));
    CHECK(std::filesystem::status(root / "new").permissions() == std::filesystem::perms::owner_all);
    CHECK(std::filesystem::status(root).permissions() == std::filesystem::perms::owner_all);
    write_file(root / "file", "x");
    const heard in_the_way = on_path(on, &gatepost_file::mkdir, (root / "file").string());
    CHECK(in_the_way.status == GATEPOST_FAILED);
    CHECK(in_the_way.text.find("Not a directory") != std::string::npos);
}

TEST_CASE("a file is removed, a folder is not") {
    const temp_folder box;
    write_file(box / "file", "x");
    std::filesystem::create_directory(box / "folder");
    stage on({box.path().string()});
    CHECK(on_path(on, &gatepost_file::remove, (box / "file").string()).status == GATEPOST_OK);
    CHECK(on_path(on, &gatepost_file::remove, (box / "file").string()).status ==
          GATEPOST_NOT_FOUND);
    CHECK(on_path(on, &gatepost_file::remove, (box / "folder").string()).status == GATEPOST_FAILED);
    CHECK(on_path(on, &gatepost_file::remove, box.path().string()).status == GATEPOST_DENIED);
    CHECK(std::filesystem::is_directory(box / "folder"));
}
