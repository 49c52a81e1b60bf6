// An instance and its calls: what create is given and may answer, and that a call ends exactly once
// whatever the plugin does.
#include "plugin/instance.hpp"

#include <cstring>
#include <stdexcept>
#include <thread>

#include "base/limits.hpp"
#include "plugin/check.hpp"
#include "support/catch.hpp"
#include "workbench.hpp"

using namespace workbench;
using gatepost::error_kind;
using gatepost::mail::blame;
using gatepost::mail::verdict;

namespace {

constexpr const char* typed_manifest = R"({
  "id": "scripted", "name": "Scripted", "folders": ["/path"],
  "settings": {"type": "object", "additionalProperties": false, "properties": {
    "path": {"type": "string"},
    "port": {"type": "integer", "default": 25},
    "password": {"type": "string", "writeOnly": true}}}})";

std::string flat(const gatepost_settings* settings) {
    std::string out;
    for (uint32_t i = 0; i < settings->values.count; ++i) {
        const auto& one = *reinterpret_cast<const gatepost_setting*>(
            static_cast<const char*>(settings->values.items) + i * settings->values.stride);
        out += text(one.path) + "=" +
               (one.type == GATEPOST_STRING ? text(one.text) : std::to_string(one.integer)) +
               (one.flags == GATEPOST_SETTING_SECRET ? "(secret) " : " ");
    }
    return out;
}

}  // namespace

TEST_CASE("create is given the settings with defaults, as JSON and flat, with secrets marked") {
    bench on;
    std::string seen, connection;
    on.plays.create = [&](const gatepost_settings* settings, gatepost_sink) {
        seen = flat(settings);
        connection = text(settings->connection);
        return GATEPOST_OK;
    };
    auto made = on.try_make(loaded(typed_manifest), R"({"path":"/var/mail/","password":"pw"})");
    REQUIRE(made);
    CHECK(seen == "password=pw(secret) path=/var/mail/ port=25 ");
    CHECK(connection == "primary");
    CHECK((*made)->folders() == std::vector<std::string>{"/var/mail"});
    CHECK((*made)->settings_json().find("\"port\":25") != std::string::npos);
}

TEST_CASE("settings that break the schema never reach the plugin") {
    bench on;
    bool asked = false;
    on.plays.create = [&](const gatepost_settings*, gatepost_sink) {
        asked = true;
        return GATEPOST_OK;
    };
    const auto wrong = on.try_make(loaded(typed_manifest), R"({"port":"x","prot":1})");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().kind == error_kind::config);
    CHECK(wrong.error().fields.size() == 2);
    const auto relative = on.try_make(loaded(typed_manifest), R"({"path":"here"})");
    REQUIRE_FALSE(relative);
    CHECK(relative.error().fields.at(0).pointer == "/path");
    CHECK_FALSE(asked);
}

TEST_CASE("a create that refuses gives its diagnostics as fields") {
    bench on;
    on.plays.create = [&](const gatepost_settings*, gatepost_sink sink) {
        gatepost_diagnostic said{sizeof said, GATEPOST_ERROR, str("/host"), str("no\nhost"),
                                 str("name one")};
        on.plays.host->diagnose(on.plays.host, sink, &said);
        on.plays.host->diagnose(on.plays.host, sink + 1, &said);  // not this one's
        return GATEPOST_FAILED;
    };
    const auto made = on.try_make();
    REQUIRE_FALSE(made);
    CHECK(made.error().kind == error_kind::config);
    REQUIRE(made.error().fields.size() == 1);
    CHECK(made.error().fields[0].pointer == "/host");
    CHECK(made.error().fields[0].detail == "no host; name one");
    CHECK(on.plays.destroyed == 0);
}

TEST_CASE("a create that throws is the plugin's fault and no more") {
    bench on;
    on.plays.create = [&](const gatepost_settings*, gatepost_sink) -> gatepost_status {
        throw std::runtime_error("out of\ncheese");
    };
    const auto made = on.try_make();
    REQUIRE_FALSE(made);
    CHECK(made.error().kind == error_kind::plugin_fault);
    CHECK(made.error().detail.find("out of cheese") != std::string::npos);
    on.plays.create = [&](const gatepost_settings*, gatepost_sink) -> gatepost_status { throw 7; };
    CHECK_FALSE(on.try_make());
}

TEST_CASE("services are looked up once an id") {
    bench on;
    on.make();
    for (int i = 0; i < 3; ++i) {
        CHECK(on.plays.host->extension(on.plays.host, str("gatepost.hand/1")) != nullptr);
        CHECK(on.plays.host->extension(on.plays.host, str("gatepost.no/1")) == nullptr);
    }
    CHECK(on.looked_up == std::vector<std::string>{"gatepost.hand/1", "gatepost.no/1"});
    CHECK(on.plays.host->extension(on.plays.host, {nullptr, 99}) == nullptr);
}

