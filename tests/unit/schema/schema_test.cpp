// The schema subset: what is checked, in which words, and what is refused when it is read.
#include "schema/schema.hpp"

#include <nlohmann/json.hpp>

#include "schema/json.hpp"
#include "schema/keys.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using nlohmann::json;

namespace {

schema::schema parsed(const std::string& text) {
    auto out = schema::schema::parse(text);
    INFO((out ? std::string() : out.error().detail));
    REQUIRE(out.ok());
    return *std::move(out);
}

std::string refusal(const std::string& text) {
    const auto out = schema::schema::parse(text);
    if (out) return "";
    CHECK(out.error().kind == error_kind::config);
    return out.error().detail;
}

// "pointer detail\n" for each problem.
std::string problems(const schema::schema& by, const std::string& value) {
    std::string out;
    for (const field_error& each : by.validate(json::parse(value)))
        out += each.pointer + " " + each.detail + "\n";
    return out;
}

const char* const smtp = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "SMTP", "type": "object", "additionalProperties": false,
  "required": ["host"],
  "properties": {
    "host": {"type": "string", "format": "hostname", "title": "Host", "x-gatepost-order": 1},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 587},
    "security": {"type": "string", "default": "starttls",
      "oneOf": [{"const": "none", "title": "None"}, {"const": "starttls", "title": "STARTTLS"},
                {"const": "tls", "title": "TLS"}]},
    "username": {"type": "string", "minLength": 1},
    "password": {"type": "string", "writeOnly": true},
    "pool": {"type": "object", "properties": {
      "size": {"type": "integer", "default": 4},
      "token": {"type": "string", "writeOnly": true}}},
    "headers": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 3}},
    "names": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"},
              "minItems": 1, "maxItems": 3, "uniqueItems": true}
  }})";

const char* const tagged = R"({
  "type": "object",
  "oneOf": [
    {"type": "object", "required": ["kind", "key"],
     "properties": {"kind": {"const": "key"}, "key": {"type": "string", "writeOnly": true}}},
    {"type": "object", "required": ["kind"],
     "properties": {"kind": {"const": "oauth"}, "scope": {"type": "string", "default": "mail"}}}
  ]})";

}  // namespace

TEST_CASE("a value that fits has no problems") {
    CHECK(problems(parsed(smtp), R"({"host":"smtp.example.com","port":25,"security":"tls",
        "username":"u","password":"p","pool":{"size":1},"headers":{"a":"b"},"names":["a","b"]})") ==
          "");
}

TEST_CASE("all problems are told at once, each with its pointer") {
    CHECK(problems(parsed(smtp), R"({"port":0,"security":"startls","username":"","pasword":"x",
        "pool":{"size":"4","sise":1},"headers":{"a/b":"long"},"names":["a","B","a","c"]})") ==
          "/host is required\n"
          "/headers/a~1b must have at most 3 characters\n"
          "/names must have at most 3 elements\n"
          "/names/1 does not match the pattern ^[a-z]+$\n"
          "/names/2 stands in the array already\n"
          "/pasword is not known; did you mean \"password\"?\n"
          "/pool/sise is not known; did you mean \"size\"?\n"
          "/pool/size must be an integer\n"
          "/port must be an integer from 1 to 65535\n"
          "/security must be \"none\", \"starttls\" or \"tls\"; did you mean \"starttls\"?\n"
          "/username must not be empty\n");
}

