// Holds a value against a schema and says everything that is wrong, each as the rest of a sentence
// that begins with the place: "must be an integer from 1 to 65535".
#include <algorithm>
#include <cstdio>
#include <set>

#include "base/text.hpp"
#include "schema/code_point.hpp"
#include "schema/keys.hpp"
#include "schema/node.hpp"
#include "schema/schema.hpp"

namespace gatepost::schema {

namespace {

using nlohmann::json;

struct findings {
    std::vector<field_error> list;
    void add(const std::string& pointer, std::string detail) {
        list.push_back({pointer, std::move(detail)});
    }
};

void check(const node& schema, const json& value, const std::string& pointer, findings& out);

std::string plain(long double number) {
    char text[64];
    std::snprintf(text, sizeof text, "%.15Lg", number);
    return text;
}

std::string plural(uint64_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

// "an integer from 1 to 65535"
std::string describe(const node& schema) {
    if (schema.form) return std::string(describe(*schema.form));
    std::string out(with_article(schema.type));
    if (schema.minimum) out += " from " + plain(*schema.minimum);
    if (schema.maximum) out += (schema.minimum ? " to " : " not above ") + plain(*schema.maximum);
    return out;
}

std::string list_choices(const std::vector<json>& choices) {
    std::string out;
    for (size_t i = 0; i < choices.size(); ++i) {
        if (i > 0) out += i + 1 == choices.size() ? " or " : ", ";
        out += choices[i].dump();
    }
    return out;
}

void check_choice(const std::vector<json>& choices, const json& value, const std::string& pointer,
                  findings& out) {
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) return;
    std::vector<std::string> names;
    for (const json& choice : choices)
        if (choice.is_string()) names.push_back(choice.get<std::string>());
    std::string detail = "must be " + list_choices(choices);
    if (value.is_string())
        if (const auto meant = text::nearest(value.get_ref<const std::string&>(), names))
            detail += "; did you mean " + json(*meant).dump() + "?";
    out.add(pointer, std::move(detail));
}

uint64_t length_of(std::string_view text) {
    uint64_t count = 0;
    for (size_t at = 0; next_code_point(text, at);)
        ++count;
    return count;
}

void check_string(const node& schema, const json& value, const std::string& pointer,
                  findings& out) {
    const std::string& text = value.get_ref<const std::string&>();
    const uint64_t length = schema.least || schema.most ? length_of(text) : 0;
    if (schema.least && length < *schema.least)
        out.add(pointer, *schema.least == 1
                             ? "must not be empty"
                             : "must have at least " + plural(*schema.least, "character"));
    else if (schema.most && length > *schema.most)
        out.add(pointer, "must have at most " + plural(*schema.most, "character"));
    else if (schema.form && !has_format(*schema.form, text))
        out.add(pointer, "must be " + std::string(describe(*schema.form)));
    else if (schema.shape && !schema.shape->matches(text))
        out.add(pointer, "does not match the pattern " + schema.shape->source());
}

void check_number(const node& schema, const json& value, const std::string& pointer,
                  findings& out) {
    const long double number =
        value.is_number_unsigned()  ? static_cast<long double>(value.get<uint64_t>())
        : value.is_number_integer() ? static_cast<long double>(value.get<int64_t>())
                                    : static_cast<long double>(value.get<double>());
    if ((schema.minimum && number < *schema.minimum) ||
        (schema.maximum && number > *schema.maximum))
        out.add(pointer, "must be " + describe(schema));
}

void check_array(const node& schema, const json& value, const std::string& pointer, findings& out) {
    if (schema.least && value.size() < *schema.least)
        out.add(pointer, "must have at least " + plural(*schema.least, "element"));
    if (schema.most && value.size() > *schema.most)
        out.add(pointer, "must have at most " + plural(*schema.most, "element"));
    std::set<json> seen;
    for (size_t i = 0; i < value.size(); ++i) {
        const std::string place = text::below_pointer(pointer, std::to_string(i));
        if (schema.items) check(*schema.items, value[i], place, out);
        if (schema.unique && !seen.insert(value[i]).second)
            out.add(place, "stands in the array already");
    }
}

void check_object(const node& schema, const node* branch, const json& value,
                  const std::string& pointer, findings& out) {
    std::vector<std::string> known;
    for (const node* each : {&schema, branch}) {
        if (each == nullptr) continue;
        for (const property& known_property : each->properties)
            known.push_back(known_property.name);
        for (const std::string& name : each->required)
            if (!value.contains(name)) out.add(text::below_pointer(pointer, name), "is required");
    }
    const bool open = schema.open || (branch != nullptr && branch->open);
    for (const auto& [name, member] : value.items()) {
        const std::string place = text::below_pointer(pointer, name);
        if (const node* fitting = schema.member(value, name))
            check(*fitting, member, place, out);
        else if (!open && std::find(known.begin(), known.end(), name) == known.end())
            out.add(place, unknown_key(name, known));
    }
}

void check_union(const node& schema, const json& value, const std::string& pointer, findings& out) {
    if (const node* branch = schema.branch_of(value))
        return check_object(schema, branch, value, pointer, out);
    std::vector<json> tags;
    for (const auto& branch : schema.branches)
        tags.push_back(branch->find(schema.tag)->choices.front());
    const std::string place = text::below_pointer(pointer, schema.tag);
    if (value.contains(schema.tag))
        check_choice(tags, value.at(schema.tag), place, out);
    else
        out.add(place, "is required; it must be " + list_choices(tags));
}

void check(const node& schema, const json& value, const std::string& pointer, findings& out) {
    if (!fits(schema.type, value)) return out.add(pointer, "must be " + describe(schema));
    if (!schema.choices.empty()) return check_choice(schema.choices, value, pointer, out);
    switch (type_of(value)) {
        case value_type::object:
            if (!schema.tag.empty()) return check_union(schema, value, pointer, out);
            return check_object(schema, nullptr, value, pointer, out);
        case value_type::array: return check_array(schema, value, pointer, out);
        case value_type::string: return check_string(schema, value, pointer, out);
        case value_type::integer:
        case value_type::number: return check_number(schema, value, pointer, out);
        default: return;
    }
}

}  // namespace

std::vector<field_error> validate(const node& schema, const json& value,
                                  const std::string& pointer) {
    findings out;
    check(schema, value, pointer, out);
    return std::move(out.list);
}

std::vector<field_error> schema::validate(const json& value) const {
    return gatepost::schema::validate(*root_, value, "");
}

}  // namespace gatepost::schema
