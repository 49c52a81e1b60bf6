// The JSON writer and reader of the SDK: round trips, bodies as strings, and answers meant to harm.
#include <gatepost/json.hpp>

#include <limits>

#include "fake_host.hpp"
#include "support/catch.hpp"

namespace {

using namespace gatepost::sdk;

std::string rewritten(std::string_view json) {
    const json_document read = read_json(json);
    REQUIRE(read.error == "");
    json_writer writer;
    writer.value(read.root);
    return std::string(writer.finish().bytes());
}

std::string why(std::string_view json, json_limits limits = {}) {
    const json_document read = read_json(json, limits);
    CHECK_FALSE(read.ok());
    CHECK(read.root.is_null());
    return read.error;
}

}  // namespace

TEST_CASE("A document with bodies becomes segments in order") {
    json_writer json;
    json.begin_object();
    json.member("subject", "a \"quoted\"\r\n\\ line");
    json.member_body("text", 5);
    json.key("list");
    json.begin_array();
    json.value(int64_t{-7});
    json.value(true);
    json.value(nullptr);
    json.body(6);
    json.begin_object();
    json.end_object();
    json.raw("{\"x\":1}");
    json.end_array();
    json.member("end", 1.5);
    json.end_object();
    const segments made = json.finish();
    CHECK(fake::flat(made.array()) ==
          R"({"subject":"a \"quoted\"\r\n\\ line","text":"<body 5>","list":[-7,true,null,)"
          R"("<body 6>",{},{"x":1}],"end":1.5})");
    json.value("again");
    CHECK(json.finish().bytes() == "\"again\"");
}

TEST_CASE("Every string a writer escapes reads back as it was") {
    std::string all;
    for (char letter = 0; letter < 127; ++letter)
        all += letter;
    all += "\x7F\xC3\xA4\xE2\x82\xAC\xE2\x80\xA8\xE2\x80\xA9\xF0\x9F\x93\xAC";
    const json_document read = read_json("\"" + json_escaped(all) + "\"");
    REQUIRE(read.error == "");
    CHECK(read.root.text() == all);
    CHECK(json_escaped("a\xFF\xC0\x80z\xE2\x82") ==
          "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(json_escaped("\xE2\x80\xA8") == "\\u2028");
}

TEST_CASE("Documents survive reading and writing") {
    for (const char* json :
         {"null", "true", "0", "-9223372036854775808", "1.5", "1e+300", "\"\"", "[]", "{}",
          R"({"a":[1,{"b":[]},"c"],"d":{"e":null}})", R"(["\u0000","é"])"}) {
        CHECK(rewritten(json) == json);
    }
    CHECK(rewritten(" [ 1 , 2 ] \n") == "[1,2]");
    CHECK(rewritten(R"("\ud83d\udcec\u00e9\/\b\f")") ==
          "\"\xF0\x9F\x93\xAC\xC3\xA9/\\u0008\\u000c\"");
    CHECK(read_json("9223372036854775808").root.number() == 9223372036854775808.0);
    CHECK(read_json("-0").root.integer(5) == 0);
}

TEST_CASE("Reading what is not there gives fallbacks") {
    const json_document read = read_json(R"({"a": {"b": [10, "x"]}, "n": 2.5})");
    CHECK(read.root["a"]["b"].at(0).integer() == 10);
    CHECK(read.root["a"]["b"].at(0).number() == 10.0);
    CHECK(read.root["a"]["b"].at(1).text() == "x");
    CHECK(read.root["a"]["b"].at(2).is_null());
    CHECK(read.root["x"]["y"]["z"].text("nothing") == "nothing");
    CHECK(read.root["n"].integer(-1) == -1);
    CHECK(read.root.at(0).is_object());
}

TEST_CASE("What is no JSON is refused with a reason and a place") {
    for (const char* json : {"",
                             " ",
                             "nul",
                             "tru",
                             "[1,]",
                             "[1 2]",
                             "[",
                             "{",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1,}",
                             "{a:1}",
                             "'a'",
                             "01",
                             "-",
                             "-01",
                             "1.",
                             ".5",
                             "1e",
                             "+1",
                             "0x1",
                             "NaN",
                             "Infinity",
                             "\"",
                             "\"\\x\"",
                             "\"\\u12\"",
                             "\"\\u12g4\"",
                             "\"\\u+123\"",
                             "[1] 2",
                             "// x",
                             "\xEF\xBB\xBF{}",
                             "1e999"}) {
        CHECK(why(json) != "");
    }
    CHECK(why("\"a\nb\"") == "a control character");
    CHECK(why(std::string_view("\"a\0b\"", 5)) == "a control character");
    CHECK(why(std::string_view("1\0", 2)) == "something follows the document");
    CHECK(read_json("[true, x]").offset == 7);
}

TEST_CASE("Bad UTF-8 and lone surrogates are refused") {
    for (const char* bytes :
         {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3"}) {
        CHECK(why("\"" + std::string(bytes) + "\"") == "no UTF-8");
    }
    for (const char* text : {"\\ud800", "\\udc00", "\\ud800x", "\\ud800\\n", "\\ud800\\ud800"}) {
        CHECK(why("\"" + std::string(text) + "\"") == "a lone surrogate");
    }
}

TEST_CASE("Duplicate keys are refused, also when they are written differently") {
    CHECK(why(R"({"a":1,"a":2})") == "a key stands twice in one object");
    CHECK(why(R"({"a":1,"\u0061":2})") == "a key stands twice in one object");
    CHECK(read_json(R"({"a":{"a":1}})").ok());
}

TEST_CASE("Depth and number of values are capped") {
    CHECK(read_json(std::string(64, '[') + std::string(64, ']')).ok());
    CHECK(why(std::string(65, '[') + std::string(65, ']')) == "too deep");
    CHECK(why(std::string(100000, '[')) == "too deep");
    std::string objects;
    for (int at = 0; at < 100000; ++at)
        objects += "{\"a\":";
    CHECK(why(objects) == "too deep");
    std::string many = "[0";
    for (int at = 0; at < 200000; ++at)
        many += ",0";
    CHECK(why(many + "]") == "too many values");
    CHECK(why("[1,2,3]", {64, 3}) == "too many values");
}

TEST_CASE("A writer that is used wrongly says so instead of writing nonsense") {
    json_writer json;
    CHECK_THROWS_AS(json.finish(), std::logic_error);
    CHECK_THROWS_AS(json.key("a"), std::logic_error);
    CHECK_THROWS_AS(json.end_object(), std::logic_error);
    json.begin_object();
    CHECK_THROWS_AS(json.value(1), std::logic_error);
    CHECK_THROWS_AS(json.end_array(), std::logic_error);
    json.key("a");
    CHECK_THROWS_AS(json.key("b"), std::logic_error);
    CHECK_THROWS_AS(json.end_object(), std::logic_error);
    json.value(std::numeric_limits<double>::infinity());
    json.end_object();
    CHECK_THROWS_AS(json.value(1), std::logic_error);
    CHECK(json.finish().bytes() == "{\"a\":null}");
}
