// What is taken out of a text, and what is not; and that every way on which a plugin's words come
// to people passes there.
#include "plugin/scrubber.hpp"

#include <array>
#include <stdexcept>

#include "base/text.hpp"
#include "plugin/check.hpp"
#include "plugin/hidden_words.hpp"
#include "support/catch.hpp"
#include "support/heard.hpp"
#include "workbench.hpp"

using namespace workbench;
using gatepost::plugin::hidden_words;
using gatepost::plugin::scrubber;
using gatepost::tests::heard;

namespace {

constexpr const char* key = "SG.topsecretkey/of+mine";

constexpr const char* keyed_manifest = R"({
  "id": "scripted", "name": "Scripted", "capabilities": {"raw_mime": true},
  "settings": {"type": "object", "properties": {"key": {"type": "string", "writeOnly": true}}}})";

const std::string keyed_settings = std::string(R"({"key":")") + key + "\"}";

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

std::string echo() {
    return std::string("you sent Bearer ") + key + " here";
}

}  // namespace

TEST_CASE("a secret is found as it is, in base64, as JSON and as a URL write it") {
    const scrubber with({key});
    CHECK(with.clean(echo()) == "you sent Bearer (secret) here");
    CHECK(with.clean("a=SG.topsecretkey\\/of+mine") == "a=(secret)");
    CHECK(with.clean("?k=SG.topsecretkey%2Fof%2Bmine&") == "?k=(secret)&");
    const std::string basic = gatepost::text::base64_encode(std::string("api:") + key);
    CHECK_FALSE(says(with.clean("Basic " + basic), basic.substr(8, 16)));
    CHECK(with.clean("SG.topsecretkeX") == "SG.topsecretkeX");
    CHECK(with.find("nothing to hide") == std::string::npos);
}

TEST_CASE("of two that begin alike the longer goes, and what stands for one is left alone") {
    const scrubber with({"password-one", "password-one-more", "(secret) ", "secret"});
    CHECK(with.clean("password-one-more!") == "(secret)!");
    CHECK(with.clean("password-one password-one") == "(secret) (secret)");
}

TEST_CASE("what is left of a secret that was cut goes too") {
    const std::string token(400, 'k');
    const scrubber with({"Qx" + token});
    const std::string before(200, '-');
    CHECK(with.clean(before + "Qx" + token.substr(0, 100)) == before + "(secret)");
    CHECK(with.clean(before + "Qxkk") == before + "(secret)");
    CHECK(with.clean("Qx" + token.substr(0, 20) + "... and more") == "(secret)... and more");
    CHECK(with.clean("a Qxkk") == "a Qxkk");  // nobody cut so short a text
}

TEST_CASE("a short secret is a word of its own, and one of two letters is not looked for") {
    const scrubber with({"test", "me"});
    CHECK(with.clean("the latest test, tested: me") == "the latest (secret), tested: me");
}

TEST_CASE("a key in lines and a password in a URL are found by themselves") {
    const scrubber with(
        {"-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n", "socks5://me:p%40ss-word@host:1"});
    CHECK(with.clean("it read MIIEvQIBADANBgkqhkiG.") == "it read (secret).");
    CHECK(with.clean("you said p@ss-word") == "you said (secret)");
    CHECK_FALSE(says(with.clean(gatepost::text::base64_encode("me:p@ss-word")), "cEBzcy13b3Jk"));
    CHECK(with.clean("host:1 is down") == "host:1 is down");
}

TEST_CASE("words that came are hidden from then on, the newest of them") {
    hidden_words words({"always-hidden"});
    const auto before = words.scrub();
    words.add("a-token-that-came");
    words.add("a-token-that-came");
    CHECK(before->clean("a-token-that-came") == "a-token-that-came");
    const auto after = words.scrub();
    CHECK(after == words.scrub());
    CHECK(after->clean("a-token-that-came always-hidden") == "(secret) (secret)");
    for (int i = 0; i < 100; ++i) {
        words.add("a-token-that-came");  // still used
        words.add("another-token-" + std::to_string(i) + "-");
    }
    CHECK(words.scrub()->clean("a-token-that-came another-token-99- always-hidden") ==
          "(secret) (secret) (secret)");
    CHECK(words.scrub()->clean("another-token-0-") == "another-token-0-");
}

