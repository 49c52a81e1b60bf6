// The outbox as the host sees it: through its table, on the fake host.
#include "support/catch.hpp"
#include "unit/sdk/fake_host.hpp"

namespace {

using strings = std::vector<std::string>;

const gatepost_plugin* outbox() {
    gatepost_host_info info{};
    info.size = sizeof info;
    info.abi_major = GATEPOST_ABI_MAJOR;
    return gatepost_plugin_v1(&info);
}

struct running {
    running() : instance(host.create(outbox(), {{"path", "/m/"}})) { REQUIRE(instance != nullptr); }
    ~running() { outbox()->destroy(instance); }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

    fake::completion call(uint32_t kind, const gatepost_message* message) {
        host.requests.clear();
        host.completions.clear();
        host.start(outbox(), instance, kind, message);
        host.run();
        REQUIRE(host.completions.size() == 1);
        return host.completions[0];
    }

    fake::host host;
    fake::mail mail{{"a@example.net"}};
    void* instance;
};

const std::string the_write =
    "file.write /m/new/1700000000.0abc.gatepost commits replace"
    " temp /m/tmp/1700000000.0abc.gatepost";

}  // namespace

TEST_CASE("A mail is filed with one body and one write, and the folders are made once") {
    running run;
    const fake::completion end = run.call(GATEPOST_SEND, &run.mail.view);
    CHECK(end.verdict == GATEPOST_ACCEPTED);
    CHECK(end.flags == GATEPOST_OUTCOME_CAPTURED);
    CHECK(end.text == "filed as /m/new/1700000000.0abc.gatepost");
    CHECK(run.host.requests == strings{"file.mkdir /m/tmp", "file.mkdir /m/new",
                                       "file.mkdir /m/cur", "body.open whole 1", the_write});
    CHECK(run.host.content ==
          "Return-Path: <sender@example.com>\r\nX-Original-To: a@example.net\r\n<body 7>");
    run.call(GATEPOST_SEND, &run.mail.view);
    CHECK(run.host.requests == strings{"body.open whole 1", the_write});
}

TEST_CASE("A write that fails defers, blames in words, and looks at the folders again") {
    running run;
    run.host.script["file.write"] = {
        GATEPOST_FAILED, "No space left on device", "", 0, false, false};
    const fake::completion end = run.call(GATEPOST_SEND, &run.mail.view);
    CHECK(end.verdict == GATEPOST_DEFERRED);
    CHECK(end.blame == GATEPOST_BLAME_PROVIDER);
    CHECK(end.text == "the mail cannot be filed: No space left on device");
    run.host.script.clear();
    CHECK(run.call(GATEPOST_SEND, &run.mail.view).verdict == GATEPOST_ACCEPTED);
    CHECK(run.host.requests.size() == 5);
}

TEST_CASE("A write that may have happened is unknown") {
    running run;
    run.host.script["file.write"] = {GATEPOST_UNCERTAIN, "no sync", "", 0, false, false};
    CHECK(run.call(GATEPOST_SEND, &run.mail.view).verdict == GATEPOST_UNKNOWN);
    run.host.script["file.write"].status = GATEPOST_TIMEOUT;  // then the host knows: it was not
    CHECK(run.call(GATEPOST_SEND, &run.mail.view).verdict == GATEPOST_DEFERRED);
    run.host.script["file.mkdir"].status = GATEPOST_TIMEOUT;
    CHECK(run.call(GATEPOST_SEND, &run.mail.view).verdict == GATEPOST_DEFERRED);
}

TEST_CASE("Folders that were removed are made again within the call") {
    running run;
    run.call(GATEPOST_SEND, &run.mail.view);
    run.host.script["file.write"] = {GATEPOST_NOT_FOUND, "no folder", "", 0, false, false};
    const fake::completion end = run.call(GATEPOST_SEND, &run.mail.view);
    CHECK(end.verdict == GATEPOST_DEFERRED);
    CHECK(end.blame == GATEPOST_BLAME_PROVIDER);
    CHECK(run.host.requests == strings{"body.open whole 1", the_write, "file.mkdir /m/tmp",
                                       "file.mkdir /m/new", "file.mkdir /m/cur", the_write});
}

TEST_CASE("A folder that may not be used is the configuration's fault") {
    running run;
    run.host.script["file.mkdir"] = {GATEPOST_DENIED, "outside", "", 0, false, false};
    const fake::completion end = run.call(GATEPOST_SEND, &run.mail.view);
    CHECK(end.verdict == GATEPOST_DEFERRED);
    CHECK(end.blame == GATEPOST_BLAME_CONFIG);
    CHECK(run.host.requests == strings{"file.mkdir /m/tmp"});
}

TEST_CASE("A message that cannot be opened is the message's fault and moves nothing") {
    running run;
    run.host.script["body.open"] = {GATEPOST_FAILED, "broken", "", 0, false, false};
    const fake::completion end = run.call(GATEPOST_SEND, &run.mail.view);
    CHECK(end.verdict == GATEPOST_DEFERRED);
    CHECK(end.blame == GATEPOST_BLAME_MESSAGE);
}

TEST_CASE("A test reports its stages with and without a mail") {
    running run;
    CHECK(run.call(GATEPOST_TEST, nullptr).verdict == GATEPOST_ACCEPTED);
    CHECK(run.host.stages ==
          strings{"folder 1 ", "folder 2 /m", "message 4 no recipient was given"});
    run.host.stages.clear();
    CHECK(run.call(GATEPOST_TEST, &run.mail.view).flags == GATEPOST_OUTCOME_CAPTURED);
    CHECK(run.host.stages.back() == "message 2 filed as /m/new/1700000000.0abc.gatepost");
    run.host.stages.clear();
    run.host.script["file.mkdir"] = {GATEPOST_FAILED, "read only", "", 0, false, false};
    const fake::completion end = run.call(GATEPOST_TEST, nullptr);
    CHECK(end.verdict == GATEPOST_REJECTED);
    CHECK(end.advice != "");
    CHECK(run.host.stages == strings{"folder 1 ", "folder 3 read only"});
}

TEST_CASE("Settings that name no folder make no instance") {
    fake::host host;
    CHECK(host.create(outbox(), {{"path", "relative"}}) == nullptr);
    CHECK(host.create(outbox(), {{"path", "/a/../b"}}) == nullptr);
    CHECK(host.create(outbox(), {}) == nullptr);
    CHECK(host.diagnostics.size() == 3);
    CHECK(host.diagnostics[0] == "3 /path must be an absolute path");
}

TEST_CASE("The table is what the manifest says, and another major gets none") {
    CHECK(fake::text(outbox()->id) == "outbox");
    CHECK(fake::text(outbox()->manifest).find("\"captures\": true") != std::string::npos);
    gatepost_host_info info{};
    info.size = sizeof info;
    info.abi_major = GATEPOST_ABI_MAJOR + 1;
    CHECK(gatepost_plugin_v1(&info) == nullptr);
    CHECK(gatepost_plugin_v1(nullptr) == nullptr);
}