TEST_CASE("types are told in words") {
    const auto one = [](const std::string& type, const std::string& value) {
        return problems(parsed(R"({"type":")" + type + "\"}"), value);
    };
    CHECK(one("object", "[]") == " must be an object\n");
    CHECK(one("array", "{}") == " must be an array\n");
    CHECK(one("string", "1") == " must be a string\n");
    CHECK(one("integer", "1.5") == " must be an integer\n");
    CHECK(one("integer", "1.0") == " must be an integer\n");
    CHECK(one("number", "\"1\"") == " must be a number\n");
    CHECK(one("number", "1") == "");
    CHECK(one("boolean", "1") == " must be true or false\n");
    CHECK(one("null", "0") == " must be null\n");
    CHECK(problems(parsed(R"({"type":"integer","minimum":1})"), "0") ==
          " must be an integer from 1\n");
    CHECK(problems(parsed(R"({"type":"number","maximum":0.5})"), "1") ==
          " must be a number not above 0.5\n");
    CHECK(problems(parsed(R"({"enum":["a",1,null]})"), "2") == " must be \"a\", 1 or null\n");
    CHECK(problems(parsed(R"({"type":"object"})"), R"({"x":1})") ==
          "/x is not known; nothing is expected here\n");
    CHECK(problems(parsed(R"({"type":"object","additionalProperties":true})"), R"({"x":1})") == "");
    CHECK(
        problems(
            parsed(
                R"({"type":"object","properties":{"alpha":{"type":"null"},"beta":{"type":"null"}}})"),
            R"({"zzzzzzzz":1})") == "/zzzzzzzz is not known; known are alpha and beta\n");
    CHECK(problems(parsed(R"({"type":"string","minLength":2,"maxLength":2})"),
                   "\"\xe2\x82\xac\xe2\x82\xac\"") == "");
    CHECK(problems(parsed(R"({"type":"string","minLength":2})"), "\"\xe2\x82\xac\"") ==
          " must have at least 2 characters\n");
}

TEST_CASE("a tagged union is checked by the branch that was meant") {
    const auto by = parsed(tagged);
    CHECK(problems(by, R"({"kind":"key","key":"k"})") == "");
    CHECK(problems(by, R"({"kind":"oauth"})") == "");
    CHECK(problems(by, R"({"kind":"key"})") == "/key is required\n");
    CHECK(problems(by, R"({"kind":"oauth","key":"k"})") ==
          "/key is not known; known are kind and scope\n");
    CHECK(problems(by, R"({"kind":"oath"})") ==
          "/kind must be \"key\" or \"oauth\"; did you mean \"oauth\"?\n");
    CHECK(problems(by, "{}") == "/kind is required; it must be \"key\" or \"oauth\"\n");
    CHECK(by.with_defaults(json::parse(R"({"kind":"oauth"})")).dump() ==
          R"({"kind":"oauth","scope":"mail"})");
    CHECK(by.without_secrets(json::parse(R"({"kind":"key","key":"k"})")).dump() ==
          R"({"key":{"set":true},"kind":"key"})");
    CHECK(by.secret_paths() == std::vector<std::string>{"key"});
}

TEST_CASE("keys brought from elsewhere are understood") {
    const std::vector<std::string> known = {"auth_method", "host", "password-reset", "security"};
    CHECK(schema::unknown_key("secure", known) == "is not known; did you mean \"security\"?");
    CHECK(schema::unknown_key("authMethod", known) ==
          "is not known; did you mean \"auth_method\"?");
    CHECK(schema::unknown_key("passwordReset", known) ==
          "is not known; did you mean \"password-reset\"?");
    CHECK(schema::unknown_key("hots", known) == "is not known; did you mean \"host\"?");
    CHECK(schema::unknown_key("frist", {"first"}) == "is not known; did you mean \"first\"?");
    CHECK(schema::unknown_key("secure", {"path"}) == "is not known; known are path");
}

