// report/1 and the list of what is offered.
#include "fake_host.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;

TEST_CASE("stages and quotas reach the call; nonsense and calls that are over do not") {
    stage on;
    const auto& table = on.table<gatepost_report>("gatepost.report/1");
    const gatepost_stage good{sizeof good, GATEPOST_PASSED, str("login"), {}, 0, 0, {}, str("ok")};
    table.stage(on.host(), on.call, &good);
    const gatepost_quota quota{sizeof quota, 0, str("24 hours"), 100, 7};
    table.quota(on.host(), on.call, &quota);
    gatepost_stage strange = good;
    strange.state = 77;
    table.stage(on.host(), on.call, &strange);
    table.stage(on.host(), on.call, nullptr);
    table.quota(on.host(), on.call, nullptr);
    table.stage(on.host(), on.call + 99, &good);
    CHECK(on.reports() == std::vector<std::string>{"2 login ok", "24 hours 7"});
}

TEST_CASE("a stage of an older plugin, without advice, is read as far as it goes") {
    stage on;
    gatepost_stage shorter{sizeof shorter,  GATEPOST_STARTED, str("login"), {}, 0, 0, {},
                           str("not there")};
    shorter.size = offsetof(gatepost_stage, advice);
    on.table<gatepost_report>("gatepost.report/1").stage(on.host(), on.call, &shorter);
    CHECK(on.reports() == std::vector<std::string>{"1 login "});
}

TEST_CASE("what is not built yet is not offered") {
    const auto offered = services::make();
    REQUIRE(offered);
    for (const char* id : {"body", "timer", "crypto", "file", "cache", "report", "stream", "http"})
        CHECK(offered->lookup("gatepost." + std::string(id) + "/1") != nullptr);
    for (const char* id : {"gatepost.stream/2", "gatepost.oauth/1", "gatepost.body/2",
                           "gatepost.body", "body/1", ""})
        CHECK(offered->lookup(id) == nullptr);
}

TEST_CASE("there is one set of services in a process at a time") {
    auto first = services::make();
    REQUIRE(first);
    CHECK(services::make() == nullptr);
    first->stop();
    first->stop();
    first.reset();
    CHECK(services::make() != nullptr);
}
