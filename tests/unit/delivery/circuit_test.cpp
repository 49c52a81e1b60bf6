#include "delivery/circuit.hpp"

#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::delivery;
using namespace std::chrono_literals;

namespace {

const mono_time now{1'000s};

mail::attempt_result says(mail::verdict verdict, mail::blame blame,
                          std::optional<std::chrono::milliseconds> retry_after = {}) {
    mail::attempt_result said;
    said.recipients.emplace_back();
    said.recipients[0].verdict = verdict;
    said.recipients[0].blame = blame;
    said.recipients[0].text = "because";
    said.recipients[0].retry_after = retry_after;
    return said;
}

mail::attempt_result deferred(mail::blame blame,
                              std::optional<std::chrono::milliseconds> retry_after = {}) {
    return says(mail::verdict::deferred, blame, retry_after);
}

}  // namespace

TEST_CASE("a refused key holds the connection: a minute, five, then half an hour") {
    circuit one;
    CHECK(one.may_begin(3, now));
    CHECK(one.heard(deferred(mail::blame::credential), now));
    CHECK(one.why() == "because");
    CHECK_FALSE(one.may_begin(0, now + 59s));
    CHECK(one.may_begin(0, now + 1min));
    CHECK_FALSE(one.may_begin(1, now + 1min));                              // one tries
    CHECK_FALSE(one.heard(deferred(mail::blame::credential), now + 1min));  // nothing new to tell
    CHECK_FALSE(one.may_begin(0, now + 5min));
    CHECK(one.may_begin(0, now + 6min));
    one.heard(deferred(mail::blame::credential), now + 6min);
    CHECK_FALSE(one.may_begin(0, now + 35min));
    CHECK(one.may_begin(0, now + 36min));
    CHECK(one.heard(says(mail::verdict::accepted, mail::blame::none), now + 36min));
    CHECK(one.may_begin(3, now + 36min));
    CHECK_FALSE(one.held());
}

TEST_CASE("those that had begun before do not make the wait longer") {
    circuit one;
    for (int i = 0; i < 20; ++i)
        one.heard(deferred(mail::blame::config), now + std::chrono::milliseconds(i));
    CHECK(one.until() == now + 1min);
}

TEST_CASE("what had begun before does not end the wait either") {
    circuit one;
    one.heard(deferred(mail::blame::quota, 1h), now);
    CHECK_FALSE(one.heard(says(mail::verdict::accepted, mail::blame::none), now + 1s));
    CHECK_FALSE(one.may_begin(0, now + 59min));
    CHECK(one.heard(says(mail::verdict::accepted, mail::blame::none), now + 1h));
    CHECK(one.may_begin(3, now + 1h));
}

TEST_CASE("who is told too much is believed when to come back") {
    circuit one;
    CHECK(one.heard(deferred(mail::blame::quota, 1h), now));
    CHECK(one.until() == now + 1h);
    one.heard(deferred(mail::blame::quota, 2h), now + 1s);
    CHECK(one.until() == now + 1s + 2h);
    circuit other;
    other.heard(deferred(mail::blame::quota), now);
    CHECK(other.until() == now + 5s);
}

TEST_CASE("what is wrong with a mail, its recipients or its sender holds nobody else") {
    for (const auto blame : {mail::blame::message, mail::blame::recipient, mail::blame::sender,
                             mail::blame::network, mail::blame::provider, mail::blame::plugin}) {
        circuit one;
        CHECK_FALSE(one.heard(deferred(blame, 1h), now));
        CHECK(one.may_begin(3, now));
    }
}

TEST_CASE("a provider that judges a mail works; one that was not reached proves nothing") {
    circuit one;
    one.heard(deferred(mail::blame::credential), now);
    CHECK_FALSE(one.heard(deferred(mail::blame::network), now + 1min));
    CHECK(one.held());
    CHECK_FALSE(one.heard(says(mail::verdict::unknown, mail::blame::provider), now + 1min));
    CHECK(one.heard(says(mail::verdict::rejected, mail::blame::recipient), now + 1min));
    CHECK_FALSE(one.held());
}

TEST_CASE("one recipient's quota is not the connection's while others are taken") {
    circuit one;
    auto said = deferred(mail::blame::quota);
    said.recipients.push_back(says(mail::verdict::accepted, mail::blame::none).recipients[0]);
    CHECK_FALSE(one.heard(said, now));
    CHECK_FALSE(one.held());
}