TEST_CASE("formats are checked") {
    const auto fits = [](const std::string& name, const std::string& text) {
        return problems(parsed(R"({"type":"string","format":")" + name + "\"}"), json(text).dump())
            .empty();
    };
    for (const char* good : {"localhost", "smtp.example.com", "a-b.c", "127.0.0.1"})
        CHECK(fits("hostname", good));
    for (const char* bad : {"", "-a", "a-", "a..b", ".a", "a.", "a_b", "a b", "h\xc3\xa4.de"})
        CHECK_FALSE(fits("hostname", bad));
    CHECK_FALSE(fits("hostname", std::string(64, 'a')));
    for (const char* good : {"a@b.example", "first.last+tag@example.com",
                             "j\xc3\xb6rg@b\xc3\xbc"
                             "cher.example"})
        CHECK(fits("email", good));
    for (const char* bad : {"", "a", "@b", "a@", "a b@c", "a..b@c", "a@b\n", "a@b@c d", "<a@b>"})
        CHECK_FALSE(fits("email", bad));
    for (const char* good : {"https://example.com/a?b#c", "urn:x", "http://[::1]:80/"})
        CHECK(fits("uri", good));
    for (const char* bad : {"", "example.com", "://x", "http:", "http://", "http:///x",
                            "http://a b", "http://a%zz", "1http://x"})
        CHECK_FALSE(fits("uri", bad));
    CHECK(fits("ipv4", "192.0.2.1"));
    CHECK_FALSE(fits("ipv4", "192.0.2"));
    CHECK(fits("ipv6", "2001:db8::1"));
    CHECK_FALSE(fits("ipv6", "192.0.2.1"));
    CHECK_FALSE(fits("ipv4", std::string("1.2.3.4\0x", 9)));
    for (const char* good : {"PT30S", "P1D", "P1DT2H", "P2W", "P1Y2M3DT4H5M6S"})
        CHECK(fits("duration", good));
    for (const char* bad : {"", "P", "PT", "30s", "P1S", "P1DT", "PT1S2H", "P1W2D"})
        CHECK_FALSE(fits("duration", bad));
}

TEST_CASE("defaults are filled in where their object stands") {
    const auto by = parsed(smtp);
    CHECK(by.with_defaults(json::parse(R"({"host":"h","pool":{}})")).dump() ==
          R"({"host":"h","pool":{"size":4},"port":587,"security":"starttls"})");
    CHECK(by.with_defaults(json::parse(R"({"port":25})")).at("port") == 25);
}

TEST_CASE("secrets are replaced by whether they are set") {
    const auto by = parsed(smtp);
    CHECK(by.without_secrets(json::parse(R"({"host":"h","password":"p","pool":{"token":""}})"))
              .dump() == R"({"host":"h","password":{"set":true},"pool":{"token":{"set":false}}})");
    CHECK(by.without_secrets(json::parse(R"({"host":"h"})")).dump() ==
          R"({"host":"h","password":{"set":false}})");
    CHECK(by.secret_paths() == std::vector<std::string>{"password", "pool.token"});
}

TEST_CASE("places of strings are found whatever stands there") {
    std::string found;
    for (
        const auto& place : parsed(smtp).string_places(json::parse(
            R"({"host":{"env":"H"},"password":{"file":"f"},"port":1,"names":["a",{}],"headers":{"x":1},"zz":"?"})")))
        found += place.pointer + (place.secret ? "!" : "") + "\n";
    CHECK(found == "/headers/x\n/host\n/names/0\n/names/1\n/password!\n");
}

