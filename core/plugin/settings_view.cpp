// Names of keys are joined by dots, places in arrays count from 0 ("tags.0"). null and empty
// containers have no flat form.
#include "plugin/settings_view.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "plugin/strings.hpp"
#include "schema/json.hpp"
#include "schema/schema.hpp"

namespace gatepost::plugin {

class settings_view::flattener {
  public:
    flattener(settings_view& into, std::vector<std::string> secret_paths)
        : into_(into), secrets_(std::move(secret_paths)) {}

    // `path` is "" at the top. The depth is capped by the JSON reader.
    void walk(const nlohmann::json& value, const std::string& path) {
        const std::string prefix = path.empty() ? "" : path + ".";
        if (value.is_object()) {
            for (const auto& [key, member] : value.items())
                walk(member, prefix + key);
        } else if (value.is_array()) {
            for (size_t i = 0; i < value.size(); ++i)
                walk(value[i], prefix + std::to_string(i));
        } else if (!value.is_null()) {
            add(value, path);
        }
    }

  private:
    void add(const nlohmann::json& value, const std::string& path) {
        gatepost_setting made{};
        made.path = keep(path);
        made.flags = is_secret(path) ? GATEPOST_SETTING_SECRET : 0;
        if (value.is_string()) {
            made.type = GATEPOST_STRING;
            made.text = keep(value.get<std::string>());
        } else if (value.is_boolean()) {
            made.type = GATEPOST_BOOLEAN;
            made.integer = value.get<bool>() ? 1 : 0;
        } else {
            made.type = value.is_number_integer() ? GATEPOST_INTEGER : GATEPOST_NUMBER;
            made.number = value.get<double>();
            if (value.is_number_integer()) made.integer = value.get<int64_t>();
        }
        into_.values_.push_back(made);
    }

    gatepost_string keep(std::string text) {
        return string_of(into_.texts_.emplace_back(std::move(text)).reveal());
    }

    // A secret may be an object or array: everything below it is secret too.
    bool is_secret(std::string_view path) const {
        return std::ranges::any_of(secrets_, [&](const std::string& secret) {
            return path.starts_with(secret) &&
                   (path.size() == secret.size() || path[secret.size()] == '.');
        });
    }

    settings_view& into_;
    std::vector<std::string> secrets_;
};

result<settings_view> settings_view::make(const manifest& facts, const std::string& settings_json,
                                          const std::string& connection) {
    const auto& rules = facts.settings_rules;
    if (!rules) return error{error_kind::config, facts.name + " has no schema of its settings"};
    auto given = schema::parse_json(settings_json.empty() ? "{}" : settings_json);
    if (!given) return error{error_kind::config, "the settings: " + given.error().detail};
    const nlohmann::json full = rules->with_defaults(*given);
    if (auto problems = rules->validate(full); !problems.empty())
        return error{error_kind::config, "the settings do not fit " + facts.name,
                     std::move(problems)};
    settings_view made;
    made.json_ = secret(full.dump());
    made.connection_ = connection;
    flattener(made, rules->secret_paths()).walk(full, "");
    return made;
}

const gatepost_settings* settings_view::get() {
    view_ = {sizeof view_,
             0,
             string_of(json_.reveal()),
             {values_.data(), static_cast<uint32_t>(values_.size()), sizeof(gatepost_setting)},
             string_of(connection_)};
    return &view_;
}

result<std::vector<std::string>> settings_view::folders(const manifest& facts) const {
    std::vector<std::string> found;
    if (facts.folders.empty()) return found;
    const auto settings = schema::parse_json(json_.reveal());
    if (!settings) return settings.error();
    for (const std::string& pointer : facts.folders) {
        const nlohmann::json::json_pointer at(pointer);
        if (!settings->contains(at) || !settings->at(at).is_string()) continue;
        const std::filesystem::path folder(settings->at(at).get<std::string>());
        const auto bad = [&](const char* why) {
            return error{
                error_kind::config, "a folder in the settings cannot be used", {{pointer, why}}};
        };
        if (!folder.is_absolute()) return bad("must be an absolute path");
        std::string normal = folder.lexically_normal().string();
        while (normal.size() > 1 && normal.back() == '/')
            normal.pop_back();
        if (normal == "/") return bad("must not be the root folder");
        found.push_back(std::move(normal));
    }
    return found;
}

std::vector<destination> settings_view::destinations(const manifest& facts) const {
    std::vector<destination> found;
    const auto settings = schema::parse_json(json_.reveal());
    for (const std::string& each : facts.destinations) {
        if (!each.starts_with('/')) {
            found.push_back(read_destination(each, false));
            continue;
        }
        const nlohmann::json::json_pointer at(each);
        if (!settings || !settings->contains(at) || !settings->at(at).is_string()) continue;
        auto named = read_destination(settings->at(at).get<std::string>(), true);
        if (!named.host.empty()) found.push_back(std::move(named));
    }
    return found;
}

std::vector<std::string> settings_view::secrets() const {
    std::vector<std::string> found;
    for (const gatepost_setting& each : values_) {
        if ((each.flags & GATEPOST_SETTING_SECRET) != 0 && each.text.size > 0)
            found.emplace_back(view_of(each.text));
    }
    return found;
}

}  // namespace gatepost::plugin
