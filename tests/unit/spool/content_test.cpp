// Content files: made above the limit, on disk before the row, gone with their message.
#include <unistd.h>

#include <thread>

#include "base/limits.hpp"
#include "spool_kit.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

const std::string large(3 * limits::inline_content_bytes + 17, 'L');

mail::content write_content(bench& spool, const std::string& bytes) {
    auto writer = spool->contents()();
    for (size_t at = 0; at < bytes.size(); at += 50'000)
        REQUIRE(writer->write(std::string_view(bytes).substr(at, 50'000)).ok());
    auto done = writer->finish();
    REQUIRE(done.ok());
    REQUIRE(done->size() == bytes.size());
    return *done;
}

mail::message with_content(bench& spool, mail::content body) {
    auto mail = make_message(spool.next_id(), {"a@example.net"});
    mail.parts[0].body = std::move(body);
    return mail;
}

std::string loaded_body(bench& spool, mail_id id) {
    const auto loaded = spool.load(id);
    if (!loaded) return "(" + loaded.error().detail + ")";
    return *loaded->mail->parts[0].body.read_all();
}

// Files go on a thread of the spool's own.
bool comes_to(bench& spool, size_t files) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (spool.content_count() != files && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    return spool.content_count() == files;
}

}  // namespace

TEST_CASE("small content stays in memory and in the row") {
    bench spool;
    spool.open();
    const auto body = write_content(spool, std::string(limits::inline_content_bytes, 's'));
    CHECK(body.in_memory());
    const auto id = spool.try_accept(with_content(spool, body))->id;
    spool.reopen();
    CHECK(spool.content_count() == 0);
    CHECK(loaded_body(spool, id) == std::string(limits::inline_content_bytes, 's'));
}

TEST_CASE("large content is a file that survives a restart and goes with the sweep") {
    bench spool;
    spool.open();
    const auto body = write_content(spool, large);
    CHECK_FALSE(body.in_memory());
    const auto id = spool.try_accept(with_content(spool, body))->id;
    spool.reopen();
    CHECK(spool.content_count() == 1);
    CHECK(spool->recovery().orphans_removed == 0);
    CHECK(loaded_body(spool, id) == large);
    CHECK(spool.show(id)->bytes == large.size());
    spool.finish(id);
    spool.clock.advance(limits::keep_final);
    CHECK(spool.sweep() == 1);
    CHECK(spool.content_count() == 0);
}

TEST_CASE("a writer that is dropped takes its file with it") {
    bench spool;
    spool.open();
    {
        auto writer = spool->contents()();
        REQUIRE(writer->write(large).ok());
        CHECK(spool.content_count() == 1);
    }
    CHECK(spool.content_count() == 0);
}

TEST_CASE("content that nobody holds any more, and no message took, goes at once") {
    bench spool;
    spool.open();
    {
        const auto body = write_content(spool, large);
        const auto part = body.slice(5, 10);
        CHECK(spool.content_count() == 1);
    }
    CHECK(comes_to(spool, 0));
    // Refused: the id was given out before.
    auto mail = make_message(spool.next_id(), {"a@example.net"});
    REQUIRE(spool.try_accept(mail));
    mail.parts[0].body = write_content(spool, large);
    CHECK(spool.content_count() == 1);
    CHECK_FALSE(spool.try_accept(std::move(mail)));
    CHECK(comes_to(spool, 0));
}

TEST_CASE("content of a refused message stays for those who hold it") {
    bench spool;
    spool.open();
    auto mail = make_message(spool.next_id(), {"a@example.net"});
    REQUIRE(spool.try_accept(mail));
    const auto body = write_content(spool, large);
    mail.parts[0].body = body;
    REQUIRE_FALSE(spool.try_accept(mail));
    mail.id = spool.next_id();
    REQUIRE(spool.try_accept(std::move(mail)));
    CHECK(spool.content_count() == 1);
}

TEST_CASE("content that no message took is swept at start") {
    bench spool;
    spool.open();
    const auto held = write_content(spool, large);
    CHECK(spool.content_count() == 1);
    spool.reopen();
    CHECK(spool->recovery().orphans_removed == 1);
    CHECK(spool.content_count() == 0);
}

TEST_CASE("many small parts that are large together go to one file") {
    bench spool;
    spool.open();
    auto mail = make_message(spool.next_id(), {"a@example.net"});
    for (int i = 0; i < 5; ++i) {
        auto part = mail.parts[0];
        part.body = mail::content::from_string(std::string(100'000, static_cast<char>('a' + i)));
        mail.parts.push_back(part);
    }
    const auto id = spool.try_accept(std::move(mail))->id;
    CHECK(spool.content_count() == 1);
    spool.reopen();
    const auto loaded = spool.load(id);
    REQUIRE(loaded.ok());
    CHECK(*loaded->mail->parts[0].body.read_all() == "Hello\r\n");
    CHECK(*loaded->mail->parts[5].body.read_all() == std::string(100'000, 'e'));
}

TEST_CASE("a content of an earlier message, or of a stranger, is copied") {
    bench spool;
    spool.open();
    const auto body = write_content(spool, large);
    const auto first = spool.try_accept(with_content(spool, body))->id;
    const auto second = spool.try_accept(with_content(spool, body.slice(5, 300'000)))->id;
    CHECK(spool.content_count() == 2);
    spool.finish(first);
    spool.clock.advance(limits::keep_final);
    spool.sweep();
    CHECK(loaded_body(spool, second) == large.substr(5, 300'000));
}

TEST_CASE("parts of one upload share its file") {
    bench spool;
    spool.open();
    const auto body = write_content(spool, large);
    auto mail = with_content(spool, body.slice(0, 400'000));
    mail.parts.push_back(mail.parts[0]);
    mail.parts[1].body = body.slice(400'000, 100'000);
    const auto id = spool.try_accept(std::move(mail))->id;
    CHECK(spool.content_count() == 1);
    CHECK(spool.load(id)->mail->parts[1].body.offset() == 400'000);
}

TEST_CASE("the file of a replayed send is not kept") {
    bench spool;
    spool.open();
    const spool::idempotency key{"uid:1", "k", "print"};
    const auto first = spool.try_accept(with_content(spool, write_content(spool, large)), key);
    const auto again = spool.try_accept(with_content(spool, write_content(spool, large)), key);
    CHECK(again->replayed);
    spool.waiting();  // the writer is past the batch
    CHECK(spool.content_count() == 1);
    CHECK(loaded_body(spool, first->id) == large);
}

TEST_CASE("a message whose file is gone is held, and the others go on") {
    bench spool;
    spool.open();
    const auto id = spool.try_accept(with_content(spool, write_content(spool, large)))->id;
    const auto other = spool.accept({"b@example.net"});
    for (const auto& each : std::filesystem::directory_iterator(spool.path() / "contents"))
        REQUIRE(::truncate(each.path().c_str(), 1000) == 0);
    CHECK(contains(loaded_body(spool, id), "missing or cut"));
    CHECK(spool.show(id)->status == spool::message_status::held);
    CHECK(contains(spool.show(id)->recipients[0].last->text, "damaged"));
    REQUIRE(spool.waiting().size() == 1);
    CHECK(spool.waiting()[0].id == other);
}
