// oneOf in its two forms: a choice whose branches are labelled consts, or a union of objects told
// apart by one property that is a const in every branch. Nothing has to be tried branch by branch,
// so an error always speaks about the branch that was meant.
#include <algorithm>

#include "base/text.hpp"
#include "schema/parser.hpp"

namespace gatepost::schema {

namespace {

using nlohmann::json;

bool is_label_branch(const json& branch) {
    if (!branch.is_object() || !branch.contains("const")) return false;
    return std::all_of(branch.items().begin(), branch.items().end(), [](const auto& each) {
        const std::string& key = each.key();
        return key == "const" || key == "title" || key == "description" || key == "deprecated" ||
               key == "type" || key.starts_with("x-gatepost-");
    });
}

status take_labels(const json& value, const std::string& at, node& out) {
    if (!out.choices.empty()) return outside(at, "oneOf, const and enum exclude each other");
    for (const json& branch : value) {
        const json& choice = branch.at("const");
        if (std::find(out.choices.begin(), out.choices.end(), choice) != out.choices.end())
            return outside(at, "names a value twice");
        out.choices.push_back(choice);
    }
    return success{};
}

// The property that every branch requires and fixes to a value of its own.
std::string tag_of(const std::vector<std::shared_ptr<const node>>& branches) {
    for (const property& candidate : branches.front()->properties) {
        std::vector<json> seen;
        const bool everywhere =
            std::all_of(branches.begin(), branches.end(), [&](const auto& each) {
                const node* fixed = each->find(candidate.name);
                const auto& required = each->required;
                if (fixed == nullptr || fixed->choices.size() != 1 ||
                    std::find(required.begin(), required.end(), candidate.name) == required.end() ||
                    std::find(seen.begin(), seen.end(), fixed->choices[0]) != seen.end())
                    return false;
                seen.push_back(fixed->choices[0]);
                return true;
            });
        if (everywhere) return candidate.name;
    }
    return "";
}

status secrets_below(const node& at, const std::string& pointer, bool named) {
    if (at.secret && !named)
        return outside(pointer, "writeOnly is for strings that stand under a name of their own");
    for (const property& each : at.properties)
        if (status said =
                secrets_below(*each.schema, text::below_pointer(pointer, each.name), named);
            !said)
            return said;
    for (const auto& branch : at.branches)
        if (status said = secrets_below(*branch, pointer, named); !said) return said;
    for (const node* nameless : {at.items.get(), at.additional.get()})
        if (nameless != nullptr)
            if (status said = secrets_below(*nameless, pointer, false); !said) return said;
    return success{};
}

}  // namespace

status schema_parser::parse_one_of(const json& value, const std::string& at, int depth, node& out) {
    if (!value.is_array() || value.empty()) return outside(at, "must be an array of schemas");
    if (std::all_of(value.begin(), value.end(), is_label_branch))
        return take_labels(value, at, out);
    for (size_t i = 0; i < value.size(); ++i) {
        auto branch = parse(value[i], text::below_pointer(at, std::to_string(i)), depth + 1);
        if (!branch) return std::move(branch).error();
        out.branches.push_back(*std::move(branch));
    }
    const bool objects =
        std::all_of(out.branches.begin(), out.branches.end(),
                    [](const auto& each) { return each->type == value_type::object; });
    if (objects) out.tag = tag_of(out.branches);
    if (out.tag.empty())
        return outside(at,
                       "is offered as a choice of labelled consts, or as objects that all require "
                       "one property with a const of their own");
    if (out.type == value_type::any) out.type = value_type::object;
    if (out.type != value_type::object) return outside(at, "the branches are objects");
    return success{};
}

status check_secrets(const node& root) {
    return secrets_below(root, "", true);
}

}  // namespace gatepost::schema