TEST_CASE("a call completed inside start gives its result later, never inline") {
    bench on;
    on.make();
    on.plays.start = [&](gatepost_call call, const gatepost_request* request) {
        CHECK(request->kind == GATEPOST_SEND);
        CHECK(text(request->message->subject) == "Hello");
        on.complete(call, outcome(GATEPOST_ACCEPTED));
        CHECK(text(request->message->subject) == "Hello");
    };
    on.send(2);
    CHECK(on.results.empty());
    CHECK(on.instance->open_calls() == 0);
    on.pump();
    REQUIRE(on.results.size() == 1);
    CHECK(on.results[0].attempt.recipients.size() == 2);
    CHECK(on.results[0].attempt.recipients[1].verdict == verdict::accepted);
    CHECK(on.results[0].attempt.recipients[1].index == 1);
    CHECK(on.instance->faults() == 1);  // accepted, though nothing was sent with commits: noted
}

TEST_CASE("a second, foreign or invented completion harms nothing") {
    bench on;
    on.make();
    const auto first = on.send();
    const auto second = on.send();
    on.context(first).ledger_begun();
    on.context(first).ledger_written();
    on.context(first).ledger_answered();
    on.complete(first, outcome(GATEPOST_ACCEPTED));
    on.complete(first, outcome(GATEPOST_REJECTED));
    on.complete(999'999'999, outcome(GATEPOST_REJECTED));
    on.complete(0, outcome(GATEPOST_REJECTED));
    on.pump();
    REQUIRE(on.results.size() == 1);
    CHECK(on.results[0].verdict == verdict::accepted);
    CHECK(on.instance->faults() == 3);
    CHECK(on.instance->open_calls() == 1);
    on.complete(second, outcome(GATEPOST_DEFERRED, GATEPOST_BLAME_NETWORK));
    on.pump();
    CHECK(on.results.at(1).verdict == verdict::deferred);
}

TEST_CASE("interleaved calls each get their own result, in any order") {
    bench on;
    on.make();
    std::vector<uint64_t> ids;
    for (int i = 0; i < 50; ++i)
        ids.push_back(on.send());
    for (size_t i = ids.size(); i-- > 0;) {
        auto with = outcome(GATEPOST_REJECTED, GATEPOST_BLAME_RECIPIENT);
        with.code = static_cast<int32_t>(i);
        on.complete(ids[i], with);
    }
    on.pump();
    REQUIRE(on.results.size() == 50);
    CHECK(on.results.front().code == 49);
    CHECK(on.results.back().code == 0);
    CHECK(on.instance->faults() == 0);
}

TEST_CASE("an exception out of start is a fault that the ledger decides") {
    bench on;
    on.make();
    bool written = false;
    on.plays.start = [&](gatepost_call call, const gatepost_request*) {
        if (written) {
            on.context(call).ledger_begun();
            on.context(call).ledger_written();
        }
        throw std::runtime_error("no");
    };
    on.send();
    written = true;
    on.send();
    on.pump();
    REQUIRE(on.results.size() == 2);
    CHECK(on.results[0].plugin_fault);
    CHECK(on.results[0].verdict == verdict::deferred);
    CHECK(on.results[0].blame == blame::plugin);
    CHECK(on.results[1].attempt.recipients.at(0).verdict == verdict::unknown);
    // The instance works on, and is destroyed in the end.
    on.plays.start = nullptr;
    on.complete(on.send(), outcome(GATEPOST_DEFERRED));
    on.pump();
    CHECK(on.results.size() == 3);
    on.instance.reset();
    CHECK(on.plays.destroyed == 1);
}

TEST_CASE("a start that completes and then throws keeps its result") {
    bench on;
    on.make();
    on.plays.start = [&](gatepost_call call, const gatepost_request*) {
        on.complete(call, outcome(GATEPOST_REJECTED, GATEPOST_BLAME_MESSAGE));
        throw 1;
    };
    on.send();
    on.pump();
    REQUIRE(on.results.size() == 1);
    CHECK(on.results[0].verdict == verdict::rejected);
    CHECK_FALSE(on.results[0].plugin_fault);
    CHECK(on.instance->faults() == 1);
}

TEST_CASE("draining takes no new call, waits for the open one and destroys the plugin's instance") {
    bench on;
    on.make();
    const auto open = on.send();
    bool drained = false;
    on.instance->drain([&] { drained = true; });
    on.pump();
    CHECK_FALSE(drained);
    on.send();
    on.pump();
    REQUIRE(on.results.size() == 1);
    CHECK(on.results[0].verdict == verdict::deferred);
    CHECK_FALSE(on.results[0].plugin_fault);
    CHECK(on.plays.started.size() == 1);
    on.complete(open, outcome(GATEPOST_DEFERRED));
    CHECK(on.plays.destroyed == 0);
    on.pump();
    CHECK(drained);
    CHECK(on.plays.destroyed == 1);
    CHECK(on.results.size() == 2);
    on.instance.reset();
    CHECK(on.plays.destroyed == 1);
}

