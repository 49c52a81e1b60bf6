// file/1 write: durable or not there at all, never a half, and the ledger always tells the truth.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <thread>

#include "base/limits.hpp"
#include "fake_host.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

struct write_order {
    std::string path, temp;
    std::vector<gatepost_segment> segments;
    uint32_t required = 0, flags = 0, mode = 0;
};

gatepost_status start_write(stage& on, heard& answer, const write_order& what) {
    const gatepost_file_write request{
        sizeof request, what.required,         what.flags, what.mode, str(what.temp),
        str(what.path), list_of(what.segments)};
    return on.ask(answer, [&](gatepost_done done, void* user, gatepost_operation* id) {
        return on.table<gatepost_file>("gatepost.file/1")
            .write(on.host(), on.call, &request, done, user, id);
    });
}

heard write(stage& on, const write_order& what) {
    heard answer;
    const auto status = start_write(on, answer, what);
    if (status == GATEPOST_OK)
        on.until([&] { return answer.done(); });
    else
        answer.status = status;
    return answer;
}

struct maildir {
    temp_folder root;
    maildir() {
        std::filesystem::create_directory(root / "tmp");
        std::filesystem::create_directory(root / "new");
    }
    std::vector<std::string> folders() const { return {root.path().string()}; }
    std::string in(const std::string& below) const { return (root / below).string(); }
    bool empty() const { return files_in(root / "tmp") == 0 && files_in(root / "new") == 0; }
};

unsigned mode_of(const std::string& path) {
    struct stat facts{};
    REQUIRE(::stat(path.c_str(), &facts) == 0);
    return facts.st_mode & 07777U;
}

}  // namespace

TEST_CASE("a mail is filed through tmp into new, and the outcome is known") {
    const maildir box;
    stage on(box.folders());
    const heard answer = write(on, {box.in("new/1"),
                                    box.in("tmp/1"),
                                    {bytes_segment("Subject: x\r\n\r\n"), bytes_segment("hello")},
                                    GATEPOST_COMMITS});
    CHECK(answer.status == GATEPOST_OK);
    CHECK(answer.text.empty());
    CHECK(answer.length == 19);
    CHECK(answer.times == 1);
    CHECK(answer.operation == answer.finished);
    CHECK(read_file(box.in("new/1")) == "Subject: x\r\n\r\nhello");
    CHECK(mode_of(box.in("new/1")) == 0600);
    CHECK(files_in(box.in("tmp")) == 0);
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
}

TEST_CASE("a write that does not commit leaves the ledger alone") {
    const maildir box;
    stage on(box.folders());
    CHECK(write(on, {box.in("note"), "", {bytes_segment("x")}}).status == GATEPOST_OK);
    CHECK(read_file(box.in("note")) == "x");
    CHECK(files_in(box.root.path()) == 3);  // no temp beside it
    CHECK(on.ledger() == ledger_marks{});
}

TEST_CASE("an empty file, and one of many windows from a body on disk, arrive whole") {
    const maildir box;
    const temp_folder spool;
    std::string bytes;
    for (int i = 0; bytes.size() < 300'000; ++i)
        bytes += std::to_string(i) + " ";
    write_file(spool / "content", bytes);
    stage on(box.folders(),
             {with_attachment(mail::content::from_file(spool / "content", 0, bytes.size()))});
    CHECK(write(on, {box.in("new/empty"), "", {}}).length == 0);
    CHECK(read_file(box.in("new/empty")).empty());

    gatepost_body_request request{sizeof request,         0, GATEPOST_BODY_PART, 2,
                                  GATEPOST_FORM_IDENTITY, 0};
    const heard body = on.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return on.table<gatepost_body>("gatepost.body/1")
            .open(on.host(), on.call, &request, done, user, id);
    });
    REQUIRE(body.status == GATEPOST_OK);
    const heard answer =
        write(on, {box.in("new/big"),
                   box.in("tmp/big"),
                   {bytes_segment("head|"), body_segment(body.handle), bytes_segment("|tail")}});
    CHECK(answer.status == GATEPOST_OK);
    CHECK(read_file(box.in("new/big")) == "head|" + bytes + "|tail");
}

