// cache/1: kept for the instance, forgotten in time, and never larger than it may be.
#include "base/limits.hpp"
#include "base/text.hpp"
#include "fake_host.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace std::chrono_literals;

namespace {

heard get(stage& on, std::string_view key) {
    return on.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return on.table<gatepost_cache>("gatepost.cache/1")
            .get(on.host(), on.call, str(key), done, user, id);
    });
}

gatepost_status put(stage& on, std::string_view key, std::string_view value,
                    std::chrono::nanoseconds lifetime = 0ns) {
    return on
        .wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
            return on.table<gatepost_cache>("gatepost.cache/1")
                .put(on.host(), on.call, str(key), str(value),
                     static_cast<uint64_t>(lifetime.count()), done, user, id);
        })
        .status;
}

}  // namespace

TEST_CASE("what one call puts another call of the instance gets") {
    stage on;
    CHECK(get(on, "token").status == GATEPOST_NOT_FOUND);
    CHECK(put(on, "token", "first") == GATEPOST_OK);
    CHECK(put(on, "token", std::string_view("sec\0nd", 6)) == GATEPOST_OK);
    on.instance->end_call(on.call);
    on.call = on.instance->begin_call({});
    const heard answer = get(on, "token");
    CHECK(answer.status == GATEPOST_OK);
    CHECK(answer.data == std::string_view("sec\0nd", 6));
    CHECK(answer.length == 6);
    CHECK(put(on, "token", "") == GATEPOST_OK);
    CHECK(get(on, "token").status == GATEPOST_NOT_FOUND);
    CHECK(put(on, "token", "") == GATEPOST_OK);
}

TEST_CASE("what is kept is taken out of what is shown: long strings of JSON, or all of it") {
    stage on;
    const auto shown = [&](std::string_view text) {
        return on.instance->hidden().scrub()->clean(text);
    };
    const std::string token = "role-session-token-of-a-container";
    const std::string keys =
        R"(["ASIASHORT", "role-secret-access-key", {"in": [")" + token + R"("]}])";
    CHECK(shown(token) == token);
    CHECK(put(on, "keys", keys) == GATEPOST_OK);
    CHECK(shown("x-amz-security-token:" + token + ";") == "x-amz-security-token:(secret);");
    CHECK(shown("role-secret-access-key of ASIASHORT") == "(secret) of ASIASHORT");
    CHECK(put(on, "plain", "a-bare-token-of-its-own") == GATEPOST_OK);
    CHECK(put(on, "count", "1") == GATEPOST_OK);
    CHECK(shown("a-bare-token-of-its-own 1") == "(secret) 1");
    CHECK(shown(text::base64_encode(token)) == "(secret)");
    CHECK(put(on, "keys", "") == GATEPOST_OK);
    CHECK(shown(token) == "(secret)");  // a mail may still run with it
}

TEST_CASE("instances do not see each other's values") {
    stage on;
    CHECK(put(on, "token", "mine") == GATEPOST_OK);
    const auto other = std::make_shared<fake_instance>(on.loop, std::vector<std::string>{});
    const auto mine = std::exchange(on.instance, other);
    const auto call = std::exchange(on.call, other->begin_call({}));
    CHECK(get(on, "token").status == GATEPOST_NOT_FOUND);
    other->end_call(on.call);
    on.instance = mine;
    on.call = call;
}

TEST_CASE("a value is gone when its lifetime is over, not before") {
    manual_clock clock(wall_time{});
    stage on({}, {}, {&clock, 1});
    CHECK(put(on, "token", "value", 60s) == GATEPOST_OK);
    CHECK(put(on, "for ever", "value", std::chrono::nanoseconds::max()) == GATEPOST_OK);
    clock.advance(59'999ms);
    CHECK(get(on, "token").data == "value");
    clock.advance(1ms);
    CHECK(get(on, "token").status == GATEPOST_NOT_FOUND);
    clock.advance(24h * 365);
    CHECK(get(on, "for ever").data == "value");
}

TEST_CASE("a full cache pushes out what was not used for longest") {
    stage on;
    const std::string big(limits::cache_bytes / 4, 'v');
    CHECK(put(on, "a", big) == GATEPOST_OK);
    CHECK(put(on, "b", big) == GATEPOST_OK);
    CHECK(put(on, "c", big) == GATEPOST_OK);
    CHECK(get(on, "a").status == GATEPOST_OK);
    CHECK(put(on, "d", big) == GATEPOST_OK);
    CHECK(get(on, "b").status == GATEPOST_NOT_FOUND);
    CHECK(get(on, "a").status == GATEPOST_OK);
    CHECK(get(on, "c").status == GATEPOST_OK);
    CHECK(get(on, "d").status == GATEPOST_OK);
}

TEST_CASE("a flood of small keys stays within the cap, and a giant is refused") {
    stage on;
    for (int i = 0; i < 5000; ++i)
        REQUIRE(put(on, "key" + std::to_string(i), "v") == GATEPOST_OK);
    CHECK(get(on, "key0").status == GATEPOST_NOT_FOUND);
    CHECK(get(on, "key4999").status == GATEPOST_OK);
    CHECK(put(on, "key4999", std::string(limits::cache_bytes, 'v')) == GATEPOST_LIMIT);
    CHECK(get(on, "key4999").status == GATEPOST_NOT_FOUND);
    CHECK(get(on, "key4998").status == GATEPOST_OK);
}

TEST_CASE("keys are checked") {
    stage on;
    CHECK(put(on, "", "v") == GATEPOST_INVALID);
    CHECK(get(on, "").status == GATEPOST_INVALID);
    CHECK(put(on, std::string(limits::cache_key_bytes + 1, 'k'), "v") == GATEPOST_INVALID);
    const auto& table = on.table<gatepost_cache>("gatepost.cache/1");
    CHECK(table.put(on.host(), on.call, str("k"), {nullptr, 5}, 0, stage::listen, nullptr,
                    nullptr) == GATEPOST_INVALID);
}
