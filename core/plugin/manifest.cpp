// Reads a manifest. What is there must have the right type, and both schemas must lie inside the
// subset, so that every later use of them is sure to work. Keys nobody here knows are let pass:
// they belong to a newer SDK.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "plugin/registry.hpp"
#include "schema/json.hpp"
#include "schema/schema.hpp"

namespace gatepost::plugin {
namespace {

using nlohmann::json;

constexpr const char* empty_schema =
    R"({"type":"object","properties":{},"additionalProperties":false})";

// Takes typed values out of one object and remembers the first thing that is wrong.
class fields {
  public:
    fields(const json& object, std::string pointer) : object_(object), at_(std::move(pointer)) {
        if (!object.is_object()) complain("", "must be an object");
    }

    void take(const char* key, std::string& out) {
        if (const json* value = find(key, &json::is_string, "a string"))
            out = value->get<std::string>();
    }
    void take(const char* key, bool& out) {
        if (const json* value = find(key, &json::is_boolean, "true or false"))
            out = value->get<bool>();
    }
    void take(const char* key, std::vector<std::string>& out) {
        const json* value = find(key, &json::is_array, "an array of strings");
        if (value == nullptr) return;
        for (const json& each : *value) {
            if (!each.is_string()) return complain(key, "must be an array of strings");
            out.push_back(each.get<std::string>());
        }
    }
    // A whole number from `least` to `most`.
    template <class Number>
    bool take(const char* key, Number& out, uint64_t least, uint64_t most) {
        const json* value = find(key, &json::is_number_integer, "a whole number");
        if (value == nullptr) return false;
        const bool negative = !value->is_number_unsigned() && value->get<int64_t>() < 0;
        const uint64_t number = negative ? 0 : value->get<uint64_t>();
        if (negative || number < least || number > most) {
            complain(key, "must be from " + std::to_string(least) + " to " + std::to_string(most));
            return false;
        }
        out = static_cast<Number>(number);
        return true;
    }
    void take(const char* key, std::optional<uint32_t>& out, uint64_t most) {
        uint32_t number = 0;
        if (take(key, number, 1, most)) out = number;
    }
    const json* array(const char* key) { return find(key, &json::is_array, "an array"); }
    const json* object(const char* key) { return find(key, &json::is_object, "an object"); }

    void complain(const std::string& key, const std::string& what) {
        if (problem_.empty()) problem_ = at_ + (key.empty() ? "" : "/" + key) + ' ' + what;
    }
    const std::string& problem() const { return problem_; }

  private:
    const json* find(const char* key, bool (json::*is)() const noexcept, const char* type) {
        if (!object_.is_object()) return nullptr;
        const auto at = object_.find(key);
        if (at == object_.end()) return nullptr;
        if (((*at).*is)()) return &*at;
        complain(key, std::string("must be ") + type);
        return nullptr;
    }

