// The async rules of abi.h, seen from both sides: what the fake host keeps, and what it notices.
#include "puppet.hpp"
#include "support/catch.hpp"

using namespace gatepost::check;

namespace {

// A host with a puppet on it, ready for start.
struct stage_of_puppets {
    puppet doll;
    gatepost_plugin table = doll.table();
    fake_host host;
    explicit stage_of_puppets(host_options how = {}) : host(std::move(how)) {
        REQUIRE(host.create(table, settings{}) == GATEPOST_OK);
    }
};

}  // namespace

TEST_CASE("an accepted request is answered later, once, and moves the clock") {
    stage_of_puppets on;
    int answers = 0;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        const auto status = on.doll.sleep(call, 5'000'000'000, [&, call](const gatepost_result&) {
            ++answers;
            on.doll.complete(call);
        });
        CHECK(status == GATEPOST_OK);
        CHECK(answers == 0);
    };
    const uint64_t before = on.host.now();
    const auto call = on.host.start({});
    CHECK(answers == 0);
    CHECK(on.host.waiting() == 1);
    CHECK(on.host.run());
    CHECK(answers == 1);
    CHECK(on.host.now() - before == 5'000'000'000);
    CHECK(on.host.at(call).completions == 1);
    CHECK(on.host.violations().empty());
}

TEST_CASE("a scripted refusal is immediate and no callback follows") {
    stage_of_puppets on;
    on.host.script({.at = 1, .status = GATEPOST_LIMIT, .refuse = true});
    bool answered = false;
    gatepost_status status = GATEPOST_OK;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        status = on.doll.sleep(call, 1, [&](const gatepost_result&) { answered = true; });
        on.doll.complete(call);
    };
    on.host.start({});
    on.host.run();
    CHECK(status == GATEPOST_LIMIT);
    CHECK_FALSE(answered);
    CHECK(on.host.violations().empty());
}

TEST_CASE("a scripted failure arrives as an answer") {
    stage_of_puppets on;
    on.host.script({.at = 2, .status = GATEPOST_DISCONNECTED});
    std::vector<gatepost_status> seen;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        for (int i = 0; i < 3; ++i) {
            on.doll.sleep(call, 1, [&, call](const gatepost_result& result) {
                seen.push_back(result.status);
                if (seen.size() == 3) on.doll.complete(call);
            });
        }
    };
    on.host.start({});
    on.host.run();
    CHECK(seen == std::vector<gatepost_status>{GATEPOST_OK, GATEPOST_DISCONNECTED, GATEPOST_OK});
}

TEST_CASE("a second completion is noticed and changes nothing") {
    stage_of_puppets on;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        on.doll.complete(call, GATEPOST_DEFERRED);
        on.doll.complete(call, GATEPOST_REJECTED);
    };
    const auto call = on.host.start({});
    CHECK(on.host.at(call).completions == 2);
    CHECK(on.host.at(call).outcome.verdict == GATEPOST_DEFERRED);
    CHECK(has_rule(on.host, "complete-once"));
}

TEST_CASE("completing while a request still waits is noticed, and the answer still comes") {
    stage_of_puppets on;
    bool answered = false;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        on.doll.sleep(call, 1, [&](const gatepost_result&) { answered = true; });
        on.doll.complete(call);
    };
    on.host.start({});
    on.host.run();
    CHECK(answered);
    CHECK(has_rule(on.host, "open-operations"));
}

TEST_CASE("a request for a call that is over is refused and noticed") {
    stage_of_puppets on;
    gatepost_status status = GATEPOST_OK;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        on.doll.complete(call);
        status = on.doll.sleep(call, 1, [](const gatepost_result&) {});
    };
    on.host.start({});
    CHECK(status == GATEPOST_INVALID);
    CHECK(has_rule(on.host, "dead-call"));
}

TEST_CASE("a call that never was can neither ask nor be completed") {
    stage_of_puppets on;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        on.doll.sleep(call + 77, 1, [](const gatepost_result&) {});
        on.doll.complete(call + 77);
        on.doll.complete(call);
    };
    on.host.start({});
    CHECK(has_rule(on.host, "dead-call"));
    CHECK(has_rule(on.host, "complete-once"));
}

