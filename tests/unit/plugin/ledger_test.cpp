// The table of DESIGN's certainty rules, and what is made of an outcome that is wrong.
#include "plugin/ledger.hpp"

#include <sys/mman.h>

#include <array>
#include <cstring>

#include "base/limits.hpp"
#include "support/catch.hpp"

using namespace gatepost::plugin;
using gatepost::mail::blame;
using gatepost::mail::verdict;

namespace {

const std::array<uint32_t, 3> three = {4, 5, 9};

case_file about(ledger_state state, call_kind kind = call_kind::send) {
    return {kind, three, state, std::nullopt};
}

gatepost_outcome said(uint32_t verdict) {
    gatepost_outcome made{};
    made.size = sizeof made;
    made.verdict = verdict;
    return made;
}

gatepost_recipient_result listed(uint32_t index, uint32_t verdict) {
    gatepost_recipient_result made{};
    made.index = index;
    made.verdict = verdict;
    return made;
}

gatepost_string str(std::string_view text) {
    return {text.data(), text.size()};
}

verdict all_of(const call_result& result) {
    CHECK(result.attempt.recipients.size() == 3);
    for (const auto& each : result.attempt.recipients)
        CHECK(each.verdict == result.verdict);
    return result.verdict;
}

}  // namespace

TEST_CASE("words are held against the ledger") {
    struct row {
        ledger_state ledger;
        uint32_t said;
        verdict becomes;
        bool fault;
    };
    using enum ledger_state;
    const row rows[] = {
        {none, GATEPOST_ACCEPTED, verdict::accepted, false},
        {none, GATEPOST_DEFERRED, verdict::deferred, false},
        {none, GATEPOST_REJECTED, verdict::rejected, false},
        {none, GATEPOST_UNKNOWN, verdict::unknown, false},
        {none, 0, verdict::deferred, true},
        {none, 99, verdict::deferred, true},
        {begun, GATEPOST_ACCEPTED, verdict::accepted, false},
        {begun, GATEPOST_DEFERRED, verdict::deferred, false},
        {begun, GATEPOST_REJECTED, verdict::rejected, false},
        {begun, GATEPOST_UNKNOWN, verdict::unknown, false},
        {begun, 99, verdict::deferred, true},
        {written, GATEPOST_ACCEPTED, verdict::accepted, false},
        {written, GATEPOST_DEFERRED, verdict::unknown, true},
        {written, GATEPOST_REJECTED, verdict::unknown, true},
        {written, GATEPOST_UNKNOWN, verdict::unknown, false},
        {written, 99, verdict::unknown, true},
        {answered, GATEPOST_ACCEPTED, verdict::accepted, false},
        {answered, GATEPOST_DEFERRED, verdict::deferred, false},
        {answered, GATEPOST_REJECTED, verdict::rejected, false},
        {answered, GATEPOST_UNKNOWN, verdict::unknown, false},
        {answered, 4'000'000'001U, verdict::unknown, true},
    };
    for (const row& each : rows) {
        CAPTURE(static_cast<int>(each.ledger), each.said);
        const auto outcome = said(each.said);
        const judgement found = judge(about(each.ledger), &outcome);
        CHECK(all_of(found.result) == each.becomes);
        CHECK(found.result.plugin_fault == each.fault);
        if (each.fault) CHECK(found.result.blame == blame::plugin);
    }
}

TEST_CASE("who says unknown of one recipient is believed about those refused before") {
    // RCPT 4 got its 550, 5 and 9 were accepted, then the peer died behind the dot.
    const std::array rows = {listed(5, GATEPOST_UNKNOWN), listed(9, GATEPOST_UNKNOWN)};
    gatepost_outcome outcome = said(GATEPOST_REJECTED);
    outcome.recipients = {rows.data(), 2, sizeof rows[0]};
    const judgement found = judge(about(ledger_state::written), &outcome);
    CHECK_FALSE(found.result.plugin_fault);
    CHECK(found.result.attempt.recipients[0].verdict == verdict::rejected);
    CHECK(found.result.attempt.recipients[1].verdict == verdict::unknown);

    const std::array stranger = {listed(77, GATEPOST_UNKNOWN)};
    outcome.recipients = {stranger.data(), 1, sizeof stranger[0]};
    const judgement denied = judge(about(ledger_state::written), &outcome);
    CHECK(denied.result.plugin_fault);
    CHECK(all_of(denied.result) == verdict::unknown);
}

TEST_CASE("without a usable word the ledger alone decides") {
    using enum ledger_state;
    for (const auto state : {none, begun, written, answered}) {
        const bool maybe = state == written || state == answered;
        const verdict expected = maybe ? verdict::unknown : verdict::deferred;
        CAPTURE(static_cast<int>(state));
        CHECK(all_of(judge_silence(about(state), true, blame::plugin, "x").result) == expected);

        auto odd = said(GATEPOST_ACCEPTED);
        odd.kind = 77;
        CHECK(all_of(judge(about(state), &odd).result) == expected);
        CHECK(judge(about(state), &odd).result.plugin_fault);
        auto brief = said(GATEPOST_ACCEPTED);
        brief.size = offsetof(gatepost_outcome, verdict);
        CHECK(all_of(judge(about(state), &brief).result) == expected);
        CHECK(judge(about(state), nullptr).result.plugin_fault);
        auto wild = said(GATEPOST_ACCEPTED);
        wild.recipients = {nullptr, 5, sizeof(gatepost_recipient_result)};
        CHECK(all_of(judge(about(state), &wild).result) == expected);
        const auto item = listed(4, GATEPOST_REJECTED);
        wild.recipients = {&item, 1, sizeof item - 8};
        CHECK(all_of(judge(about(state), &wild).result) == expected);

        auto stopped = said(0);
        stopped.kind = GATEPOST_OUTCOME_CANCELLED;
        auto asked = about(state);
        CHECK(judge(asked, &stopped).result.plugin_fault);  // nobody had asked
        for (const auto why :
             {cancel_reason::caller, cancel_reason::deadline, cancel_reason::shutdown}) {
            asked.cancelled = why;
            CHECK(all_of(judge(asked, &stopped).result) == expected);
            CHECK_FALSE(judge(asked, &stopped).result.plugin_fault);
        }
    }
}

TEST_CASE("a lookup that says nothing has learnt nothing") {
    const auto facts = about(ledger_state::none, call_kind::lookup);
    CHECK(all_of(judge_silence(facts, true, blame::plugin, "x").result) == verdict::unknown);
    auto outcome = said(0);
    outcome.kind = GATEPOST_OUTCOME_UNSUPPORTED;
    const auto found = judge(facts, &outcome).result;
    CHECK(found.unsupported);
    CHECK_FALSE(found.plugin_fault);
    CHECK(all_of(found) == verdict::unknown);
    CHECK(judge(about(ledger_state::none), &outcome).result.plugin_fault);  // cannot even send
}

TEST_CASE("requests in one call are counted: one answer does not answer two") {
    ledger book;
    CHECK(book.state() == ledger_state::none);
    book.answered();
    CHECK(book.state() == ledger_state::none);
    book.begun();
    CHECK(book.state() == ledger_state::begun);
    book.answered();  // an early refusal, before all was written
    CHECK(book.state() == ledger_state::begun);
    book.written();
    book.written();
    book.answered();
    CHECK(book.state() == ledger_state::written);
    book.answered();
    book.answered();
    CHECK(book.state() == ledger_state::answered);
    book.begun();
    CHECK(book.state() == ledger_state::answered);
    book.written();
    CHECK(book.state() == ledger_state::written);
}

TEST_CASE("results for single recipients go before the general verdict") {
    // A struct of a later SDK: longer than the host's.
    struct longer {
        gatepost_recipient_result known;
        char more[40];
    };
    const longer list[] = {{listed(9, GATEPOST_REJECTED), {}}, {listed(4, GATEPOST_DEFERRED), {}}};
    auto outcome = said(GATEPOST_ACCEPTED);
    outcome.recipients = {list, 2, sizeof(longer)};
    outcome.flags = GATEPOST_OUTCOME_CAPTURED;
    const auto found = judge(about(ledger_state::answered), &outcome).result;
    REQUIRE(found.attempt.recipients.size() == 3);
    CHECK(found.attempt.recipients[0].index == 4);
    CHECK(found.attempt.recipients[0].verdict == verdict::deferred);
    CHECK_FALSE(found.attempt.recipients[0].captured);
    CHECK(found.attempt.recipients[1].verdict == verdict::accepted);
    CHECK(found.attempt.recipients[1].captured);
    CHECK(found.attempt.recipients[2].verdict == verdict::rejected);
    CHECK_FALSE(found.plugin_fault);
}

TEST_CASE("a list of everyone needs no general verdict") {
    const gatepost_recipient_result list[] = {
        listed(4, GATEPOST_ACCEPTED), listed(5, GATEPOST_REJECTED), listed(9, GATEPOST_ACCEPTED)};
    auto outcome = said(0);
    outcome.recipients = {list, 3, sizeof list[0]};
    const auto found = judge(about(ledger_state::answered), &outcome).result;
    CHECK_FALSE(found.plugin_fault);
    CHECK(found.verdict == verdict::accepted);
    CHECK(found.attempt.recipients[1].verdict == verdict::rejected);
}

TEST_CASE("strange recipients and second results are left out, as the plugin's fault") {
    const gatepost_recipient_result list[] = {
        listed(4, GATEPOST_REJECTED), listed(4, GATEPOST_ACCEPTED), listed(7, GATEPOST_REJECTED)};
    auto outcome = said(GATEPOST_ACCEPTED);
    for (const uint32_t count : {2U, 3U}) {
        outcome.recipients = {list, count, sizeof list[0]};
        const auto found = judge(about(ledger_state::answered), &outcome).result;
        CHECK(found.plugin_fault);
        CHECK(found.attempt.recipients[0].verdict == verdict::rejected);
        CHECK(found.attempt.recipients[1].verdict == verdict::accepted);
    }
    // A count that is far from the truth is not followed.
    std::array<gatepost_recipient_result, 32> many{};
    outcome.recipients = {many.data(), 4'000'000'000U, sizeof many[0]};
    CHECK(judge(about(ledger_state::answered), &outcome).result.plugin_fault);
}

TEST_CASE("text is cleaned and cut, and a gigabyte of it is not read") {
    const size_t gigabyte = size_t{1} << 30;
    // Reserved, not readable behind the first page: touching more would end the test.
    auto* memory = static_cast<char*>(
        ::mmap(nullptr, gigabyte, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    REQUIRE(memory != MAP_FAILED);
    REQUIRE(::mprotect(memory, 4096, PROT_READ | PROT_WRITE) == 0);
    std::memset(memory, 'x', 4096);
    std::memcpy(memory, "a\r\nb\xff", 5);
    auto outcome = said(GATEPOST_DEFERRED);
    outcome.text = outcome.provider_message_id = outcome.advice = {memory, gigabyte};
    outcome.state = {memory, gigabyte};
    const auto found = judge(about(ledger_state::none), &outcome).result;
    CHECK(found.text.size() <= gatepost::limits::plugin_text_bytes);
    CHECK(found.text.substr(0, 7) == "a  b\xEF\xBF\xBD");
    CHECK(found.attempt.recipients[0].provider_message_id.size() <=
          gatepost::limits::plugin_id_bytes);
    CHECK(found.attempt.state.empty());
    CHECK(found.plugin_fault);
    ::munmap(memory, gigabyte);
}

TEST_CASE("times are clamped, state and message ids are kept") {
    auto outcome = said(GATEPOST_DEFERRED);
    outcome.retry_after = UINT64_MAX;
    outcome.lookup_after = 1;
    outcome.state = str(std::string_view("\0\xff", 2));
    outcome.provider_message_id = str("id-1");
    outcome.blame = 1234;
    outcome.code = 421;
    outcome.text = {nullptr, 12};
    const auto found = judge(about(ledger_state::none), &outcome).result;
    const auto& first = found.attempt.recipients.at(0);
    CHECK(first.retry_after == gatepost::limits::retry_after_max);
    CHECK(found.attempt.lookup_after == std::chrono::milliseconds(1));
    CHECK(found.attempt.state == std::string("\0\xff", 2));
    CHECK(first.provider_message_id == "id-1");
    CHECK(first.blame == blame::none);
    CHECK(first.code == 421);
    CHECK(first.text.empty());
    CHECK_FALSE(found.plugin_fault);
}

TEST_CASE("an outcome of an older SDK is read as far as it goes") {
    auto outcome = said(GATEPOST_REJECTED);
    outcome.text = str("no");
    outcome.state = str("not part of it");
    outcome.size = offsetof(gatepost_outcome, text) + sizeof outcome.text;
    const auto found = judge(about(ledger_state::none), &outcome).result;
    CHECK(all_of(found) == verdict::rejected);
    CHECK(found.text == "no");
    CHECK(found.attempt.state.empty());
}

TEST_CASE("an acceptance without a commits request is believed and noted") {
    const auto outcome = said(GATEPOST_ACCEPTED);
    const auto found = judge(about(ledger_state::none), &outcome);
    CHECK_FALSE(found.complaint.empty());
    CHECK_FALSE(found.result.plugin_fault);
    CHECK(judge(about(ledger_state::none, call_kind::test), &outcome).complaint.empty());
    CHECK(judge(about(ledger_state::answered), &outcome).complaint.empty());
}