TEST_CASE("what is outside the subset is refused when the schema is read") {
    const std::pair<const char*, const char*> cases[] = {
        {"[]", "the schema, at its top: must be an object"},
        {"{", "the schema is not JSON: byte 1: the document ends too early"},
        {"{}", "the schema, at its top: \"type\" is missing"},
        {R"({"type":"strng"})",
         "the schema, at /type: must be one of object, array, string, integer, number, boolean, "
         "null"},
        {R"({"type":["string","null"]})",
         "the schema, at /type: must be one of object, array, string, integer, number, boolean, "
         "null"},
        {R"({"type":"object","properties":{"a":{"$ref":"#"}}})",
         "the schema, at /properties/a/$ref: \"$ref\" is not part of the subset"},
        {R"({"type":"object","allOf":[]})",
         "the schema, at /allOf: \"allOf\" is not part of the subset"},
        {R"({"type":"string","minLenght":1})",
         "the schema, at /minLenght: \"minLenght\" is not part of the subset; did you mean "
         "\"minLength\"?"},
        {R"({"type":"string","patternProperties":{}})",
         "the schema, at /patternProperties: \"patternProperties\" is not part of the subset"},
        {R"({"type":"string","minimum":1})",
         "the schema, at /minimum: \"minimum\" says nothing about a string"},
        {R"({"type":"null","minimum":1})",
         "the schema, at /minimum: \"minimum\" says nothing about null"},
        {R"({"enum":["a"],"minLength":1})",
         "the schema, at /minLength: \"minLength\" says nothing about a value"},
        {R"({"type":"string","pattern":"(a)\\1"})",
         "the schema, at /pattern: the pattern holds a back-reference, which is not offered, at "
         "byte 5"},
        {R"({"type":"string","format":"date"})",
         "the schema, at /format: must be hostname, email, uri, ipv4, ipv6 or duration"},
        {R"({"type":"object","required":["a"]})",
         "the schema, at /required: \"a\" is not among the properties"},
        {R"({"type":"integer","minimum":5,"default":4})",
         "the schema, at /default: must be an integer from 5"},
        {R"({"type":"string","writeOnly":true,"default":"x"})",
         "the schema, at /default: a secret has no default"},
        {R"({"type":"string","enum":["a",1]})", "the schema, at its top: a choice is not a string"},
        {R"({"enum":["a","a"]})", "the schema, at /enum: names a value twice"},
        {R"({"enum":[]})", "the schema, at /enum: must be an array of values"},
        {R"({"type":"integer","writeOnly":true})",
         "the schema, at /writeOnly: \"writeOnly\" says nothing about an integer"},
        {R"({"type":"array","items":{"type":"string","writeOnly":true}})",
         "the schema, at its top: writeOnly is for strings that stand under a name of their own"},
        {R"({"oneOf":[{"type":"string"},{"type":"integer"}]})",
         "the schema, at /oneOf: is offered as a choice of labelled consts, or as objects that all "
         "require one property with a const of their own"},
        {R"({"type":"string","$schema":"http://json-schema.org/draft-07/schema#"})",
         "the schema, at /$schema: must be https://json-schema.org/draft/2020-12/schema, at the "
         "top"},
        {R"({"type":"string","type":"string"})",
         "the schema is not JSON: byte 17: the key \"type\" stands twice in one object"},
    };
    for (const auto& [text, expected] : cases)
        CHECK(refusal(text) == expected);
}

TEST_CASE("size, depth and number of properties of a schema are capped") {
    std::string deep = R"({"type":"null"})";
    for (int i = 0; i < 9; ++i)
        deep = R"({"type":"array","items":)" + deep + "}";
    CHECK(refusal(deep).find("nested deeper than 8 levels") != std::string::npos);
    std::string wide = R"({"type":"object","properties":{"a":{"type":"null"})";
    for (int i = 0; i < 200; ++i)
        wide += ",\"p" + std::to_string(i) + R"(":{"type":"null"})";
    CHECK(refusal(wide + "}}").find("more than 200 properties") != std::string::npos);
    CHECK(refusal(std::string(70'000, ' ') + "{}").find("larger than 65536 bytes") !=
          std::string::npos);
}

TEST_CASE("parse_json builds the same tree as nlohmann") {
    const std::string text =
        R"({"a":[1,-2,1.5,"x\u00e9",{"b":[[],{}]},null,true],"c":"","d":{"e":{"f":9223372036854775807}}})";
    const auto tree = schema::parse_json(text);
    REQUIRE(tree.ok());
    CHECK(*tree == json::parse(text));
    CHECK_FALSE(schema::parse_json("{\"a\":1,\"a\":2}").ok());
    CHECK(schema::parse_json("[").error().kind == error_kind::malformed);
}
