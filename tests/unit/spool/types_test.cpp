// The fold, the state's transitions and its bytes: pure.
#include "spool/types.hpp"

#include "base/limits.hpp"
#include "spool/state.hpp"
#include "spool_kit.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using spool::message_status;

namespace {

message_status fold(std::vector<recipient_state> states, bool scheduled = false) {
    return spool::fold(states, scheduled);
}

spool::message_state two_recipients() {
    return spool::first_state(make_message({7}, {"a@example.net", "b@example.net"}), 1000, "outbox",
                              start_of_time(), limits::message_lifetime);
}

}  // namespace

TEST_CASE("a message's status is what still moves, then what it came to") {
    using s = recipient_state;
    CHECK(fold({s::queued}) == message_status::queued);
    CHECK(fold({s::queued}, true) == message_status::scheduled);
    CHECK(fold({s::sent, s::sending, s::queued}) == message_status::sending);
    CHECK(fold({s::sent, s::queued}) == message_status::queued);
    CHECK(fold({s::sent, s::unknown}) == message_status::unknown);
    CHECK(fold({s::sent, s::held}) == message_status::held);
    CHECK(fold({s::sent, s::sent}) == message_status::sent);
    CHECK(fold({s::sent, s::failed}) == message_status::partial);
    CHECK(fold({s::sent, s::cancelled}) == message_status::partial);
    CHECK(fold({s::failed, s::expired}) == message_status::failed);
    CHECK(fold({s::expired, s::cancelled}) == message_status::expired);
    CHECK(fold({s::cancelled}) == message_status::cancelled);
}

TEST_CASE("every status has a name that leads back to it") {
    for (int i = 0; i <= static_cast<int>(message_status::cancelled); ++i) {
        const auto status = static_cast<message_status>(i);
        CHECK(spool::parse_message_status(to_string(status)) == status);
    }
    CHECK_FALSE(spool::parse_message_status("lost"));
    CHECK(to_string(recipient_state::held) == "held");
}

TEST_CASE("a state survives its bytes, and no change of the bytes goes unseen") {
    auto state = two_recipients();
    const auto answer = apply_start(state, {{7}, "other", {0, 1}}, start_of_time());
    REQUIRE(answer.recipients.size() == 2);
    auto deferred = change(0, recipient_state::queued, mail::verdict::deferred);
    deferred.result.retry_after = std::chrono::milliseconds{1500};
    deferred.result.code = -451;
    REQUIRE(apply_record(state, {{7}, 1, {deferred}, start_of_time(), "token", start_of_time()},
                         start_of_time())
                .ok());
    const std::string bytes = encode_state(state);
    const auto back = spool::decode_state(bytes);
    REQUIRE(back);
    CHECK(encode_state(*back) == bytes);
    CHECK(back->connection == "other");
    CHECK(back->recipients[0].last->code == -451);
    CHECK(back->recipients[0].last->retry_after == std::chrono::milliseconds{1500});
    CHECK(back->recipients[1].state == recipient_state::unknown);  // the record forgot it
    CHECK(back->lookup_state == "token");
    for (size_t i = 0; i < bytes.size(); ++i) {
        std::string flipped = bytes;
        flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
        CHECK_FALSE(spool::decode_state(flipped));
        CHECK_FALSE(spool::decode_state(bytes.substr(0, i)));
    }
}

TEST_CASE("after an unknown outcome the next attempt is marked as a possible duplicate") {
    auto state = two_recipients();
    apply_start(state, {{7}, "outbox", {0}}, start_of_time());
    CHECK_FALSE(due_of(state));  // while an attempt runs nothing is handed out
    CHECK(apply_recovery(state, start_of_time(), std::chrono::minutes{5}, mail::unknown_rule::retry,
                         {}) == 1);
    CHECK(state.recipients[0].state == recipient_state::unknown);
    CHECK_FALSE(state.recipients[0].possible_duplicate);
    CHECK(due_of(state) == start_of_time() + std::chrono::minutes{5});
    apply_start(state, {{7}, "outbox", {0, 1}}, start_of_time());
    CHECK(state.recipients[0].possible_duplicate);
    CHECK_FALSE(state.recipients[1].possible_duplicate);
    CHECK(state.unknown_attempts == 1);
}

TEST_CASE(
    "a verdict that comes late for a lost attempt is believed, but not over a newer attempt") {
    auto state = two_recipients();
    apply_start(state, {{7}, "outbox", {0, 1}}, start_of_time());
    apply_recovery(state, start_of_time(), {}, mail::unknown_rule::hold, {});
    CHECK(state.recipients[0].state == recipient_state::held);
    const auto sent = change(0, recipient_state::sent, mail::verdict::accepted);
    const auto late = change(1, recipient_state::failed, mail::verdict::rejected);
    SECTION("held by the rule") {
        REQUIRE(apply_record(state, {{7}, 1, {sent, late}, {}, "", {}}, start_of_time()).ok());
        CHECK(state.recipients[0].state == recipient_state::sent);
        CHECK(state.recipients[1].state == recipient_state::failed);
    }
    SECTION("tried again meanwhile") {
        REQUIRE(apply_retry(state, {}, limits::message_lifetime, start_of_time()).ok());
        CHECK(apply_start(state, {{7}, "outbox", {1}}, start_of_time()).attempt == 2);
        REQUIRE(apply_record(state, {{7}, 1, {sent, late}, {}, "", {}}, start_of_time()).ok());
        CHECK(state.recipients[0].state == recipient_state::sent);
        CHECK(state.recipients[1].state == recipient_state::sending);
    }
}

TEST_CASE(
    "when its time is over only what nobody can have got is expired, what is in doubt is held") {
    auto state = two_recipients();
    apply_start(state, {{7}, "outbox", {0}}, start_of_time());
    apply_recovery(state, start_of_time(), {}, mail::unknown_rule::retry, {});
    SECTION("unknown") {
        CHECK(state.recipients[0].state == recipient_state::unknown);
    }
    SECTION("wished for again by a person, and not yet tried") {
        REQUIRE(apply_retry(state, {}, limits::message_lifetime, start_of_time()).ok());
        CHECK(state.recipients[0].state == recipient_state::queued);
    }
    const auto end = start_of_time() + limits::message_lifetime;
    CHECK_FALSE(apply_expire(state, end - std::chrono::milliseconds{1}));
    CHECK(apply_expire(state, end));
    CHECK(state.recipients[0].state == recipient_state::held);
    CHECK(state.recipients[1].state == recipient_state::expired);
}

TEST_CASE("attempts of this process that still run are left alone by a recovery") {
    auto state = two_recipients();
    apply_start(state, {{7}, "outbox", {0}}, start_of_time());
    apply_start(state, {{7}, "outbox", {1}}, start_of_time());
    CHECK(apply_recovery(state, start_of_time(), {}, mail::unknown_rule::retry, {2}) == 1);
    CHECK(state.recipients[0].state == recipient_state::unknown);
    CHECK(state.recipients[1].state == recipient_state::sending);
}
