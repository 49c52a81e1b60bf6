// Contents in memory and in files behave alike; a file that was cut is an error, not a short mail.
#include "mail/content.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "mail/message.hpp"
#include "mail/verdict.hpp"
#include "support/catch.hpp"

namespace {

using namespace gatepost;
using namespace gatepost::mail;

struct temporary_file {
    std::filesystem::path path;
    explicit temporary_file(const std::string& bytes) {
        std::string name = (std::filesystem::temp_directory_path() / "gatepost-XXXXXX").string();
        const int fd = ::mkstemp(name.data());
        REQUIRE(fd >= 0);
        ::close(fd);
        path = name;
        std::ofstream(path, std::ios::binary) << bytes;
    }
    ~temporary_file() { std::filesystem::remove(path); }
};

TEST_CASE("A content in a file and one in memory give the same bytes and slices") {
    const temporary_file file("xx0123456789yy");
    for (const content& each :
         {content::from_string("0123456789"), content::from_file(file.path, 2, 10)}) {
        CHECK(each.size() == 10);
        CHECK(*each.read_all() == "0123456789");
        CHECK(*each.slice(3, 4).read_all() == "3456");
        CHECK(*each.slice(3, 4).slice(1, 100).read_all() == "456");
        CHECK(each.slice(11, 1).size() == 0);
        char window[4];
        CHECK(*each.read(8, window) == 2);
        CHECK(*each.read(10, window) == 0);
    }
    CHECK(content::from_string("ab").in_memory());
    CHECK(content::from_string("ab").slice(1, 1).view() == "b");
    CHECK_FALSE(content::from_file(file.path, 0, 1).in_memory());
    CHECK(content::from_file(file.path, 0, 1).path() == file.path);
    CHECK(content().size() == 0);
    CHECK(*content().read_all() == "");
}

TEST_CASE("An opened content outlives its file's name") {
    content kept;
    {
        const temporary_file file("still here");
        kept = content::from_file(file.path, 0, 10);
        CHECK(*kept.slice(0, 1).read_all() == "s");
    }
    CHECK(*kept.read_all() == "still here");
}

TEST_CASE("A missing or shortened file is an error in words") {
    const auto missing = content::from_file("/nonexistent/file", 0, 1).read_all();
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == error_kind::io);
    const temporary_file file("short");
    const auto cut = content::from_file(file.path, 0, 100).read_all();
    REQUIRE_FALSE(cut);
    CHECK(cut.error().detail.find("shorter") != std::string::npos);
}

TEST_CASE("A writer in memory gives back what was written") {
    const auto writer = memory_content()();
    REQUIRE(writer->write("one "));
    REQUIRE(writer->write("two"));
    CHECK(writer->size() == 7);
    const auto made = writer->finish();
    REQUIRE(made);
    CHECK(made->view() == "one two");
}

TEST_CASE("Verdicts and blames are read back as they are written") {
    for (const verdict each :
         {verdict::accepted, verdict::deferred, verdict::rejected, verdict::unknown})
        CHECK(parse_verdict(to_string(each)) == each);
    for (int i = 0; i <= static_cast<int>(blame::plugin); ++i)
        CHECK(parse_blame(to_string(static_cast<blame>(i))) == static_cast<blame>(i));
    CHECK_FALSE(parse_verdict("maybe"));
    CHECK_FALSE(parse_blame(""));
    CHECK(to_string(static_cast<verdict>(99)).empty());
}

TEST_CASE("Header names that the gateway or the envelope writes are not the caller's") {
    for (const char* name :
         {"From", "BCC", "date", "Message-Id", "Content-Type", "content-anything", "Resent-To",
          "Return-Path", "Received", "DKIM-Signature", "To"})
        CHECK(is_reserved_header(name));
    for (const char* name : {"X-Campaign", "References", "In-Reply-To", "List-Unsubscribe", "Resen",
                             "Content", "Frome"})
        CHECK_FALSE(is_reserved_header(name));
    CHECK(is_header_name("X-Campaign"));
    CHECK(is_header_name(std::string(76, 'x')));
    for (const std::string& bad :
         {std::string(), std::string("a b"), std::string("a:b"), std::string("a\r"),
          std::string("\xC3\xBC"), std::string(77, 'x')})
        CHECK_FALSE(is_header_name(bad));
}

}  // namespace