TEST_CASE("an exception out of destroy stays where it is") {
    bench on;
    on.make();
    on.plays.destroy = [&] {
        on.complete(1, outcome(GATEPOST_ACCEPTED));
        throw std::runtime_error("no");
    };
    on.instance.reset();
    CHECK(on.plays.destroyed == 1);
}

TEST_CASE("a test call reports its stages and quotas with the time they took") {
    bench on;
    on.make();
    std::vector<plugin::stage_report> stages;
    on.plays.start = [&](gatepost_call call, const gatepost_request* request) {
        CHECK(request->message == nullptr);
        CHECK(request->kind == GATEPOST_TEST);
        on.clock.advance(std::chrono::milliseconds(30));
        gatepost_stage stage{
            sizeof stage,     GATEPOST_STAGE_FAILED, str("login"), str("Log in"), 535, 0,
            str("no\r\nway"), str("check")};
        on.context(call).stage(stage);
        stage.state = 77;
        on.context(call).stage(stage);
        on.context(call).quota({sizeof(gatepost_quota), 0, str("24 hours"), 200, 14});
        on.complete(call, outcome(GATEPOST_REJECTED, GATEPOST_BLAME_CREDENTIAL));
    };
    plugin::call_request request;
    request.kind = plugin::call_kind::test;
    request.on_stage = [&](const plugin::stage_report& stage) { stages.push_back(stage); };
    on.call(std::move(request));
    on.pump();
    REQUIRE(stages.size() == 2);
    CHECK(stages[0].state == "failed");
    CHECK(stages[0].text == "no  way");
    CHECK(stages[0].code == 535);
    CHECK(stages[0].since_start == std::chrono::milliseconds(30));
    CHECK(stages[1].text == "14 of 200 used");
    CHECK(on.results.at(0).blame == blame::credential);
    CHECK(on.results[0].attempt.recipients.empty());
}

TEST_CASE("limits that are told in a send come with its result; those of a test do not") {
    bench on;
    on.make();
    on.plays.start = [&](gatepost_call call, const gatepost_request*) {
        const auto tell = [&](const char* name, uint64_t limit) {
            on.context(call).quota({sizeof(gatepost_quota), 0, str(name), limit, 7});
        };
        tell("per_second", 1);
        tell("per_day", UINT64_MAX);
        tell("per_hour", 0);
        tell("concurrency", 1);
        tell("24 hours", 200);
        on.complete(call, outcome(GATEPOST_ACCEPTED));
    };
    const bool test = GENERATE(false, true);
    plugin::call_request request;
    request.kind = plugin::call_kind::test;
    test ? on.call(std::move(request)) : on.send();
    on.pump();
    const plugin::default_limits told = on.results.at(0).told;
    CHECK(told.per_second == (test ? std::nullopt : std::optional<uint32_t>(1)));
    CHECK(told.per_day == (test ? std::nullopt : std::optional<uint32_t>(UINT32_MAX)));
    CHECK_FALSE(told.per_hour);
    CHECK_FALSE(told.concurrency);
}

TEST_CASE("now, wall_now and random work from any thread; a flood of log lines is cut") {
    bench on;
    on.make();
    on.clock.advance(std::chrono::milliseconds(5));
    std::thread other([&] {
        const gatepost_host* host = on.plays.host;
        CHECK(host->now(host) == 5'000'000);
        CHECK(host->wall_now(host) == 1'700'000'000'005);
        char a[64]{}, b[64]{};
        host->random(host, a, sizeof a);
        host->random(host, b, sizeof b);
        CHECK(std::memcmp(a, b, sizeof a) != 0);
        const gatepost_pair pair{str("key"), str("value")};
        for (int i = 0; i < 1000; ++i)
            host->log(host, 77, GATEPOST_DEBUG, str("hello"), {&pair, 1, sizeof pair});
        host->log(host, 0, 99, {nullptr, 5}, {nullptr, 5, 0});
    });
    other.join();
}