TEST_CASE("the plugin's bytes may go as soon as the write has begun") {
    const maildir box;
    stage on(box.folders());
    heard answer;
    {
        const auto bytes = std::make_unique<std::string>(100'000, 'b');
        REQUIRE(start_write(on, answer, {box.in("new/1"), "", {bytes_segment(*bytes)}}) ==
                GATEPOST_OK);
    }
    REQUIRE(on.until([&] { return answer.done(); }));
    CHECK(read_file(box.in("new/1")) == std::string(100'000, 'b'));
}

TEST_CASE("a file that is there is replaced only when the request says so") {
    const maildir box;
    write_file(box.in("new/1"), "old");
    stage on(box.folders());
    const heard refused =
        write(on, {box.in("new/1"), box.in("tmp/1"), {bytes_segment("new")}, GATEPOST_COMMITS});
    CHECK(refused.status == GATEPOST_EXISTS);
    CHECK(refused.text.find(box.in("new/1")) != std::string::npos);
    CHECK(read_file(box.in("new/1")) == "old");
    CHECK(files_in(box.in("tmp")) == 0);
    CHECK(on.ledger() == ledger_marks{1, 1, 1});  // what became of it is known: nothing

    CHECK(
        write(on,
              {box.in("new/1"), box.in("tmp/1"), {bytes_segment("new")}, 0, GATEPOST_FILE_REPLACE})
            .status == GATEPOST_OK);
    CHECK(read_file(box.in("new/1")) == "new");
}

TEST_CASE("what fails before the rename was certainly not taken over, and leaves nothing") {
    const maildir box;
    stage on(box.folders());
    SECTION("no such folder") {
        const heard answer =
            write(on, {box.in("gone/1"), "", {bytes_segment("x")}, GATEPOST_COMMITS});
        CHECK(answer.status == GATEPOST_NOT_FOUND);
        CHECK(answer.text.find(box.in("gone")) != std::string::npos);
        CHECK(answer.text.find("No such file or directory") != std::string::npos);
    }
    SECTION("no such temp folder") {
        CHECK(write(on, {box.in("new/1"), box.in("gone/1"), {bytes_segment("x")}, GATEPOST_COMMITS})
                  .status == GATEPOST_NOT_FOUND);
    }
    SECTION("a name that is too long") {
        const heard answer = write(on, {box.in("new/" + std::string(300, 'n')),
                                        box.in("tmp/" + std::string(300, 'n')),
                                        {bytes_segment("x")},
                                        GATEPOST_COMMITS});
        CHECK(answer.status == GATEPOST_FAILED);
    }
    CHECK(on.ledger() == ledger_marks{});
    CHECK(box.empty());
}

TEST_CASE("content that breaks off on its way leaves no file") {
    const maildir box;
    const temp_folder spool;
    write_file(spool / "content", std::string(100'000, 'x'));
    stage on(box.folders(),
             {with_attachment(mail::content::from_file(spool / "content", 0, 200'000))});
    gatepost_body_request request{sizeof request,         0, GATEPOST_BODY_PART, 2,
                                  GATEPOST_FORM_IDENTITY, 0};
    const heard body = on.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return on.table<gatepost_body>("gatepost.body/1")
            .open(on.host(), on.call, &request, done, user, id);
    });
    const heard answer = write(
        on, {box.in("new/1"), box.in("tmp/1"), {body_segment(body.handle)}, GATEPOST_COMMITS});
    CHECK(answer.status == GATEPOST_FAILED);
    CHECK(on.ledger() == ledger_marks{});
    CHECK(box.empty());
}

TEST_CASE("a target that is a folder stops the rename, and the ledger knows how it ended") {
    const maildir box;
    std::filesystem::create_directory(box.in("new/1"));
    stage on(box.folders());
    const heard answer = write(on, {box.in("new/1"),
                                    box.in("tmp/1"),
                                    {bytes_segment("x")},
                                    GATEPOST_COMMITS,
                                    GATEPOST_FILE_REPLACE});
    CHECK(answer.status == GATEPOST_FAILED);
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
    CHECK(files_in(box.in("tmp")) == 0);
}

TEST_CASE("what a crash left under the temp name is neither overwritten nor in the way") {
    const maildir box;
    write_file(box.in("tmp/1"), "half a mail of long ago");
    stage on(box.folders());
    CHECK(write(on, {box.in("new/1"), box.in("tmp/1"), {bytes_segment("whole")}}).status ==
          GATEPOST_OK);
    CHECK(read_file(box.in("new/1")) == "whole");
    CHECK(read_file(box.in("tmp/1")) == "half a mail of long ago");
    CHECK(files_in(box.in("tmp")) == 1);
}

TEST_CASE("permission bits are those that were asked for, whatever the umask says") {
    const maildir box;
    stage on(box.folders());
    const mode_t before = ::umask(077);
    write(on, {box.in("new/1"), "", {bytes_segment("x")}, 0, 0, 0640});
    write(on, {box.in("new/2"), "", {bytes_segment("x")}});
    ::umask(before);
    CHECK(mode_of(box.in("new/1")) == 0640);
    CHECK(mode_of(box.in("new/2")) == 0600);
    CHECK(write(on, {box.in("new/3"), "", {}, 0, 0, 04755}).status == GATEPOST_INVALID);
}

TEST_CASE("a write that is cancelled before its rename leaves nothing and no mark") {
    const maildir box;
    stage on(box.folders());
    heard answer;
    REQUIRE(
        start_write(on, answer,
                    {box.in("new/1"), box.in("tmp/1"), {bytes_segment("x")}, GATEPOST_COMMITS}) ==
        GATEPOST_OK);
    on.cancel(answer.operation);  // the loop has not turned: no rename was decided
    REQUIRE(on.until([&] { return answer.done(); }));
    CHECK(answer.status == GATEPOST_CANCELLED);
    CHECK(on.ledger() == ledger_marks{});
    CHECK(box.empty());
}

TEST_CASE("a write whose rename is decided cannot be cancelled any more") {
    const maildir box;
    stage on(box.folders());
    heard answer;
    REQUIRE(
        start_write(on, answer,
                    {box.in("new/1"), box.in("tmp/1"), {bytes_segment("x")}, GATEPOST_COMMITS}) ==
        GATEPOST_OK);
    REQUIRE(on.until([&] { return on.ledger().begun == 1; }));
    CHECK(on.ledger().written == 1);
    on.cancel(answer.operation);
    REQUIRE(on.until([&] { return answer.done(); }));
    CHECK(answer.status == GATEPOST_OK);
    CHECK(read_file(box.in("new/1")) == "x");
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
}

TEST_CASE("a call that ended before the decision gets no rename: its mail is not filed later") {
    const maildir box;
    stage on(box.folders());
    heard answer;
    REQUIRE(
        start_write(on, answer,
                    {box.in("new/1"), box.in("tmp/1"), {bytes_segment("x")}, GATEPOST_COMMITS}) ==
        GATEPOST_OK);
    on.instance->end_call(on.call);  // at its deadline, say: the ledger has no mark
    on.until([&] { return box.empty() && on.loop->poll() == 0; });
    on.services->stop();
    on.turn_once();
    CHECK(answer.times == 0);
    CHECK(box.empty());
}

TEST_CASE("writes that are under way when the services stop are answered") {
    const maildir box;
    stage on(box.folders());
    std::vector<heard> answers(20);
    for (size_t i = 0; i < answers.size(); ++i)
        REQUIRE(
            start_write(
                on, answers[i],
                {box.in("new/" + std::to_string(i)), "", {bytes_segment("x")}, GATEPOST_COMMITS}) ==
            GATEPOST_OK);
    on.services->stop();
    for (heard& each : answers)
        REQUIRE(on.until([&] { return each.done(); }));
    CHECK(box.empty());  // the loop stood still: nothing was decided
    CHECK(on.ledger().begun == on.ledger().answered);
    heard late;
    REQUIRE(start_write(on, late, {box.in("new/late"), "", {}}) == GATEPOST_OK);
    REQUIRE(on.until([&] { return late.done(); }));
    CHECK(late.status == GATEPOST_FAILED);
}

TEST_CASE("many writes at once share the syncs of their folder, and all arrive") {
    const maildir box;
    stage on(box.folders());
    constexpr size_t count = 300;
    std::vector<heard> answers(count);
    for (size_t i = 0; i < count; ++i) {
        const std::string name = std::to_string(i);
        REQUIRE(start_write(on, answers[i],
                            {box.in("new/" + name),
                             box.in("tmp/" + name),
                             {bytes_segment(name)},
                             GATEPOST_COMMITS}) == GATEPOST_OK);
    }
    for (heard& each : answers)
        REQUIRE(on.until([&] { return each.done(); }));
    CHECK(std::ranges::all_of(
        answers, [](const heard& each) { return each.times == 1 && each.status == GATEPOST_OK; }));
    CHECK(files_in(box.in("new")) == count);
    CHECK(read_file(box.in("new/299")) == "299");
    CHECK(on.ledger() == ledger_marks{count, count, count});
    CHECK(on.services->folder_syncs() <= count);
}

TEST_CASE("write requests that make no sense are refused at once") {
    const maildir box;
    stage on(box.folders());
    const auto status = [&](const write_order& what) {
        const heard answer = write(on, what);
        CHECK(answer.times == 0);
        return answer.status;
    };
    CHECK(status({box.in("new/1"), "", {}, 4}) == GATEPOST_UNSUPPORTED);
    CHECK(status({"new/1", "", {}}) == GATEPOST_INVALID);
    CHECK(status({"", "", {}}) == GATEPOST_INVALID);
    CHECK(status({box.in("new/../../1"), "", {}}) == GATEPOST_INVALID);
    CHECK(status({box.in("new/1/"), "", {}}) == GATEPOST_INVALID);
    CHECK(status({box.in(std::string("new/1\0x", 7)), "", {}}) == GATEPOST_INVALID);
    CHECK(status({box.in("new/1"), "tmp/1", {}}) == GATEPOST_INVALID);
    CHECK(status({box.in("new/1"), "", {body_segment(7)}}) == GATEPOST_NOT_FOUND);
    CHECK(box.empty());
}

// How many small mails a second pass, at the concurrency of a connection; run by hand with
// `unit_services "[.measure]"`.
TEST_CASE("small mails filed per second", "[.measure]") {
    const std::string mail(4096, 'm');
    for (const int at_once : {1, 4, 16, 32}) {
        const maildir box;
        stage on(box.folders());
        std::vector<heard> answers(static_cast<size_t>(at_once));
        size_t next = 0;
        const auto file_one = [&](heard& into) {
            into = {};
            const std::string name = std::to_string(next++);
            start_write(on, into,
                        {box.in("new/" + name),
                         box.in("tmp/" + name),
                         {bytes_segment(mail)},
                         GATEPOST_COMMITS});
        };
        const auto began = std::chrono::steady_clock::now();
        std::ranges::for_each(answers, file_one);
        size_t filed = 0;
        while (std::chrono::steady_clock::now() - began < std::chrono::seconds(2)) {
            on.loop->restart();
            on.loop->run_one_for(std::chrono::milliseconds(20));
            for (heard& each : answers) {
                if (!each.done()) continue;
                REQUIRE(each.status == GATEPOST_OK);
                ++filed;
                file_one(each);
            }
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        for (heard& each : answers)
            REQUIRE(on.until([&] { return each.done(); }));
        std::cout << at_once << " at once: " << static_cast<int>(double(filed) / took.count())
                  << " files/s, " << on.services->folder_syncs() << " folder syncs for " << next
                  << " files\n";
    }
}
