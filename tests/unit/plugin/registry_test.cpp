// Files of every kind in a plugin folder: what loads, what is refused and in which words, and that
// nothing hurts the process. Runs as root or not; every folder is made closed to others.
#include "plugin/registry.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <fstream>

#include "base/file.hpp"
#include "plugin/check.hpp"
#include "plugin/instance.hpp"
#include "plugin/trust.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;
using gatepost::plugin::registry;

namespace {

// A folder under the build tree or /tmp that goes away with the test.
class scratch {
  public:
    scratch() {
        std::string name = (fs::temp_directory_path() / "gatepost-plugin-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        root = name;
        fs::create_directory(plugins = root / "plugins");
        ::chmod(plugins.c_str(), 0755);
        copies = root / "copies";
    }
    ~scratch() {
        std::error_code ignored;
        fs::remove_all(root, ignored);
    }

    fs::path take(const std::string& name, const std::string& as = {}) {
        const fs::path to = plugins / ((as.empty() ? name : as) + ".so");
        fs::copy_file(fs::path(GATEPOST_TEST_PLUGINS) / (name + ".so"), to);
        ::chmod(to.c_str(), 0644);
        return to;
    }
    fs::path write(const std::string& name, const std::string& bytes) {
        const fs::path to = plugins / name;
        std::ofstream(to, std::ios::binary) << bytes;
        ::chmod(to.c_str(), 0644);
        return to;
    }
    registry scan() const { return registry::scan({{plugins}, copies, "0.1.0"}); }

    fs::path root, plugins, copies;
};

std::string bytes_of(const std::string& name) {
    const auto read =
        gatepost::read_small_file(fs::path(GATEPOST_TEST_PLUGINS) / (name + ".so"), 64U << 20);
    REQUIRE(read);
    return *read;
}

// The one reason in the registry; it must name the file and hold these words.
void check_refused(const scratch& in, const fs::path& file, const std::string& words) {
    const registry found = in.scan();
    CAPTURE(file, words);
    CHECK(found.loaded().empty());
    REQUIRE(found.refused().size() == 1);
    CAPTURE(found.refused()[0].reason);
    CHECK(found.refused()[0].file == file);
    CHECK(found.refused()[0].reason.find(words) != std::string::npos);
    CHECK(found.refused()[0].reason.find(file.filename().string()) != std::string::npos);
}

std::string with_byte(std::string bytes, size_t at, char value) {
    bytes.at(at) = value;
    return bytes;
}

}  // namespace

TEST_CASE("good plugins are loaded from a checked copy") {
    scratch in;
    const auto file = in.take("whole");
    in.take("other");
    in.take("no-extension");
    in.write("notes.txt", "not looked at");
    in.write(".hidden.so", "not looked at");
    const registry found = in.scan();
    CHECK(found.refused().empty());
    CHECK(found.loaded().size() == 3);
    const auto whole = found.find("whole");
    REQUIRE(whole);
    CHECK(whole->file == file);
    CHECK(whole->sdk == "c");
    CHECK(whole->facts.version == "1.0");
    CHECK(whole->sha256.size() == 64);
    CHECK(fs::exists(in.copies / (whole->sha256 + ".so")));
    CHECK(fs::status(in.copies).permissions() == fs::perms::owner_all);
    CHECK(found.find("nobody") == nullptr);
}

TEST_CASE("files that are no plugins are refused in words") {
    const std::string whole = bytes_of("whole");
    struct row {
        const char* name;
        std::string bytes;
        const char* words;
    };
    const row rows[] = {
        {"text.so", "this is a text\n", "no shared library"},
        {"empty.so", "", "is empty"},
        {"magic.so",
         "\x7f"
         "ELF",
         "no shared library"},
        {"class32.so", with_byte(whole, 4, 1), "another kind of machine"},
        {"order.so", with_byte(whole, 5, 2), "another kind of machine"},
        {"machine.so", with_byte(whole, 18, 8), "another kind of machine"},
        {"program.so", with_byte(whole, 16, 2), "a program or an object file"},
        {"half.so", whole.substr(0, whole.size() / 2), "cut off or damaged"},
        {"header.so", whole.substr(0, 64), "cut off or damaged"},
        {"segments.so", with_byte(whole, 32 + 7, '\x7f'), "cut off or damaged"},
    };
    for (const row& each : rows) {
        scratch in;
        check_refused(in, in.write(each.name, each.bytes), each.words);
    }
}

TEST_CASE("a FIFO, a folder and a dangling link are refused without waiting") {
    scratch in;
    const fs::path fifo = in.plugins / "fifo.so";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    check_refused(in, fifo, "not a regular file");
    fs::remove(fifo);
    const fs::path folder = in.plugins / "folder.so";
    fs::create_directory(folder);
    ::chmod(folder.c_str(), 0755);
    check_refused(in, folder, "not a regular file");
    fs::remove(folder);
    const fs::path link = in.plugins / "link.so";
    fs::create_symlink("nothing.so", link);
    const registry found = in.scan();
    REQUIRE(found.refused().size() == 1);
    CHECK(found.refused()[0].reason.find("nothing.so") != std::string::npos);
    fs::remove(link);
    fs::create_symlink("link.so", link);
    check_refused(in, link, "too many links");
}

TEST_CASE("a file of more than 64 MiB is refused before it is read") {
    scratch in;
    const auto file = in.take("whole");
    fs::resize_file(file, (64U << 20) + 1);
    check_refused(in, file, "larger than 64 MiB");
}

TEST_CASE("tables that do not fit are refused, and the side to upgrade is named") {
    const std::pair<const char*, const char*> rows[] = {
        {"newer-major", "upgrade the gateway"},
        {"older-major", "upgrade the plugin"},
        {"newer-minor", "upgrade the gateway"},
        {"too-short", "too short"},
        {"tiny", "too short"},
        {"no-start", "a function missing"},
        {"bad-id", "Bad_Id"},
        {"bad-manifest", "manifest"},
        {"declines", "declined"},
        {"lacking", "function_that_nobody_has"},
    };
    for (const auto& [name, words] : rows) {
        scratch in;
        check_refused(in, in.take(name), words);
    }
}

TEST_CASE("a library without the entry is refused and never run") {
    scratch in;
    check_refused(in, in.take("stray"), "gatepost_plugin_v1");
    CHECK(std::getenv("GATEPOST_TEST_STRAY_RAN") == nullptr);
}

TEST_CASE("what others could replace is refused") {
    scratch in;
    const auto file = in.take("whole");
    SECTION("a file that everyone may write") {
        ::chmod(file.c_str(), 0666);
        check_refused(in, file, "every user");
    }
    SECTION("a folder that everyone may write") {
        ::chmod(in.plugins.c_str(), 0777);
        const registry found = in.scan();
        REQUIRE(found.refused().size() == 1);
        CHECK(found.refused()[0].reason.find("every user") != std::string::npos);
        CHECK(found.refused()[0].reason.find(in.plugins.string()) != std::string::npos);
    }
    SECTION("a sticky folder is allowed") {
        ::chmod(in.plugins.c_str(), 01777);
        CHECK(in.scan().loaded().size() == 1);
    }
    SECTION("the own group may write, as under umask 002") {
        ::chmod(file.c_str(), 0664);
        ::chmod(in.plugins.c_str(), 0775);
        CHECK(in.scan().loaded().size() == 1);
    }
    SECTION("a foreign group or owner, as far as this user can make one") {
        if (::chown(file.c_str(), static_cast<uid_t>(-1), 54321) == 0) {
            ::chmod(file.c_str(), 0664);
            check_refused(in, file, "the group 54321");
            ::chmod(file.c_str(), 0644);
            CHECK(in.scan().loaded().size() == 1);
            REQUIRE(::chown(file.c_str(), 54321, static_cast<gid_t>(-1)) == 0);
            check_refused(in, file, "another user");
        }
    }
    SECTION("a folder for copies that everyone may write") {
        fs::create_directory(in.copies);
        ::chmod(in.copies.c_str(), 0777);
        const registry found = in.scan();
        REQUIRE(found.refused().size() == 1);
        CHECK(found.refused()[0].reason.find("copies is not safe") != std::string::npos);
    }
}

TEST_CASE("a link is followed, and held to the same rules") {
    scratch in;
    const fs::path elsewhere = in.root / "elsewhere";
    fs::create_directory(elsewhere);
    ::chmod(elsewhere.c_str(), 0755);
    fs::rename(in.take("whole"), elsewhere / "whole.so");
    fs::create_symlink("../elsewhere/whole.so", in.plugins / "linked.so");
    CHECK(in.scan().loaded().size() == 1);
    ::chmod(elsewhere.c_str(), 0777);
    const registry found = in.scan();
    REQUIRE(found.refused().size() == 1);
    CHECK(found.refused()[0].reason.find("elsewhere") != std::string::npos);
}

TEST_CASE("of two files with one id the first is taken and both are named") {
    scratch in;
    const auto first = in.take("whole", "a");
    const auto second = in.take("whole", "b");
    const registry found = in.scan();
    REQUIRE(found.loaded().size() == 1);
    CHECK(found.find("whole")->file == first);
    REQUIRE(found.refused().size() == 1);
    CHECK(found.refused()[0].file == second);
    CHECK(found.refused()[0].reason.find(first.string()) != std::string::npos);
    CHECK(found.refused()[0].reason.find(second.string()) != std::string::npos);
}

TEST_CASE("a missing folder is no error, and one bad file does not stop the others") {
    scratch in;
    in.write("aaa.so", "text");
    in.take("whole");
    in.write("zzz.so", "");
    const registry found = registry::scan({{in.root / "missing", in.plugins}, in.copies, "0.1.0"});
    CHECK(found.loaded().size() == 1);
    CHECK(found.refused().size() == 2);
}

TEST_CASE("writing over a plugin in use harms nothing, and the next scan sees the new one") {
    scratch in;
    const auto file = in.take("whole");
    const registry before = in.scan();
    const auto old = before.find("whole");
    REQUIRE(old);
    // As cp does: the same inode, truncated and written anew.
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes_of("other");
    CHECK(std::string(old->table->id.data, old->table->id.size) == "whole");
    CHECK(old->table->create != nullptr);
    const registry after = in.scan();
    CHECK(after.find("other") != nullptr);
    CHECK(after.find("other")->sha256 != old->sha256);
    // A half-written file is refused by both scans' rules, and the loaded code still stands.
    fs::resize_file(file, 1000);
    CHECK(in.scan().refused().size() == 1);
    void* instance = nullptr;
    CHECK(old->table->create(nullptr, nullptr, 0, &instance) == GATEPOST_OK);
}

TEST_CASE("a damaged copy is not used but written again") {
    scratch in;
    const auto file = in.take("whole");
    const auto first = gatepost::plugin::make_trusted_copy(file, in.copies);
    REQUIRE(first);
    const auto inode = [&] {
        struct stat facts{};
        REQUIRE(::stat(first->copy.c_str(), &facts) == 0);
        return facts.st_ino;
    };
    const auto before = inode();
    const auto again = gatepost::plugin::make_trusted_copy(file, in.copies);
    REQUIRE(again);
    CHECK(inode() == before);
    ::chmod(first->copy.c_str(), 0700);
    fs::resize_file(first->copy, 100);
    const auto repaired = gatepost::plugin::make_trusted_copy(file, in.copies);
    REQUIRE(repaired);
    const auto read = gatepost::read_small_file(repaired->copy, 64U << 20);
    REQUIRE(read);
    CHECK(*read == bytes_of("whole"));
}

TEST_CASE("a plugin in C that was loaded carries out a call") {
    scratch in;
    in.take("whole");
    const registry found = in.scan();
    const auto whole = found.find("whole");
    REQUIRE(whole);
    boost::asio::io_context io;
    gatepost::plugin::instance_options how;
    how.connection = "primary";
    how.executor = io.get_executor();
    auto made = gatepost::plugin::instance::create(whole, std::move(how));
    REQUIRE(made);
    gatepost::plugin::call_request request;
    request.carry = {3};
    int ended = 0;
    (*made)->start(std::move(request), [&](const gatepost::plugin::call_result& result) {
        ++ended;
        CHECK(result.attempt.recipients.at(0).index == 3);
        CHECK(result.verdict == gatepost::mail::verdict::rejected);
        CHECK(result.blame == gatepost::mail::blame::config);
    });
    io.poll();
    CHECK(ended == 1);
    gatepost::plugin::message_checks checks;
    CHECK(checks.ask("primary", whole, gatepost::secret("{}"), {}).empty());
}
