// A plugin as a check sees it: loaded the way the host does it, with settings that fit its schema.
// Where no settings are given they are made up: defaults, examples, the first of a choice.
#include <dlfcn.h>

#include <nlohmann/json.hpp>

#include "check/kit.hpp"
#include "schema/json.hpp"
#include "schema/schema.hpp"

namespace gatepost::check {
namespace {

using json = nlohmann::json;

json made_up(const json& node, int depth);

json made_up_object(const json& node, int depth) {
    json out = json::object();
    if (depth > 8 || !node.contains("properties")) return out;
    const json required = node.value("required", json::array());
    for (const auto& [name, property] : node["properties"].items()) {
        if (property.contains("default")) continue;  // the schema fills it in
        for (const auto& wanted : required) {
            if (wanted == name) out[name] = made_up(property, depth + 1);
        }
    }
    return out;
}

json made_up_string(const json& node) {
    const std::string format = node.value("format", "");
    if (format == "email") return "check@example.org";
    if (format == "uri") return "https://example.org/";
    if (format == "ipv4") return "192.0.2.1";
    if (format == "ipv6") return "2001:db8::1";
    if (format == "hostname") return "host.example.org";
    const auto least = node.value("minLength", size_t{0});
    std::string text = "example";
    while (text.size() < least)
        text += 'x';
    return text;
}

json made_up(const json& node, int depth) {
    for (const char* key : {"const", "default"}) {
        if (node.contains(key)) return node[key];
    }
    for (const char* key : {"examples", "enum"}) {
        if (node.contains(key) && node[key].is_array() && !node[key].empty()) return node[key][0];
    }
    if (node.contains("oneOf") && !node["oneOf"].empty()) return made_up(node["oneOf"][0], depth);
    const std::string type = node.value("type", "object");
    if (type == "string") return made_up_string(node);
    if (type == "integer" || type == "number") return node.value("minimum", json(1));
    if (type == "boolean") return false;
    if (type == "array") return json::array();
    return made_up_object(node, depth);
}

// JSON pointers of the manifest's folders, that are absent: any absolute path will do.
void make_up_folders(const json& manifest, json& with) {
    for (const auto& pointer : manifest.value("folders", json::array())) {
        if (!pointer.is_string()) continue;
        const std::string text = pointer.get<std::string>();
        if (text.size() > 1 && text.find('/', 1) == std::string::npos)
            with[text.substr(1)] = "/gatepost-check";
    }
}

void read_folders(const json& manifest, const json& with, subject& of) {
    for (const auto& pointer : manifest.value("folders", json::array())) {
        const json::json_pointer where(pointer.get<std::string>());
        if (with.contains(where) && with[where].is_string())
            of.folders.push_back(with[where].get<std::string>());
    }
}

void settle(subject& of, const json& manifest) {
    auto schema = schema::schema::parse(manifest.at("settings").dump());
    if (!schema) {
        of.unusable = "the settings schema cannot be read: " + schema.error().detail;
        return;
    }
    json with;
    if (of.given_settings.empty()) {
        with = made_up(manifest.at("settings"), 0);
        make_up_folders(manifest, with);
    } else {
        with = json::parse(of.given_settings, nullptr, false);
    }
    const auto problems = schema->validate(with);
    for (const auto& one : problems)
        also(of.unusable, one.pointer + ": " + one.detail);
    if (!problems.empty()) return;
    with = schema->with_defaults(with);
    if (auto read = settings_from_json(with.dump(), schema->secret_paths())) of.with = *read;
    read_folders(manifest, with, of);
    of.destinations = destinations_of(manifest.dump(), with.dump());
}

// Of the loader's "FILE: why" the why.
std::string why_not_loaded(const std::filesystem::path& file) {
    std::string why = dlerror();
    if (why.starts_with(file.string() + ": ")) why.erase(0, file.string().size() + 2);
    return why;
}

}  // namespace

void prepare_settings(subject& of) {
    try {
        auto manifest = schema::parse_json(
            {of.table->manifest.data, static_cast<size_t>(of.table->manifest.size)});
        if (!manifest) {
            of.unusable = "the manifest cannot be read: " + manifest.error().detail;
            return;
        }
        of.raw_mime = manifest->value("/capabilities/raw_mime"_json_pointer, false);
        settle(of, *manifest);
    } catch (const std::exception& failure) {
        of.unusable = std::string("the manifest cannot be used: ") + failure.what();
    }
}

result<subject> load(const options& how) {
    subject out;
    out.file = std::filesystem::absolute(how.plugin);
    out.given_settings = how.settings_json;
    void* library = dlopen(out.file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return error{error_kind::plugin_fault, why_not_loaded(out.file)};
    void* symbol = dlsym(library, GATEPOST_ENTRY);
    if (symbol == nullptr)
        return error{error_kind::plugin_fault, "the file does not export " GATEPOST_ENTRY};
    out.entry = reinterpret_cast<gatepost_entry>(symbol);
    gatepost_host_info info{};
    info.size = sizeof info;
    info.abi_major = GATEPOST_ABI_MAJOR;
    info.abi_minor = GATEPOST_ABI_MINOR;
    info.name = borrow("gatepost-check");
    info.version = borrow("0.1.0");
    out.table = out.entry(&info);
    if (out.table == nullptr)
        return error{error_kind::plugin_fault, "the entry function says: not with this host"};
    return out;
}

}  // namespace gatepost::check
