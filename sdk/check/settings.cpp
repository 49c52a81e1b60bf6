// Settings JSON flattened as abi.h says: "host", "auth.username", "tags.0". Null is left out.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "check/sample.hpp"

namespace gatepost::check {
namespace {

using json = nlohmann::json;

setting scalar(const json& value, std::string path) {
    setting out;
    out.path = std::move(path);
    if (value.is_string()) {
        out.text = value.get<std::string>();
    } else if (value.is_boolean()) {
        out.type = GATEPOST_BOOLEAN;
        out.integer = value.get<bool>() ? 1 : 0;
    } else if (value.is_number_integer()) {
        out.type = GATEPOST_INTEGER;
        out.integer = value.get<int64_t>();
        out.number = value.get<double>();
    } else {
        out.type = GATEPOST_NUMBER;
        out.number = value.get<double>();
    }
    return out;
}

void flatten(const json& value, const std::string& path, int depth, std::vector<setting>& out) {
    if (value.is_null() || depth > 16) return;
    if (!value.is_structured()) {
        out.push_back(scalar(value, path));
        return;
    }
    const std::string prefix = path.empty() ? "" : path + ".";
    if (value.is_array()) {
        for (size_t i = 0; i < value.size(); ++i)
            flatten(value[i], prefix + std::to_string(i), depth + 1, out);
        return;
    }
    for (const auto& [key, member] : value.items())
        flatten(member, prefix + key, depth + 1, out);
}

}  // namespace

result<settings> settings_from_json(std::string_view text,
                                    const std::vector<std::string>& secret_paths) {
    const json tree = json::parse(text, nullptr, false);
    if (!tree.is_object()) return error{error_kind::invalid, "the settings are no JSON object"};
    settings out;
    out.json = tree.dump();
    flatten(tree, "", 0, out.values);
    for (setting& one : out.values)
        one.secret = std::ranges::find(secret_paths, one.path) != secret_paths.end();
    return out;
}

}  // namespace gatepost::check
