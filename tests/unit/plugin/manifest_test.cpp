// Manifests: what is read, and that what is wrong is named.
#include "plugin/registry.hpp"
#include "support/catch.hpp"

using gatepost::plugin::parse_manifest;

TEST_CASE("a full manifest is read") {
    const auto facts = parse_manifest(R"({
      "id": "mailer", "name": "Mailer", "description": "d", "icon": "i", "popular": true,
      "features": ["a", "b"], "version": "9", "setup": ["one", "two"],
      "capabilities": {"raw_mime": true, "structured": false, "separate_envelope": true,
        "bcc_only": false, "smtputf8": true, "attachments": false, "inline": false,
        "headers": false, "per_recipient": true, "idempotency": true, "captures": true,
        "max_bytes": 41943040, "max_recipients": 50},
      "limits": {"concurrency": 4, "per_second": 1, "per_minute": 2, "per_hour": 3, "per_day": 4,
        "lookups_per_minute": 5, "lookups_per_hour": 6, "count": "recipients"},
      "folders": ["/path"], "destinations": ["api.example.com:443", "/host"],
      "oauth": {"google": {}}, "something_new": [1],
      "settings": {"type": "object", "properties": {"path": {"type": "string"}}},
      "message_options": {"type": "object", "properties": {"sandbox": {"type": "boolean"}}}})",
                                      "mailer", "1.2");
    REQUIRE(facts);
    CHECK(facts->name == "Mailer");
    CHECK(facts->popular);
    CHECK(facts->version == "1.2");
    CHECK(facts->features.size() == 2);
    CHECK(facts->setup.at(1) == "two");
    CHECK(facts->can.raw_mime);
    CHECK_FALSE(facts->can.structured);
    CHECK_FALSE(facts->can.inline_images);
    CHECK(facts->can.captures);
    CHECK(facts->can.max_bytes == 41943040);
    CHECK(facts->can.max_recipients == 50);
    CHECK(facts->defaults.concurrency == 4U);
    CHECK(facts->defaults.per_day == 4U);
    CHECK(facts->defaults.lookups_per_minute == 5U);
    CHECK(facts->defaults.lookups_per_hour == 6U);
    CHECK(facts->defaults.count_recipients == true);
    CHECK(facts->folders.at(0) == "/path");
    CHECK(facts->destinations.size() == 2);
    CHECK(facts->settings_schema.find("path") != std::string::npos);
}

TEST_CASE("the preset that the settings name brings its limits") {
    const auto facts = parse_manifest(R"({"id": "m", "limits": {"concurrency": 5, "per_hour": 9,
        "lookups_per_hour": 7, "count": "recipients"},
      "presets": [{"id": "office365", "limits": {"concurrency": 3, "per_minute": 30}},
                  {"id": "custom", "settings": {"port": 25}}]})",
                                      "m", "1");
    REQUIRE(facts);
    const auto office = limits_of(*facts, R"({"preset": "office365"})");
    CHECK(office.concurrency == 3U);
    CHECK(office.per_minute == 30U);
    CHECK(office.per_hour == 9U);  // the plugin's own, where the preset is silent
    CHECK(office.lookups_per_hour == 7U);
    CHECK(office.count_recipients == true);
    for (const char* other : {"{}", R"({"preset": "custom"})", R"({"preset": "?"})", "[]"})
        CHECK(limits_of(*facts, other).concurrency == 5U);
}

TEST_CASE("a bare manifest has defaults") {
    const auto facts = parse_manifest(R"({"id": "m"})", "m", "");
    REQUIRE(facts);
    CHECK(facts->name == "m");
    CHECK(facts->can.structured);
    CHECK_FALSE(facts->can.raw_mime);
    CHECK_FALSE(facts->defaults.concurrency);
    CHECK(facts->message_options_schema.find("object") != std::string::npos);
}

TEST_CASE("what is wrong in a manifest is named") {
    const std::pair<const char*, const char*> rows[] = {
        {"", ""},
        {"[]", "object"},
        {R"({"id": "other"})", "/id"},
        {R"({})", "/id"},
        {R"({"id": "m", "name": 3})", "/name"},
        {R"({"id": "m", "features": ["a", 3]})", "/features"},
        {R"({"id": "m", "capabilities": {"raw_mime": "yes"}})", "/capabilities/raw_mime"},
        {R"({"id": "m", "capabilities": {"max_bytes": -1}})", "/capabilities/max_bytes"},
        {R"({"id": "m", "capabilities": {"structured": false}})", "/capabilities"},
        {R"({"id": "m", "capabilities": []})", "/capabilities"},
        {R"({"id": "m", "limits": {"count": "bytes"}})", "/limits/count"},
        {R"({"id": "m", "limits": {"lookups_per_hour": 0}})", "/limits/lookups_per_hour"},
        {R"({"id": "m", "limits": {"concurrency": 0}})", "/limits/concurrency"},
        {R"({"id": "m", "limits": {"per_day": 1.5}})", "/limits/per_day"},
        {R"({"id": "m", "presets": [{"name": "x"}]})", "/presets/0/id"},
        {R"({"id": "m", "presets": [{"id": "x", "limits": {"per_day": 0}}]})", "/presets/0/limits"},
        {R"({"id": "m", "folders": ["path"]})", "/folders"},
        {R"({"id": "m", "folders": ["/pa~th"]})", "/folders"},
        {R"({"id": "m", "oauth": 1})", "/oauth"},
        {R"({"id": "m", "settings": {"type": "object", "allOf": []}})", "allOf"},
        {R"({"id": "m", "message_options": {"$ref": "#"}})", "$ref"},
    };
    for (const auto& [json, names] : rows) {
        CAPTURE(json);
        const auto facts = parse_manifest(json, "m", "1");
        REQUIRE_FALSE(facts);
        CHECK(facts.error().detail.find(names) != std::string::npos);
    }
    CHECK_FALSE(parse_manifest(std::string(300 * 1024, ' '), "m", "1"));
}