TEST_CASE("cancelling a call cancels what it waits for") {
    stage_of_puppets on;
    gatepost_status seen = GATEPOST_OK;
    uint32_t why = 0;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        on.doll.sleep(call, 60'000'000'000, [&, call](const gatepost_result& result) {
            seen = result.status;
            on.doll.complete(call);
        });
    };
    on.doll.on_cancel = [&](gatepost_call, uint32_t reason) { why = reason; };
    const auto call = on.host.start({});
    const uint64_t before = on.host.now();
    on.host.cancel(call, GATEPOST_WHY_SHUTDOWN);
    CHECK(why == GATEPOST_WHY_SHUTDOWN);
    CHECK(on.host.at(call).completions == 0);
    on.host.run();
    CHECK(seen == GATEPOST_CANCELLED);
    CHECK(on.host.now() == before);
    CHECK(on.host.at(call).completions == 1);
}

TEST_CASE("a plugin may cancel one request; its answer still comes") {
    stage_of_puppets on;
    std::vector<gatepost_status> seen;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        gatepost_operation operation = 0;
        on.doll.sleep(
            call, 60'000'000'000,
            [&, call](const gatepost_result& result) {
                seen.push_back(result.status);
                on.doll.complete(call);
            },
            &operation);
        on.doll.host->cancel(on.doll.host, operation);
        on.doll.host->cancel(on.doll.host, operation + 1000);
    };
    on.host.start({});
    on.host.run();
    CHECK(seen == std::vector<gatepost_status>{GATEPOST_CANCELLED});
}

TEST_CASE("the deadline cancels the call and times its requests out") {
    stage_of_puppets on;
    gatepost_status seen = GATEPOST_OK;
    uint32_t why = 0;
    on.host.script({.at = 1, .stall = true});
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        on.doll.sleep(call, 1, [&, call](const gatepost_result& result) {
            seen = result.status;
            on.doll.complete(call);
        });
    };
    on.doll.on_cancel = [&](gatepost_call, uint32_t reason) { why = reason; };
    const uint64_t before = on.host.now();
    const auto call = on.host.start({.within = 1'000'000});
    on.host.run();
    CHECK(seen == GATEPOST_TIMEOUT);
    CHECK(why == GATEPOST_WHY_DEADLINE);
    CHECK(on.host.now() - before == 1'000'000);
    CHECK(on.host.at(call).completions == 1);
}

TEST_CASE("a call that nobody completes is told its deadline and stays open") {
    stage_of_puppets on;
    int cancelled = 0;
    on.doll.on_start = [](gatepost_call, const gatepost_request&) {};
    on.doll.on_cancel = [&](gatepost_call, uint32_t) { ++cancelled; };
    const auto call = on.host.start({});
    CHECK(on.host.run());
    CHECK(cancelled == 1);
    CHECK(on.host.open_calls() == 1);
    CHECK(on.host.at(call).completions == 0);
}

TEST_CASE("a flood of requests is refused at the cap, not queued") {
    stage_of_puppets on;
    size_t accepted = 0, answered = 0;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        for (int i = 0; i < 100'000; ++i) {
            if (on.doll.sleep(call, 1, [&](const gatepost_result&) { ++answered; }) == GATEPOST_OK)
                ++accepted;
        }
    };
    on.host.start({});
    on.host.run();
    CHECK(accepted == 64);
    CHECK(answered == 64);
}

TEST_CASE("verdicts and recipients nobody knows are noticed") {
    stage_of_puppets on;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        gatepost_recipient_result stranger{};
        stranger.index = 9;
        stranger.verdict = 77;
        gatepost_outcome outcome{};
        outcome.size = sizeof outcome;
        outcome.verdict = GATEPOST_DEFERRED;
        outcome.recipients = {&stranger, 1, sizeof stranger};
        on.doll.host->complete(on.doll.host, call, &outcome);
    };
    on.host.start({});
    REQUIRE(on.host.violations().size() == 2);
    CHECK(on.host.violations()[0].text == "verdict 77 is not one of abi.h");
    CHECK(on.host.violations()[1].text == "a result for recipient 9, who was not carried");
}

