// What is done with a value by its schema: filling in defaults, hiding secrets, finding strings.
// Values need not be valid; what does not fit is passed through.
#include <algorithm>

#include "base/text.hpp"
#include "schema/node.hpp"
#include "schema/schema.hpp"

namespace gatepost::schema {

namespace {

using nlohmann::json;

// Runs `act` for the schema itself and for the branch of a union that `value` chose.
template <class Action>
void for_each_layer(const node& schema, const json& value, Action act) {
    act(schema);
    if (const node* branch = schema.branch_of(value)) act(*branch);
}

void fill(const node& schema, json& value) {
    if (value.is_array() && schema.items)
        for (json& element : value)
            fill(*schema.items, element);
    if (!value.is_object()) return;
    for_each_layer(schema, value, [&](const node& layer) {
        for (const property& each : layer.properties)
            if (each.schema->fallback && !value.contains(each.name))
                value[each.name] = *each.schema->fallback;
    });
    for (auto& [name, member] : value.items())
        if (const node* fitting = schema.member(value, name)) fill(*fitting, member);
}

bool is_set(const json& value) {
    return !value.is_null() && !(value.is_string() && value.get_ref<const std::string&>().empty());
}

void hide(const node& schema, json& value) {
    if (!value.is_object()) return;
    std::vector<std::string> hidden;
    for_each_layer(schema, value, [&](const node& layer) {
        for (const property& each : layer.properties) {
            if (each.schema->secret)
                hidden.push_back(each.name);
            else if (value.contains(each.name))
                hide(*each.schema, value[each.name]);
        }
    });
    for (const std::string& name : hidden) {
        const bool set = value.contains(name) && is_set(value[name]);
        value[name] = json{{"set", set}};
    }
}

void collect(const node& schema, const std::string& path, std::vector<std::string>& out) {
    if (schema.secret) {
        if (std::find(out.begin(), out.end(), path) == out.end()) out.push_back(path);
        return;
    }
    for (const property& each : schema.properties)
        collect(*each.schema, path.empty() ? each.name : path + "." + each.name, out);
    for (const auto& branch : schema.branches)
        collect(*branch, path, out);
}

void find_strings(const node& schema, const json& value, const std::string& pointer,
                  std::vector<string_place>& out) {
    if (schema.type == value_type::string) out.push_back({pointer, schema.secret});
    if (value.is_array() && schema.items)
        for (size_t i = 0; i < value.size(); ++i)
            find_strings(*schema.items, value[i], text::below_pointer(pointer, std::to_string(i)),
                         out);
    if (!value.is_object() || schema.type == value_type::string) return;
    for (const auto& [name, member] : value.items())
        if (const node* fitting = schema.member(value, name))
            find_strings(*fitting, member, text::below_pointer(pointer, name), out);
}

}  // namespace

json schema::with_defaults(const json& value) const {
    json out = value;
    fill(*root_, out);
    return out;
}

json schema::without_secrets(const json& value) const {
    json out = value;
    hide(*root_, out);
    return out;
}

std::vector<std::string> schema::secret_paths() const {
    std::vector<std::string> out;
    collect(*root_, "", out);
    return out;
}

std::vector<string_place> schema::string_places(const json& value) const {
    std::vector<string_place> out;
    find_strings(*root_, value, "", out);
    return out;
}

}  // namespace gatepost::schema