    const json& object_;
    std::string at_;
    std::string problem_;
};

error wrong(std::string_view id, const std::string& what) {
    return {error_kind::plugin_fault, "the manifest of " + std::string(id) + " is wrong: " + what +
                                          "; ask its author for a new build"};
}

std::string read_capabilities(const json& object, capabilities& can) {
    fields from(object, "/capabilities");
    from.take("raw_mime", can.raw_mime);
    from.take("structured", can.structured);
    from.take("separate_envelope", can.separate_envelope);
    from.take("bcc_only", can.bcc_only);
    from.take("smtputf8", can.smtputf8);
    from.take("attachments", can.attachments);
    from.take("inline", can.inline_images);
    from.take("headers", can.headers);
    from.take("per_recipient", can.per_recipient);
    from.take("idempotency", can.idempotency);
    from.take("dsn", can.dsn);
    from.take("captures", can.captures);
    from.take("max_bytes", can.max_bytes, 0, UINT64_MAX);
    from.take("max_recipients", can.max_recipients, 0, UINT32_MAX);
    if (!can.raw_mime && !can.structured)
        from.complain("", "offers neither raw_mime nor structured, so it could send nothing");
    return from.problem();
}

std::string read_limits(const json& object, const std::string& at, default_limits& out) {
    fields from(object, at);
    from.take("concurrency", out.concurrency, limits::concurrency_max);
    from.take("per_second", out.per_second, UINT32_MAX);
    from.take("per_minute", out.per_minute, UINT32_MAX);
    from.take("per_hour", out.per_hour, UINT32_MAX);
    from.take("per_day", out.per_day, UINT32_MAX);
    from.take("lookups_per_minute", out.lookups_per_minute, UINT32_MAX);
    from.take("lookups_per_hour", out.lookups_per_hour, UINT32_MAX);
    std::string count;
    from.take("count", count);
    if (!count.empty() && count != "messages" && count != "recipients")
        from.complain("count", "must be \"messages\" or \"recipients\"");
    if (!count.empty()) out.count_recipients = count == "recipients";
    return from.problem();
}

std::string read_presets(const json& list, manifest& facts) {
    for (size_t at = 0; at < list.size(); ++at) {
        const std::string pointer = "/presets/" + std::to_string(at);
        fields from(list[at], pointer);
        std::string id;
        from.take("id", id);
        const json* caps = from.object("limits");
        if (id.empty()) from.complain("id", "must name the preset");
        if (!from.problem().empty()) return from.problem();
        default_limits& into = facts.preset_limits[id];
        if (caps == nullptr) continue;
        if (auto wrong = read_limits(*caps, pointer + "/limits", into); !wrong.empty())
            return wrong;
    }
    facts.presets = list.dump();
    return {};
}

std::string read_schema(const json* object, const char* key, std::string& out,
                        std::optional<schema::schema>& rules) {
    out = object == nullptr ? empty_schema : object->dump();
    auto parsed = schema::schema::parse(out);
    if (!parsed) return std::string("/") + key + ": " + parsed.error().detail;
    rules = *std::move(parsed);
    return {};
}

bool is_pointer(const std::string& text) {
    if (text.size() < 2 || text.front() != '/') return false;
    try {
        (void)json::json_pointer(text);
        return true;
    } catch (const json::exception&) {
        return false;
    }
}

std::string read_pointers(const manifest& facts) {
    if (!std::ranges::all_of(facts.folders, is_pointer))
        return "/folders must hold JSON pointers into the settings, such as \"/path\"";
    for (const std::string& each : facts.destinations) {
        if (each.empty() || (each.front() == '/' && !is_pointer(each)))
            return "/destinations must hold \"host:port\" or JSON pointers into the settings, such "
                   "as \"/host\"";
    }
    return {};
}

std::string read_oauth_profile(const json& object, const std::string& at, oauth_profile& out) {
    fields from(object, at);
    from.take("token_url", out.token_url);
    from.take("authorize_url", out.authorize_url);
    from.take("device_url", out.device_url);
    from.take("scope", out.scope);
    from.take("client_credentials_scope", out.client_credentials_scope);
    from.take("scope_on_refresh", out.scope_on_refresh);
    from.take("tenant", out.tenant);
    from.take("no_device_flow", out.no_device_flow);
    if (const json* added = from.object("authorize_parameters")) {
        for (const auto& [name, value] : added->items()) {
            if (!value.is_string()) return at + "/authorize_parameters must hold strings";
            out.authorize_parameters.emplace_back(name, value.get<std::string>());
        }
    }
    for (const std::string* url : {&out.token_url, &out.authorize_url, &out.device_url})
        if (!url->empty() && !url->starts_with("https://"))
            return at + " must hold addresses that begin with https://";
    return from.problem();
}

std::string read_oauth(const json& object, oauth_profiles& out) {
    for (const auto& [name, value] : object.items()) {
        const std::string at = text::below_pointer("/oauth", name);
        if (auto problem = read_oauth_profile(value, at, out[name]); !problem.empty())
            return problem;
    }
    return {};
}

std::string first_of(std::initializer_list<std::string> problems) {
    for (const std::string& each : problems) {
        if (!each.empty()) return each;
    }
    return {};
}

std::string read_simple(const json& object, std::string_view id, std::string_view version,
                        manifest& facts) {
    fields from(object, "");
    from.take("id", facts.id);
    from.take("name", facts.name);
    from.take("description", facts.description);
    from.take("icon", facts.icon);
    from.take("version", facts.version);
    from.take("popular", facts.popular);
    from.take("features", facts.features);
    from.take("setup", facts.setup);
    from.take("folders", facts.folders);
    from.take("destinations", facts.destinations);
    if (facts.id != id)
        from.complain("id", "says \"" + text::sanitize(facts.id, 64) + "\", the table says \"" +
                                std::string(id) + "\"");
    if (facts.name.empty()) facts.name = id;
    // The table's version wins: it is what was compiled.
    if (!version.empty()) facts.version = text::sanitize(version, 64);
    return from.problem();
}

}  // namespace

result<manifest> parse_manifest(std::string_view text, std::string_view id,
                                std::string_view version) {
    if (text.size() > limits::manifest_bytes)
        return wrong(id, "it is larger than " + std::to_string(limits::manifest_bytes) + " bytes");
    const auto object = schema::parse_json(text);
    if (!object) return wrong(id, object.error().detail);
    if (!object->is_object()) return wrong(id, "it must be a JSON object");
    manifest facts;
    fields from(*object, "");
    const json* can = from.object("capabilities");
    const json* caps = from.object("limits");
    const json* presets = from.array("presets");
    const json* oauth = from.object("oauth");
    const json* settings = from.object("settings");
    const json* options = from.object("message_options");
    const std::string problem = first_of(
        {read_simple(*object, id, version, facts), from.problem(),
         can == nullptr ? std::string() : read_capabilities(*can, facts.can),
         caps == nullptr ? std::string() : read_limits(*caps, "/limits", facts.defaults),
         presets == nullptr ? std::string() : read_presets(*presets, facts),
         oauth == nullptr ? std::string() : read_oauth(*oauth, facts.oauth), read_pointers(facts),
         read_schema(settings, "settings", facts.settings_schema, facts.settings_rules),
         read_schema(options, "message_options", facts.message_options_schema,
                     facts.message_options_rules)});
    if (!problem.empty()) return wrong(id, problem);
    facts.json = text;
    return facts;
}

default_limits limits_of(const manifest& facts, std::string_view settings_json) {
    const auto settings = schema::parse_json(settings_json);
    const bool named = settings && settings->is_object() && settings->contains("preset") &&
                       settings->at("preset").is_string();
    if (!named) return facts.defaults;
    const auto found = facts.preset_limits.find(settings->at("preset").get<std::string>());
    if (found == facts.preset_limits.end()) return facts.defaults;
    const auto either = [](auto own, auto other) { return own ? own : other; };
    const default_limits &own = found->second, &other = facts.defaults;
    return {either(own.concurrency, other.concurrency),
            either(own.per_second, other.per_second),
            either(own.per_minute, other.per_minute),
            either(own.per_hour, other.per_hour),
            either(own.per_day, other.per_day),
            either(own.lookups_per_minute, other.lookups_per_minute),
            either(own.lookups_per_hour, other.lookups_per_hour),
            either(own.count_recipients, other.count_recipients)};
}

}  // namespace gatepost::plugin
