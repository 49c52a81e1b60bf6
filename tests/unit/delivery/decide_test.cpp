#include "delivery/decide.hpp"

#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::delivery;
using namespace std::chrono_literals;
using spool::recipient_state;

namespace {

constexpr retry_policy policy{30s, 1h, 5min};
const wall_time now{1'700'000'000'000ms};

mail::recipient_result said(uint32_t index, mail::verdict verdict) {
    mail::recipient_result result;
    result.index = index;
    result.verdict = verdict;
    return result;
}

attempt_facts facts(size_t recipients) {
    attempt_facts made;
    made.id = mail_id{7};
    made.attempt = 1;
    made.now = now;
    made.expires_at = now + 48h;
    made.recipients_in_message = recipients;
    return made;
}

}  // namespace

TEST_CASE("each verdict has one state, and only open recipients are tried again") {
    const mail::attempt_result result{
        {said(0, mail::verdict::accepted), said(1, mail::verdict::rejected),
         said(2, mail::verdict::deferred), said(3, mail::verdict::unknown)},
        {},
        {}};
    const auto record = decide(facts(4), result, policy);
    REQUIRE(record.changes.size() == 4);
    CHECK(record.changes[0].state == recipient_state::sent);
    CHECK(record.changes[1].state == recipient_state::failed);
    CHECK(record.changes[2].state == recipient_state::queued);
    CHECK(record.changes[3].state == recipient_state::unknown);
    REQUIRE(record.next_attempt);
    CHECK(*record.next_attempt < now + 1min);  // the deferred one decides, not the unknown one
}

TEST_CASE("an unknown outcome is held where the rule says so, and nothing is tried") {
    attempt_facts held = facts(1);
    held.on_unknown = mail::unknown_rule::hold;
    const auto record = decide(held, {{said(0, mail::verdict::unknown)}, {}, {}}, policy);
    CHECK(record.changes[0].state == recipient_state::held);
    CHECK_FALSE(record.next_attempt);
}

TEST_CASE("an unknown outcome waits at least five minutes") {
    const auto record = decide(facts(1), {{said(0, mail::verdict::unknown)}, {}, {}}, policy);
    REQUIRE(record.next_attempt);
    CHECK(*record.next_attempt >= now + 5min);
}

TEST_CASE("what is sent after an unknown outcome is marked as a possible duplicate") {
    attempt_facts second = facts(1);
    second.after_unknown = true;
    CHECK(decide(second, {{said(0, mail::verdict::accepted)}, {}, {}}, policy)
              .changes[0]
              .possible_duplicate);
    CHECK_FALSE(decide(facts(1), {{said(0, mail::verdict::accepted)}, {}, {}}, policy)
                    .changes[0]
                    .possible_duplicate);
}

TEST_CASE(
    "a message whose time is over expires instead of waiting, but unknown never becomes expired") {
    attempt_facts late = facts(2);
    late.expires_at = now + 1s;
    const auto record =
        decide(late, {{said(0, mail::verdict::deferred), said(1, mail::verdict::unknown)}, {}, {}},
               policy);
    CHECK(record.changes[0].state == recipient_state::expired);
    CHECK(record.changes[1].state == recipient_state::held);
    CHECK_FALSE(record.next_attempt);
    late.after_unknown = true;  // an earlier attempt may have reached them
    CHECK(decide(late, {{said(0, mail::verdict::deferred)}, {}, {}}, policy).changes[0].state ==
          recipient_state::held);
}

TEST_CASE("a partly sent message goes on only through a provider with a separate envelope") {
    const mail::attempt_result partly{
        {said(0, mail::verdict::accepted), said(1, mail::verdict::deferred)}, {}, {}};
    CHECK(decide(facts(2), partly, policy).changes[1].state == recipient_state::queued);
    attempt_facts shared = facts(2);
    shared.separate_envelope = false;
    const auto record = decide(shared, partly, policy);
    CHECK(record.changes[1].state == recipient_state::held);
    CHECK(record.changes[1].result.text.find("held:") != std::string::npos);
    CHECK_FALSE(record.next_attempt);
    const mail::attempt_result none{
        {said(0, mail::verdict::deferred), said(1, mail::verdict::deferred)}, {}, {}};
    CHECK(decide(shared, none, policy).changes[1].state == recipient_state::queued);
}

TEST_CASE("a lookup changes only what it learnt, and sent mail is never tried again") {
    lookup_facts asked;
    asked.now = now;
    for (const auto state :
         {recipient_state::sent, recipient_state::sent, recipient_state::unknown,
          recipient_state::unknown, recipient_state::held, recipient_state::sent}) {
        asked.recipients.emplace_back();
        asked.recipients.back().state = state;
    }
    const auto learnt =
        decide_lookup(asked,
                      {{said(0, mail::verdict::accepted), said(1, mail::verdict::rejected),
                        said(2, mail::verdict::unknown), said(3, mail::verdict::deferred),
                        said(4, mail::verdict::accepted), said(5, mail::verdict::deferred),
                        said(9, mail::verdict::rejected)},
                       {},
                       {}},
                      policy);
    REQUIRE(learnt.changes.size() == 3);
    CHECK(learnt.changes[0].index == 1);
    CHECK(learnt.changes[0].state == recipient_state::failed);
    CHECK(learnt.changes[1].state == recipient_state::queued);
    CHECK(learnt.changes[2].state == recipient_state::sent);
    CHECK_FALSE(learnt.lookup_at);
    REQUIRE(learnt.next_attempt);
    CHECK(*learnt.next_attempt > now);
}

TEST_CASE("a lookup that could not be answered, and is to be asked again, learnt nothing") {
    lookup_facts asked;
    asked.now = now;
    asked.recipients.resize(2);
    asked.recipients[0].state = recipient_state::unknown;
    asked.recipients[1].state = recipient_state::sent;
    const auto learnt = decide_lookup(
        asked, {{said(0, mail::verdict::deferred), said(1, mail::verdict::deferred)}, {}, 1min},
        policy);
    CHECK(learnt.changes.empty());
    CHECK(learnt.lookup_at == now + 1min);
}

TEST_CASE("a lookup comes a second later at the earliest") {
    mail::attempt_result result{{}, "notes", 1ms};
    const auto learnt = decide_lookup({}, result, policy);
    CHECK(learnt.lookup_state == "notes");
    CHECK(learnt.lookup_at == wall_time{} + 1s);
}
