// The small blobs of connections: on disk when the callback says so, there again after a restart.
#include <sqlite3.h>

#include "failing_disk.hpp"
#include "spool_kit.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

using rows = std::map<std::string, std::string>;

result<success> put(bench& spool, const std::string& name, const std::string& bytes) {
    awaited<success> answer;
    spool->put_token(name, bytes, answer.callback());
    return answer.get();
}

rows all(bench& spool) {
    awaited<rows> answer;
    spool->tokens(answer.callback());
    auto read = answer.get();
    REQUIRE(read.ok());
    return *read;
}

}  // namespace

TEST_CASE("a token is there after a restart, as its newest bytes, until it is forgotten") {
    bench spool;
    spool.open();
    CHECK(all(spool).empty());
    const std::string bytes("\0\xff sealed", 9);
    REQUIRE(put(spool, "office", "first").ok());
    REQUIRE(put(spool, "office", bytes).ok());
    REQUIRE(put(spool, "gmail", std::string(20'000, 'x')).ok());
    spool.reopen();
    CHECK(all(spool) == rows{{"office", bytes}, {"gmail", std::string(20'000, 'x')}});
    REQUIRE(put(spool, "office", "").ok());
    REQUIRE(put(spool, "nobody", "").ok());
    spool.reopen();
    CHECK(all(spool) == rows{{"gmail", std::string(20'000, 'x')}});
}

TEST_CASE("many at once share commits, and the last of each wins") {
    bench spool;
    spool.open();
    std::vector<awaited<success>> answers(200);
    for (size_t i = 0; i < answers.size(); ++i)
        spool->put_token("c" + std::to_string(i % 4), std::to_string(i), answers[i].callback());
    for (auto& each : answers)
        CHECK(each.get().ok());
    spool.reopen();
    CHECK(all(spool) == rows{{"c0", "196"}, {"c1", "197"}, {"c2", "198"}, {"c3", "199"}});
}

TEST_CASE("a spool from before there were tokens gets the table, and keeps its mail") {
    bench spool;
    spool.open();
    const mail_id id = spool.accept({"a@example.net"});
    spool.close();
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open((spool.path() / "spool.db").c_str(), &handle) == SQLITE_OK);
    REQUIRE(sqlite3_exec(handle, "DROP TABLE token", nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
    spool.open();
    CHECK(spool.show(id).ok());
    REQUIRE(put(spool, "office", "sealed").ok());
    spool.reopen();
    CHECK(all(spool) == rows{{"office", "sealed"}});
}

TEST_CASE("a token whose commit failed was not promised; offered again, it is kept") {
    failing_disk::install();
    failing_disk::heal();
    bench spool(failing_disk::name);
    spool.open();
    REQUIRE(put(spool, "office", "old").ok());
    failing_disk::failing_log_syncs = 1;
    CHECK_FALSE(put(spool, "office", "new").ok());
    REQUIRE(spool.wait_for_health(false));
    failing_disk::heal();
    CHECK(all(spool) == rows{{"office", "old"}});
    REQUIRE(put(spool, "office", "new").ok());
    spool.reopen();
    CHECK(all(spool) == rows{{"office", "new"}});
}
