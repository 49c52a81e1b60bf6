// Looking things up in a parsed schema, and what types are called.
#include "schema/node.hpp"

#include <algorithm>
#include <array>

namespace gatepost::schema {

const node* node::find(std::string_view name) const {
    const auto at = std::find_if(properties.begin(), properties.end(),
                                 [&](const property& each) { return each.name == name; });
    return at == properties.end() ? nullptr : at->schema.get();
}

const node* node::branch_of(const nlohmann::json& value) const {
    if (tag.empty() || !value.is_object()) return nullptr;
    const auto given = value.find(tag);
    if (given == value.end()) return nullptr;
    for (const auto& branch : branches)
        if (branch->find(tag)->choices.front() == *given) return branch.get();
    return nullptr;
}

const node* node::member(const nlohmann::json& value, std::string_view name) const {
    if (const node* own = find(name)) return own;
    if (const node* branch = branch_of(value)) return branch->member(value, name);
    return additional.get();
}

std::string_view with_article(value_type type) {
    static constexpr std::array<std::string_view, 8> names{
        "a value",    "an object", "an array",      "a string",
        "an integer", "a number",  "true or false", "null"};
    return names[static_cast<size_t>(type)];
}

value_type type_of(const nlohmann::json& value) {
    using from = nlohmann::json::value_t;
    switch (value.type()) {
        case from::object: return value_type::object;
        case from::array: return value_type::array;
        case from::string: return value_type::string;
        case from::boolean: return value_type::boolean;
        case from::number_integer:
        case from::number_unsigned: return value_type::integer;
        case from::number_float: return value_type::number;
        case from::null: return value_type::null;
        case from::binary:
        case from::discarded: break;
    }
    return value_type::any;
}

bool fits(value_type wanted, const nlohmann::json& value) {
    const value_type given = type_of(value);
    return wanted == value_type::any || wanted == given ||
           (wanted == value_type::number && given == value_type::integer);
}

}  // namespace gatepost::schema