TEST_CASE("check/1 runs without an instance, offers nothing, and gives its errors") {
    bench on;
    const auto which = loaded();
    const auto mail = small_mail(2);
    on.plays.check = [&](const gatepost_host* host, const gatepost_settings* settings,
                         const gatepost_message* message, gatepost_sink sink) {
        CHECK(host->extension(host, str("gatepost.hand/1")) == nullptr);
        CHECK(message->recipients.count == 2);
        CHECK(text(settings->json) == R"({"a":1})");
        gatepost_diagnostic said{sizeof said, GATEPOST_ERROR, str("/subject"), str("too dull"), {}};
        host->diagnose(host, sink, &said);
        said.severity = GATEPOST_WARNING;
        host->diagnose(host, sink, &said);
        host->complete(host, 1, nullptr);
        host->cancel(host, 1);
    };
    plugin::message_checks checks;
    const auto found = checks.ask("primary", which, gatepost::secret(R"({"a":1})"), *mail);
    REQUIRE(found.size() == 1);
    CHECK(found[0].pointer == "/subject");
    on.plays.check = [](auto...) { throw std::runtime_error("no"); };
    CHECK(checks.ask("primary", which, gatepost::secret("{}"), *mail).empty());
    on.plays.check = nullptr;
    checks.forget();
    CHECK(checks.ask("primary", which, gatepost::secret("{}"), *mail).empty());
}

TEST_CASE("check/1 keeps the settings of each connection until they change") {
    bench on;
    const auto which = loaded();
    const auto mail = small_mail(1);
    std::vector<std::string> seen;
    on.plays.check = [&](const gatepost_host*, const gatepost_settings* settings,
                         const gatepost_message*, gatepost_sink) {
        REQUIRE(settings->values.count == 1);
        seen.push_back(text(settings->json));
    };
    plugin::message_checks checks;
    const auto ask = [&](const char* connection, const char* settings) {
        CHECK(checks.ask(connection, which, gatepost::secret(settings), *mail).empty());
    };
    ask("first", R"({"a":1})");
    ask("first", R"({"a":1})");
    ask("second", R"({"a":2})");
    ask("first", R"({"a":3})");
    ask("first", R"({"a":1})");
    const std::vector<std::string> expected{R"({"a":1})", R"({"a":1})", R"({"a":2})", R"({"a":3})",
                                            R"({"a":1})"};
    CHECK(seen == expected);
}

TEST_CASE("destinations and secrets come from the manifest and from the settings it points to") {
    bench on;
    auto made = on.try_make(
        loaded(R"({"id": "scripted", "name": "Scripted",
  "destinations": ["api.example.com:443", "/host", "/proxy", "/socket", "/none"],
  "settings": {"type": "object", "properties": {
    "host": {"type": "string"}, "proxy": {"type": "string", "writeOnly": true},
    "socket": {"type": "string"}, "none": {"type": "string"},
    "password": {"type": "string", "writeOnly": true}}}})"),
        R"({"host":"mail.example.net","proxy":"socks5://me:pw@[::1]:1080/","password":"hush",
            "socket":"unix:/run/lmtp"})");
    REQUIRE(made);
    std::string list;
    for (const auto& each : (*made)->destinations())
        list += each.host + "|" + std::to_string(each.port) + (each.owner ? "|owner " : " ");
    CHECK(list ==
          "api.example.com|443 mail.example.net|0|owner ::1|1080|owner unix:/run/lmtp|0|owner ");
    auto secrets = (*made)->secrets();
    CHECK(secrets == std::vector<std::string>{"hush", "socks5://me:pw@[::1]:1080/"});
}

TEST_CASE("a drain asks services to close at once, and waits for them when the last call is over") {
    bench on;
    on.make();
    int begun = 0;
    std::function<void()> closed;
    on.instance->on_drain([&](std::function<void()> done) {
        ++begun;
        closed = std::move(done);
    });
    const auto open = on.send();
    bool drained = false;
    on.instance->drain([&] { drained = true; });
    CHECK(begun == 1);  // at once, for what no call uses
    on.complete(open, outcome(GATEPOST_DEFERRED));
    on.pump();
    CHECK(begun == 2);
    CHECK_FALSE(drained);
    CHECK(on.plays.destroyed == 0);
    closed();
    on.pump();
    CHECK(drained);
    CHECK(on.plays.destroyed == 1);
}

TEST_CASE("a call's trace goes to who asked for it, with the time it took") {
    bench on;
    on.make();
    on.send();
    plugin::call_context* const silent = plugin::context_of(on.plays.host, on.plays.started.at(0));
    REQUIRE(silent != nullptr);
    CHECK_FALSE(silent->traced());
    CHECK_FALSE(silent->wants_stages());
    std::vector<plugin::trace_line> lines;
    plugin::call_request request;
    request.carry = {0};
    request.on_trace = [&](const plugin::trace_line& line) { lines.push_back(line); };
    on.instance->start(std::move(request), [](plugin::call_result) {});
    plugin::call_context* const traced = plugin::context_of(on.plays.host, on.plays.started.at(1));
    REQUIRE(traced != nullptr);
    CHECK(traced->traced());
    traced->trace(">", "EHLO me");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].direction == ">");
    CHECK(lines[0].text == "EHLO me");
    CHECK(lines[0].since_start >= std::chrono::milliseconds(0));
}
