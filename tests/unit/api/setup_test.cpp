// Everything but messages: routes and their document, providers, connections, tests, health.
#include <set>

#include "api/router.hpp"
#include "api_fixture.hpp"

using namespace testing;

TEST_CASE("the OpenAPI document and the router know the same paths and methods") {
    const auto document = json::parse(api::openapi_document());
    std::set<std::string> documented, routed;
    for (const auto& [path, operations] : document["paths"].items()) {
        for (const auto& [method, operation] : operations.items()) {
            if (method == "parameters") continue;
            std::string upper = method;
            for (char& c : upper)
                c = static_cast<char>(c - 'a' + 'A');
            documented.insert(upper + " " + path);
            CHECK(operation.contains("summary"));
        }
    }
    for (const auto& route : api::routes())
        routed.insert(std::string(route.method) + " " + std::string(route.path));
    CHECK(documented == routed);
    api_fixture with;
    CHECK(json::parse(with.ask(get("/v1/openapi.json")).body) == document);
}

TEST_CASE("every reference in the OpenAPI document leads somewhere") {
    const auto document = json::parse(api::openapi_document());
    const std::function<void(const json&)> walk = [&](const json& at) {
        if (at.is_object() && at.contains("$ref")) {
            const std::string to = at["$ref"];
            INFO(to);
            CHECK(document.contains(json::json_pointer(to.substr(1))));
        }
        if (!at.is_structured()) return;
        for (const auto& below : at)
            walk(below);
    };
    walk(document);
}

TEST_CASE("unknown paths are 404, wrong methods 405 with Allow, later ones named so") {
    api_fixture with;
    CHECK(with.ask(get("/")).status == 404);
    CHECK(with.ask(get("/v1/messages/x/y/z")).status == 404);
    CHECK(with.ask(get("/v1/messages/")).status == 404);
    CHECK(with.ask(get("/v1/connections/%zz")).status == 404);
    const auto later = with.ask(get("/v1/templates/welcome"));
    CHECK(later.status == 404);
    CHECK(json::parse(later.body)["detail"].get<std::string>().find(
              "not offered by this version") != std::string::npos);
    const auto wrong = with.ask("PUT /v1/connections/primary HTTP/1.1\r\nHost: g\r\n\r\n");
    CHECK(wrong.status == 405);
    CHECK(wrong.header("allow") == "GET");
    CHECK(with.ask("DELETE /v1/messages HTTP/1.1\r\nHost: g\r\n\r\n").header("allow") ==
          "POST, GET");
    client head = with.connect();
    const auto refused = head.ask("HEAD /v1/health HTTP/1.1\r\nHost: g\r\n\r\n");
    CHECK(refused.status == 405);
    CHECK(head.closed());
}

TEST_CASE("health says whether a send would be taken") {
    api_fixture with;
    CHECK(json::parse(with.ask(get("/v1/health")).body)["status"] == "ok");
    with.store->set_health({true, "fdatasync: Input/output error", 3});
    const auto sick = with.ask(get("/v1/health"));
    CHECK(sick.status == 503);
    CHECK(json::parse(sick.body)["detail"] == "the spool is sick: fdatasync: Input/output error");
    CHECK(json::parse(with.ask(get("/v1/version")).body)["version"] == "1.2.3");
}

TEST_CASE("connections are shown without secrets") {
    api_fixture with;
    const auto list = json::parse(with.ask(get("/v1/connections")).body)["connections"];
    REQUIRE(list.size() == 2);
    CHECK(list[0]["name"] == "primary");
    CHECK(list[0]["default"] == true);
    CHECK(list[0]["captures"] == true);
    CHECK_FALSE(list[0].contains("settings"));
    CHECK(list[1]["running"] == false);
    const auto got = with.ask(get("/v1/connections/primary"));
    const auto one = json::parse(got.body);
    CHECK(one["settings"]["password"]["set"] == true);
    CHECK(one["limits"]["per_minute"] == 30);
    CHECK(got.body.find("hunter2") == std::string::npos);
    CHECK(with.ask(get("/v1/connections/third")).status == 404);
}

TEST_CASE("the catalogue of no plugins is empty lists") {
    api_fixture with;
    const auto got = json::parse(with.ask(get("/v1/providers")).body);
    CHECK(got["providers"].empty());
    CHECK(got["refused"].empty());
}

namespace {

delivery::test_result good_result() {
    delivery::test_result out;
    out.success = true;
    out.message = "It works";
    plugin::stage_report stage;
    stage.id = "settings";
    stage.state = "passed";
    out.stages.push_back(stage);
    out.outcome.verdict = mail::verdict::accepted;
    out.outcome.code = 250;
    return out;
}

}  // namespace

