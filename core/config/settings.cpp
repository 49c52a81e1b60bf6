// The settings of one connection, from TOML or from the API: strings that are references to secrets
// are replaced, then the whole is held against the plugin's schema and completed with its defaults.
#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "config/files.hpp"
#include "schema/json.hpp"

namespace gatepost::config {

namespace {

using nlohmann::json;

json& at_pointer(json& root, const std::string& pointer) {
    return root.at(json::json_pointer(pointer));
}

}  // namespace

complete_settings complete(const std::filesystem::path& folder, json given,
                           const schema::schema& by, origin from, const settings_report& report) {
    complete_settings out;
    std::set<std::string> failed;
    for (const schema::string_place& place : by.string_places(given)) {
        json& value = at_pointer(given, place.pointer);
        if (value.is_string() && place.secret && !value.get_ref<const std::string&>().empty())
            out.plain_secrets.push_back(place.pointer);
        if (!value.is_object()) continue;
        auto found = resolve_secret(folder, value, from);
        value = found ? *std::move(found) : std::string();
        if (found) continue;
        failed.insert(place.pointer);
        report(place.pointer, found.error().detail);
    }
    for (const field_error& problem : by.validate(given))
        if (!failed.contains(problem.pointer)) report(problem.pointer, problem.detail);
    const json whole = by.with_defaults(given);
    out.json = whole.dump();
    out.shown = by.without_secrets(whole).dump();
    return out;
}

result<checked_settings> check_json_settings(const std::filesystem::path& folder,
                                             const std::string& settings_json,
                                             const plugin_schema& plugin) {
    auto given = schema::parse_json(settings_json);
    if (!given) return std::move(given).error();
    const auto by = schema::schema::parse(plugin.settings_schema);
    if (!by) return by.error();
    error wrong{error_kind::invalid, "the settings do not fit this provider"};
    const auto report = [&](const std::string& pointer, const std::string& reason) {
        wrong.fields.push_back({"/settings" + pointer, reason});
    };
    if (!given->is_object()) {
        report("", "must be an object");
        return wrong;
    }
    complete_settings whole = complete(folder, *std::move(given), *by, origin::api, report);
    if (!wrong.fields.empty()) return wrong;
    return checked_settings{secret(std::move(whole.json)), std::move(whole.shown)};
}

}  // namespace gatepost::config
