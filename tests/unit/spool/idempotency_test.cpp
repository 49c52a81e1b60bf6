// The Idempotency-Key: one message a key, whatever happens.
#include <set>

#include "base/limits.hpp"
#include "spool_kit.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

spool::idempotency key(const std::string& fingerprint, const std::string& scope = "uid:1") {
    return {scope, "the-key", fingerprint};
}

}  // namespace

TEST_CASE("the same key with the same content gives the same message, also after a restart") {
    bench spool;
    spool.open();
    const auto first =
        spool.try_accept(make_message(spool.next_id(), {"a@example.net"}), key("print"));
    REQUIRE(first.ok());
    CHECK_FALSE(first->replayed);
    for (int i = 0; i < 2; ++i) {
        const auto again =
            spool.try_accept(make_message(spool.next_id(), {"a@example.net"}), key("print"));
        REQUIRE(again.ok());
        CHECK(again->replayed);
        CHECK(again->id == first->id);
        spool.reopen();
    }
    CHECK(spool.list().size() == 1);
}

TEST_CASE("the same key with other content is refused, another caller's key is another key") {
    bench spool;
    spool.open();
    REQUIRE(spool.try_accept(make_message(spool.next_id(), {"a@example.net"}), key("print")).ok());
    const auto other =
        spool.try_accept(make_message(spool.next_id(), {"b@example.net"}), key("else"));
    REQUIRE_FALSE(other.ok());
    CHECK(other.error().kind == error_kind::idempotency_mismatch);
    CHECK(spool.try_accept(make_message(spool.next_id(), {"b@example.net"}), key("else", "uid:2"))
              .ok());
    CHECK(spool.list().size() == 2);
}

TEST_CASE("a key can be looked up without a message to accept") {
    bench spool;
    spool.open();
    const auto first =
        spool.try_accept(make_message(spool.next_id(), {"a@example.net"}), key("print"));
    const auto find = [&](const spool::idempotency& what) {
        awaited<std::optional<mail_id>> answer;
        spool->find_key(what, answer.callback());
        return answer.get();
    };
    CHECK(*find(key("print")) == first->id);
    CHECK(find(key("else")).error().kind == error_kind::idempotency_mismatch);
    CHECK_FALSE(*find(key("print", "uid:2")));
    spool.clock.advance(limits::idempotency_time);
    CHECK_FALSE(*find(key("print")));
}

TEST_CASE("32 twins at once become one message") {
    bench spool;
    spool.open();
    std::vector<awaited<spool::accept_answer>> answers(32);
    for (auto& each : answers) {
        spool->accept({std::make_shared<const mail::message>(
                           make_message(spool.next_id(), {"a@example.net"})),
                       1, "outbox", key("print")},
                      each.callback());
    }
    std::set<mail_id> ids;
    int fresh = 0;
    for (auto& each : answers) {
        const auto answer = each.get();
        REQUIRE(answer.ok());
        ids.insert(answer->id);
        fresh += answer->replayed ? 0 : 1;
    }
    CHECK(ids.size() == 1);
    CHECK(fresh == 1);
    CHECK(spool.waiting().size() == 1);
}

TEST_CASE("a key is free again after its time, and the sweep forgets it") {
    bench spool;
    spool.open();
    const auto first =
        spool.try_accept(make_message(spool.next_id(), {"a@example.net"}), key("print"));
    spool.clock.advance(limits::idempotency_time - std::chrono::seconds{1});
    spool.sweep();
    CHECK(spool.try_accept(make_message(spool.next_id(), {"a@example.net"}), key("print"))->id ==
          first->id);
    spool.clock.advance(std::chrono::seconds{1});
    spool.sweep();
    const auto later =
        spool.try_accept(make_message(spool.next_id(), {"a@example.net"}), key("else"));
    REQUIRE(later.ok());
    CHECK_FALSE(later->replayed);
}

TEST_CASE("a refused send does not use its key up") {
    bench spool;
    spool.open();
    const mail_id id = spool.accept({"a@example.net"});
    // The id is taken: an internal refusal inside the transaction.
    CHECK_FALSE(spool.try_accept(make_message(id, {"b@example.net"}), key("print")).ok());
    const auto again =
        spool.try_accept(make_message(spool.next_id(), {"b@example.net"}), key("else"));
    REQUIRE(again.ok());
    CHECK_FALSE(again->replayed);
}