TEST_CASE("a connection's test is answered whole") {
    api_fixture with;
    client one = with.connect();
    one.send(post("/v1/connections/primary/test", R"({"to":"me@example.org"})"));
    auto running = with.dispatcher.take();
    CHECK(running.request.connection == "primary");
    REQUIRE(running.request.message);
    CHECK(running.request.message->from->addr.text() == "noreply@example.com");
    CHECK(running.request.message->recipients[0].who.addr.text() == "me@example.org");
    running.done(good_result());
    const auto got = one.read();
    CHECK(got.status == 200);
    const auto body = json::parse(got.body);
    CHECK(body["success"] == true);
    CHECK(body["details"]["verdict"] == "accepted");
    CHECK(body["stages"][0]["id"] == "settings");
}

TEST_CASE("a test's stages come while they happen") {
    api_fixture with;
    client one = with.connect();
    one.send(post("/v1/connections/second/test", "", "Accept: application/x-ndjson\r\n"));
    auto running = with.dispatcher.take();
    CHECK_FALSE(running.request.message);
    running.request.on_stage(good_result().stages[0]);
    running.done(good_result());
    const auto got = one.read();
    CHECK(got.header("content-type") == "application/x-ndjson");
    const size_t line = got.body.find('\n');
    CHECK(json::parse(got.body.substr(0, line))["stage"]["state"] == "passed");
    CHECK(json::parse(got.body.substr(line))["result"]["success"] == true);
}

TEST_CASE("the dialogue of a test is shown to those who ask for it") {
    api_fixture with;
    const plugin::trace_line line{">", "EHLO x", std::chrono::milliseconds(7)};
    const json written = {{"at_ms", 7}, {"direction", ">"}, {"text", "EHLO x"}};
    auto outcome = good_result();
    outcome.trace.push_back(line);

    client one = with.connect();
    one.send(post("/v1/connections/second/test", R"({"trace":true})",
                  "Accept: application/x-ndjson\r\n"));
    auto running = with.dispatcher.take();
    CHECK(running.request.trace);
    running.request.on_stage(outcome.stages[0]);
    running.request.on_trace(line);
    running.done(outcome);
    const auto streamed = one.read().body;
    const size_t first = streamed.find('\n'), second = streamed.find('\n', first + 1);
    CHECK(json::parse(streamed.substr(first, second - first)) == json{{"trace", written}});
    CHECK_FALSE(json::parse(streamed.substr(second))["result"].contains("trace"));

    client other = with.connect();
    other.send(post("/v1/connections/second/test", R"({"trace":true})"));
    running = with.dispatcher.take();
    running.done(outcome);
    CHECK(json::parse(other.read().body)["trace"] == json::array({written}));

    client quiet = with.connect();
    quiet.send(post("/v1/connections/second/test", R"({"trace":false})"));
    running = with.dispatcher.take();
    CHECK_FALSE(running.request.trace);
    running.done(good_result());
    CHECK_FALSE(json::parse(quiet.read().body).contains("trace"));
}

TEST_CASE("a test ends when the client leaves") {
    api_fixture with;
    client one = with.connect();
    one.send(post("/v1/connections/primary/test", ""));
    auto running = with.dispatcher.take();
    one.close();
    CHECK(comes_true([&] { return with.dispatcher.cancelled(); }));
    running.done(good_result());
    CHECK(with.ask(get("/v1/version")).status == 200);
}

TEST_CASE("tests that cannot begin are refused in words") {
    api_fixture with;
    const auto pointer = [&](const std::string& path, const std::string& body) -> std::string {
        const auto got = with.ask(post(path, body));
        const auto document = json::parse(got.body);
        if (!document.contains("errors")) return std::to_string(got.status);
        return document["errors"][0]["pointer"];
    };
    CHECK(pointer("/v1/connections/none/test", "") == "404");
    CHECK(pointer("/v1/connections/primary/test", "{") == "400");
    CHECK(pointer("/v1/connections/primary/test", R"({"tu":"x"})") == "/tu");
    CHECK(pointer("/v1/connections/primary/test", R"({"to":"x"})") == "/to");
    CHECK(pointer("/v1/connections/second/test", R"({"to":"x@example.org"})") == "/from");
    CHECK(pointer("/v1/test", R"({"settings":{}})") == "/provider");
    CHECK(pointer("/v1/test", R"({"provider":"nothing"})") == "/provider");
    CHECK(pointer("/v1/test", R"({"provider":"x","settings":[]})") == "/settings");
    CHECK(pointer("/v1/test", R"({"provider":"x","trace":1})") == "/trace");
    CHECK(pointer("/v1/test", "[]") == "");
}