TEST_CASE("a gigabyte of claimed text is noticed and not copied") {
    stage_of_puppets on;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        gatepost_outcome outcome{};
        outcome.size = sizeof outcome;
        outcome.verdict = GATEPOST_DEFERRED;
        outcome.text = {"x", uint64_t{1} << 30};
        on.doll.host->complete(on.doll.host, call, &outcome);
    };
    on.host.start({});
    CHECK(has_rule(on.host, "outcome"));
}

TEST_CASE("accepted without a request that commits is held against the plugin") {
    stage_of_puppets on;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        on.doll.complete(call, GATEPOST_ACCEPTED);
    };
    on.host.start({});
    CHECK(has_rule(on.host, "certainty"));
}

TEST_CASE("an outcome of an older header is read as far as it goes") {
    stage_of_puppets on;
    on.doll.on_start = [&](gatepost_call call, const gatepost_request&) {
        gatepost_outcome outcome{};
        outcome.size = offsetof(gatepost_outcome, code);
        outcome.verdict = GATEPOST_REJECTED;
        outcome.code = 550;
        on.doll.host->complete(on.doll.host, call, &outcome);
    };
    const auto call = on.host.start({});
    CHECK(on.host.at(call).outcome.verdict == GATEPOST_REJECTED);
    CHECK(on.host.at(call).outcome.code == 0);
}

TEST_CASE("a diagnostic into a sink that is no longer valid is noticed") {
    stage_of_puppets on;
    gatepost_diagnostic diagnostic{};
    diagnostic.size = sizeof diagnostic;
    on.doll.host->diagnose(on.doll.host, 1, &diagnostic);
    CHECK(has_rule(on.host, "sink"));
    CHECK(on.host.diagnostics().empty());
}

TEST_CASE("an older host's tables end before their optional functions") {
    stage_of_puppets on({.older = true, .older_table = true});
    CHECK_FALSE(GATEPOST_HAS(gatepost_host, on.doll.host, cancel));
    CHECK(GATEPOST_HAS(gatepost_host, on.doll.host, complete));
    const auto& body = on.doll.service<gatepost_body>("gatepost.body/1");
    CHECK_FALSE(GATEPOST_HAS(gatepost_body, &body, close));
    CHECK(GATEPOST_HAS(gatepost_body, &body, read));
}

TEST_CASE("a later host's structs are larger, its arrays wider, its strings at an edge") {
    stage_of_puppets on({.shape = {.guarded = true, .future = true}});
    on.doll.on_start = [&](gatepost_call call, const gatepost_request& request) {
        CHECK(request.size > sizeof(gatepost_request));
        CHECK(request.message->size > sizeof(gatepost_message));
        CHECK(request.message->recipients.stride > sizeof(gatepost_recipient));
        const auto& last = item_at<gatepost_recipient>(request.message->recipients, 3);
        CHECK(text_of(last.mailbox.address) == "blind@example.net");
        CHECK(last.index == 3);
        on.doll.complete(call);
    };
    on.host.start({.mail = rich_message()});
    CHECK(on.doll.host->size > sizeof(gatepost_host));
    CHECK(on.host.violations().empty());
}

TEST_CASE("services that are withheld, unknown or without a script are not offered") {
    stage_of_puppets on({.withheld = {"gatepost.cache/1"}});
    const auto* host = on.doll.host;
    for (const char* id : {"gatepost.cache/1", "gatepost.http/1", "gatepost.stream/1",
                           "gatepost.oauth/1", "gatepost.nothing/1"})
        CHECK(host->extension(host, borrow(id)) == nullptr);
    CHECK(host->extension(host, borrow("gatepost.file/1")) != nullptr);
    CHECK(host->extension(host, borrow("gatepost.file/1")) ==
          host->extension(host, borrow("gatepost.file/1")));
}
