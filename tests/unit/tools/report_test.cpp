// What is printed of a test, and of a provider.
#include <nlohmann/json.hpp>

#include "gatepost/commands.hpp"
#include "support/catch.hpp"

using namespace gatepost::cli;
using nlohmann::json;

TEST_CASE("a test's end says what no stage has said") {
    const terminal plain(false);
    test_report report(plain, false);
    CHECK(report.stage({{"id", "login"}, {"state", "started"}, {"title", "Log in"}}).empty());
    CHECK(report.stage({{"id", "login"},
                        {"state", "failed"},
                        {"text", "535 no"},
                        {"advice", "use an app password"}}) ==
          "FAILED Log in: 535 no\n         use an app password\n");
    CHECK(report.end({{"message", "535 no"}, {"advice", "use an app password"}}).empty());
    CHECK(report.end({{"message", "login failed"}, {"advice", "ask the administrator"}}) ==
          "login failed\nask the administrator\n");
    CHECK(report.end({{"message", "as above"}, {"advice", "as above"}}) == "as above\n");
}

TEST_CASE("a terminal shows the stage that runs, until it has ended") {
    const terminal plain(false);
    test_report report(plain, true);
    CHECK(report.stage({{"id", "a"}, {"state", "started"}, {"title", "Connect"}}) ==
          "...    Connect");
    CHECK(report.stage({{"id", "a"}, {"state", "passed"}}) == "\r\x1b[Kok     Connect\n");
    CHECK(report.stage({{"id", "b"}, {"state", "started"}, {"title", "Send"}}) == "...    Send");
    CHECK(report.end({{"message", "it was cut short"}}) == "\r\x1b[Kit was cut short\n");
}

TEST_CASE("a provider is told with each of its settings, in the order of its schema") {
    const json provider = json::parse(R"({"id": "post", "name": "Post", "version": "1.2",
        "description": "Carries letters.", "settings_schema": {"required": ["host"], "properties": {
        "password": {"type": "string", "writeOnly": true, "title": "Password",
                     "x-gatepost-order": 3},
        "host": {"type": "string", "description": "Where to.", "x-gatepost-order": 1},
        "mode": {"oneOf": [{"const": "fast"}, {"const": "slow"}], "default": "fast",
                 "description": "How.", "x-gatepost-order": 2}}}})");
    CHECK(describe_provider(terminal(false), provider) ==
          "post  Post 1.2\n"
          "  Carries letters.\n"
          "  SETTING   TYPE            DEFAULT   WHAT IT IS\n"
          "  host      string          required  Where to.\n"
          "  mode      choice          fast      How. One of: fast, slow\n"
          "  password  string, secret            Password.\n");
}

TEST_CASE("a name that is not known is told with the nearest, and with all") {
    CHECK(no_such("connection", "relya", {"outbox", "relay"}).detail ==
          "there is no connection \"relya\"; did you mean \"relay\"? There are: outbox, relay");
    CHECK(no_such("connection", "zzz", {"outbox", "relay"}).detail ==
          "there is no connection \"zzz\"; there are: outbox, relay");
    CHECK(no_such("provider", "x", {}).detail ==
          "there is no provider \"x\"; there is none at all");
}

TEST_CASE("an error names the option, where the API names a member") {
    using namespace gatepost;
    const error one =
        in_options({error_kind::invalid, "/to/0 is no address", {{"/to/0", "is no address"}}});
    CHECK(one.detail == "--to is no address");
    const error many = in_options({error_kind::invalid,
                                   "3 values are wrong; see errors",
                                   {{"/query/status", "must be one of queued, sent"},
                                    {"/headers/Subject", "is set by the gateway"},
                                    {"/settings/host", "is required"}}});
    CHECK(many.fields[0].pointer == "--status");
    CHECK(many.fields[1].pointer == "--header (Subject)");
    CHECK(many.fields[2].pointer == "/settings/host");
}

TEST_CASE("a code that stands in front of the text already is not put there again") {
    context with;
    with.out = terminal(false);
    const auto row = [&](const char* text) {
        return describe_message(
            with,
            {{"id", "1"}, {"recipients", {{{"address", "a@b"}, {"code", 250}, {"text", text}}}}});
    };
    CHECK(row("250 2.0.0 Ok").find("  250 2.0.0 Ok\n") != std::string::npos);
    CHECK(row("Accepted").find("  250 Accepted\n") != std::string::npos);
}
