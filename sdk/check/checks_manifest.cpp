// The manifest by the table of sdk/README.md, and its schemas by the subset.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "check/kit.hpp"
#include "schema/json.hpp"
#include "schema/schema.hpp"

namespace gatepost::check {
namespace {

using json = nlohmann::json;
using needs = check_case::needs;

struct key_rule {
    std::string_view name;
    json::value_t type;
};

constexpr auto text_type = json::value_t::string;
constexpr auto flag_type = json::value_t::boolean;
constexpr auto count_type = json::value_t::number_unsigned;

const std::vector<key_rule> manifest_keys = {{"id", text_type},
                                             {"name", text_type},
                                             {"version", text_type},
                                             {"description", text_type},
                                             {"icon", text_type},
                                             {"popular", flag_type},
                                             {"features", json::value_t::array},
                                             {"setup", json::value_t::array},
                                             {"capabilities", json::value_t::object},
                                             {"limits", json::value_t::object},
                                             {"folders", json::value_t::array},
                                             {"destinations", json::value_t::array},
                                             {"oauth", json::value_t::object},
                                             {"presets", json::value_t::array},
                                             {"settings", json::value_t::object},
                                             {"message_options", json::value_t::object}};
const std::vector<key_rule> capability_keys = {{"raw_mime", flag_type},
                                               {"structured", flag_type},
                                               {"separate_envelope", flag_type},
                                               {"bcc_only", flag_type},
                                               {"smtputf8", flag_type},
                                               {"attachments", flag_type},
                                               {"inline", flag_type},
                                               {"headers", flag_type},
                                               {"per_recipient", flag_type},
                                               {"idempotency", flag_type},
                                               {"dsn", flag_type},
                                               {"captures", flag_type},
                                               {"max_bytes", count_type},
                                               {"max_recipients", count_type}};
const std::vector<key_rule> limit_keys = {
    {"concurrency", count_type},      {"per_second", count_type},
    {"per_minute", count_type},       {"per_hour", count_type},
    {"per_day", count_type},          {"lookups_per_minute", count_type},
    {"lookups_per_hour", count_type}, {"count", text_type}};

void hold_against(const json& object, const std::vector<key_rule>& rules, const std::string& at,
                  std::string& problems) {
    for (const auto& [key, value] : object.items()) {
        const auto rule =
            std::find_if(rules.begin(), rules.end(), [&](const auto& r) { return r.name == key; });
        if (rule == rules.end()) {
            also(problems, at + "/" + key + " is not a known key");
        } else if (value.type() != rule->type &&
                   !(rule->type == count_type && value.is_number_integer() &&
                     value.get<int64_t>() >= 0)) {
            also(problems, at + "/" + key + " has the wrong type");
        }
    }
}

result<json> manifest_of(const subject& of) {
    const std::string_view text = text_of(of.table->manifest);
    if (text.size() > limits::manifest_bytes)
        return error{error_kind::invalid, "the manifest is larger than 256 KiB"};
    return schema::parse_json(text);
}

finding manifest(const subject& of) {
    const auto tree = manifest_of(of);
    if (!tree) return failed(tree.error().detail);
    if (!tree->is_object()) return failed("the manifest is no object");
    std::string problems;
    hold_against(*tree, manifest_keys, "", problems);
    for (const char* key : {"id", "name", "version", "settings"}) {
        if (!tree->contains(key)) also(problems, std::string("/") + key + " is missing");
    }
    if (!problems.empty()) return failed(problems);
    hold_against(tree->value("capabilities", json::object()), capability_keys, "/capabilities",
                 problems);
    hold_against(tree->value("limits", json::object()), limit_keys, "/limits", problems);
    if ((*tree)["id"] != std::string(text_of(of.table->id)))
        also(problems, "/id is not the id of the table");
    if ((*tree)["version"] != std::string(text_of(of.table->version)))
        also(problems, "/version is not the version of the table");
    return problems.empty() ? finding{} : failed(problems);
}

finding schema_at(const subject& of, const char* key) {
    const auto tree = manifest_of(of);
    if (!tree || !tree->is_object()) return skipped("the manifest cannot be read");
    if (!tree->contains(key)) return skipped(std::string("the manifest has no ") + key);
    const auto read = schema::schema::parse((*tree)[key].dump());
    return read ? finding{} : failed(read.error().detail);
}

finding settings_fit(const subject& of) {
    if (of.unusable.empty()) return {};
    if (of.given_settings.empty())
        return skipped("none could be made up: " + of.unusable + "; give --settings FILE.json");
    return failed(of.unusable);
}

}  // namespace

std::vector<check_case> manifest_checks() {
    return {
        {"manifest", "The manifest is JSON of the keys that sdk/README.md names.", needs::table,
         manifest},
        {"settings-schema", "The schema of the settings is inside the subset.", needs::table,
         [](const subject& of) { return schema_at(of, "settings"); }},
        {"options-schema", "The schema of the message options is inside the subset.", needs::table,
         [](const subject& of) { return schema_at(of, "message_options"); }},
        {"settings", "The settings of this run fit the schema.", needs::table, settings_fit},
    };
}

}  // namespace gatepost::check
