// Problems go out and come back the same; the writer gives JSON whatever it is fed.
#include "api_types/problem.hpp"

#include <nlohmann/json.hpp>

#include "api_types/json_writer.hpp"
#include "support/catch.hpp"

using namespace gatepost;

TEST_CASE("a problem document survives the way to a client") {
    const error failure{error_kind::no_connection,
                        "no \"connection\" fits\nhere",
                        {{"/to/0", "is wrong"}, {"", "as a whole"}}};
    const std::string text = api_types::write_problem(failure);
    const auto document = nlohmann::json::parse(text);
    CHECK(document["type"] == "urn:gatepost:no-connection");
    CHECK(document["status"] == 422);
    CHECK(document["errors"][0]["pointer"] == "/to/0");
    const error back = api_types::read_problem(text, 422);
    CHECK(back.kind == failure.kind);
    CHECK(back.detail == failure.detail);
    REQUIRE(back.fields.size() == 2);
    CHECK(back.fields[1].detail == "as a whole");
}

TEST_CASE("an answer that is no problem document still says something") {
    CHECK(api_types::read_problem("<html>", 502).detail == "the daemon answered 502: <html>");
    CHECK(api_types::read_problem("", 500).kind == error_kind::internal);
    CHECK(api_types::read_problem("{\"type\":5,\"errors\":7}", 500).kind == error_kind::internal);
    CHECK(api_types::read_problem("[]", 500).kind == error_kind::internal);
}

TEST_CASE("retry-after comes from the error, else from its kind") {
    CHECK(api_types::retry_after_seconds({error_kind::busy, ""}) == 1);
    CHECK(api_types::retry_after_seconds({error_kind::invalid, ""}) == 0);
    CHECK(api_types::retry_after_seconds({error_kind::busy, "", {}, std::chrono::seconds(9)}) == 9);
}

TEST_CASE("the writer escapes what JSON must, and repairs what is not UTF-8") {
    std::string out;
    api_types::json_writer json(out);
    json.begin_object()
        .member("a\"b", std::string("x\\\n\t\x01\x7f y"))
        .member("bad", std::string("a\xff\xc3z\xe2\x82"))
        .member("n", -5)
        .member("t", true)
        .key("l")
        .begin_array()
        .null()
        .value("ü")
        .begin_object()
        .end_object()
        .end_array()
        .end_object();
    const auto back = nlohmann::json::parse(out);
    CHECK(back["a\"b"] == "x\\\n\t\x01\x7f y");
    CHECK(back["bad"] == "a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(back["n"] == -5);
    CHECK(back["t"] == true);
    CHECK(back["l"].size() == 3);
    CHECK(back["l"][1] == "ü");
}