TEST_CASE("no outcome shows a secret of the settings: texts, advice, ids, single recipients") {
    bench on;
    auto made = on.try_make(loaded(keyed_manifest), keyed_settings);
    REQUIRE(made);
    on.instance = *made;
    const std::string text = echo();
    const auto call = on.send(2);
    gatepost_recipient_result one{};
    one.index = 1;
    one.verdict = GATEPOST_ACCEPTED;
    one.text = one.provider_message_id = str(text);
    gatepost_outcome said = outcome(GATEPOST_REJECTED);
    said.text = said.advice = said.provider_message_id = str(text);
    said.recipients = {&one, 1, sizeof one};
    on.complete(call, said);
    on.pump();
    const plugin::call_result& found = on.results.at(0);
    const std::string clean = "you sent Bearer (secret) here";
    CHECK(found.text == clean);
    CHECK(found.advice == clean);
    REQUIRE(found.attempt.recipients.size() == 2);
    for (const auto& each : found.attempt.recipients) {
        CHECK(each.text == clean);
        CHECK(each.provider_message_id == clean);
    }
}

TEST_CASE("nor does a stage, an exception, or the log") {
    bench on;
    auto made = on.try_make(loaded(keyed_manifest), keyed_settings);
    REQUIRE(made);
    on.instance = *made;
    std::vector<plugin::stage_report> stages;
    on.plays.start = [&](gatepost_call call, const gatepost_request*) {
        const std::string text = echo();
        const gatepost_stage stage{
            sizeof stage, GATEPOST_STAGE_FAILED, str("login"), str(text), 0, 0, str(text),
            str(text)};
        on.context(call).stage(stage);
        const gatepost_pair pair{str("sent"), str(text)};
        const gatepost_host* host = on.plays.host;
        host->log(host, call, GATEPOST_LOG_ERROR, str(text), {&pair, 1, sizeof pair});
        throw std::runtime_error(text);
    };
    plugin::call_request request;
    request.kind = plugin::call_kind::test;
    request.on_stage = [&](const plugin::stage_report& stage) { stages.push_back(stage); };
    const std::string log = heard([&] {
        on.call(std::move(request));
        on.pump();
    });
    const std::string clean = "you sent Bearer (secret) here";
    REQUIRE(stages.size() == 1);
    CHECK(stages[0].title == clean);
    CHECK(stages[0].text == clean);
    CHECK(stages[0].advice == clean);
    CHECK(says(on.results.at(0).text, clean));
    CHECK(says(log, "plugin.says"));
    CHECK(says(log, "plugin.fault"));
    CHECK_FALSE(says(log, "topsecret"));
}

TEST_CASE("nor do the diagnostics of create and of a check") {
    bench on;
    const std::string text = echo();
    const auto say = [&](const gatepost_host* host, gatepost_sink sink) {
        const gatepost_diagnostic said{sizeof said, GATEPOST_ERROR, str("/key"), str(text),
                                       str(text)};
        host->diagnose(host, sink, &said);
    };
    on.plays.check = [&](const gatepost_host* host, const gatepost_settings*,
                         const gatepost_message*, gatepost_sink sink) { say(host, sink); };
    plugin::message_checks checks;
    const auto found = checks.ask("primary", loaded(keyed_manifest),
                                  gatepost::secret(keyed_settings), *small_mail());
    REQUIRE(found.size() == 1);
    const std::string twice = "you sent Bearer (secret) here; you sent Bearer (secret) here";
    CHECK(found[0].detail == twice);
    on.plays.create = [&](const gatepost_settings*, gatepost_sink sink) {
        say(on.plays.host, sink);
        return GATEPOST_INVALID;
    };
    const auto refused = on.try_make(loaded(keyed_manifest), keyed_settings);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fields.at(0).detail == twice);
    on.plays.create = [&](const gatepost_settings*, gatepost_sink) -> gatepost_status {
        throw std::runtime_error(text);
    };
    const auto thrown = on.try_make(loaded(keyed_manifest), keyed_settings);
    REQUIRE_FALSE(thrown);
    CHECK(says(thrown.error().detail, "you sent Bearer (secret) here"));
}
