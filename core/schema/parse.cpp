// Reads a schema. Every keyword has one reader in the table below, with the types it speaks about;
// a keyword that is not in the table, or that says nothing about the type at hand, is refused by
// name, so that no author believes in a check that is not made.
#include <algorithm>
#include <array>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "schema/json.hpp"
#include "schema/parser.hpp"
#include "schema/schema.hpp"

namespace gatepost::schema {

namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, value_type>, 7> types{{
    {"object", value_type::object},
    {"array", value_type::array},
    {"string", value_type::string},
    {"integer", value_type::integer},
    {"number", value_type::number},
    {"boolean", value_type::boolean},
    {"null", value_type::null},
}};

using reading = status (*)(schema_parser&, const json&, const std::string&, int, node&);

struct keyword {
    std::string_view name;
    std::string_view about;  // first letters of the types it speaks about; empty: any
    reading read;
};

status good() {
    return success{};
}

status count_of(const json& value, const std::string& at, std::optional<uint64_t>& out) {
    if (!value.is_number_integer() || value < 0) return outside(at, "must be an integer from 0");
    out = value.get<uint64_t>();
    return good();
}

status number_of(const json& value, const std::string& at, std::optional<long double>& out) {
    if (!value.is_number()) return outside(at, "must be a number");
    out = value.is_number_integer() ? static_cast<long double>(value.get<int64_t>())
                                    : static_cast<long double>(value.get<double>());
    return good();
}

template <value_type type>
status only_type(schema_parser&, const json& value, const std::string& at, int, node&) {
    return fits(type, value) ? good() : outside(at, "must be " + std::string(with_article(type)));
}

status read_dialect(schema_parser&, const json& value, const std::string& at, int depth, node&) {
    if (depth == 0 && value == "https://json-schema.org/draft/2020-12/schema") return good();
    return outside(at, "must be https://json-schema.org/draft/2020-12/schema, at the top");
}

status read_type(schema_parser&, const json&, const std::string&, int, node&) {
    return good();
}

status read_properties(schema_parser& parser, const json& value, const std::string& at, int depth,
                       node& out) {
    if (!value.is_object()) return outside(at, "must be an object of schemas");
    for (const auto& [name, sub] : value.items()) {
        auto parsed = parser.parse(sub, text::below_pointer(at, name), depth + 1);
        if (!parsed) return std::move(parsed).error();
        if (status counted = parser.count_property(at); !counted) return counted;
        out.properties.push_back({name, *std::move(parsed)});
    }
    return good();
}

status read_required(schema_parser&, const json& value, const std::string& at, int, node& out) {
    if (!value.is_array()) return outside(at, "must be an array of names");
    for (const json& name : value) {
        if (!name.is_string()) return outside(at, "must be an array of names");
        out.required.push_back(name.get<std::string>());
    }
    return good();
}

status read_additional(schema_parser& parser, const json& value, const std::string& at, int depth,
                       node& out) {
    if (value.is_boolean()) {
        out.open = value.get<bool>();
        return good();
    }
    auto parsed = parser.parse(value, at, depth + 1);
    if (!parsed) return std::move(parsed).error();
    out.additional = *std::move(parsed);
    out.open = true;
    return good();
}

status read_items(schema_parser& parser, const json& value, const std::string& at, int depth,
                  node& out) {
    auto parsed = parser.parse(value, at, depth + 1);
    if (!parsed) return std::move(parsed).error();
    out.items = *std::move(parsed);
    return good();
}

status read_enum(schema_parser&, const json& value, const std::string& at, int, node& out) {
    if (!value.is_array() || value.empty()) return outside(at, "must be an array of values");
    if (!out.choices.empty()) return outside(at, "const and enum exclude each other");
    if (std::set<json>(value.begin(), value.end()).size() != value.size())
        return outside(at, "names a value twice");
    out.choices.assign(value.begin(), value.end());
    return good();
}

status read_const(schema_parser&, const json& value, const std::string& at, int, node& out) {
    if (!out.choices.empty()) return outside(at, "const and enum exclude each other");
    out.choices = {value};
    return good();
}

status read_pattern(schema_parser&, const json& value, const std::string& at, int, node& out) {
    if (!value.is_string()) return outside(at, "must be a string");
    auto parsed = pattern::parse(value.get_ref<const std::string&>());
    if (!parsed) return outside(at, parsed.error().detail);
    out.shape = *std::move(parsed);
    return good();
}

status read_format(schema_parser&, const json& value, const std::string& at, int, node& out) {
    if (value.is_string()) out.form = format_named(value.get_ref<const std::string&>());
    return out.form ? good() : outside(at, "must be hostname, email, uri, ipv4, ipv6 or duration");
}

status read_write_only(schema_parser&, const json& value, const std::string& at, int, node& out) {
    if (!value.is_boolean()) return outside(at, "must be true or false");
    out.secret = value.get<bool>();
    return good();
}

status read_unique(schema_parser&, const json& value, const std::string& at, int, node& out) {
    if (!value.is_boolean()) return outside(at, "must be true or false");
    out.unique = value.get<bool>();
    return good();
}

status read_one_of(schema_parser& parser, const json& value, const std::string& at, int depth,
                   node& out) {
    return parser.parse_one_of(value, at, depth, out);
}

status read_default(schema_parser&, const json& value, const std::string&, int, node& out) {
    out.fallback = value;
    return good();
}

status read_least(schema_parser&, const json& value, const std::string& at, int, node& out) {
    return count_of(value, at, out.least);
}
status read_most(schema_parser&, const json& value, const std::string& at, int, node& out) {
    return count_of(value, at, out.most);
}
status read_minimum(schema_parser&, const json& value, const std::string& at, int, node& out) {
    return number_of(value, at, out.minimum);
}
status read_maximum(schema_parser&, const json& value, const std::string& at, int, node& out) {
    return number_of(value, at, out.maximum);
}

const keyword keywords[] = {
    {"$schema", "", read_dialect},
    {"$comment", "", only_type<value_type::string>},
    {"title", "", only_type<value_type::string>},
    {"description", "", only_type<value_type::string>},
    {"examples", "", only_type<value_type::array>},
    {"deprecated", "", only_type<value_type::boolean>},
    {"type", "", read_type},
    {"enum", "", read_enum},
    {"const", "", read_const},
    {"default", "", read_default},
    {"oneOf", "", read_one_of},
    {"properties", "o", read_properties},
    {"required", "o", read_required},
    {"additionalProperties", "o", read_additional},
    {"items", "a", read_items},
    {"minItems", "a", read_least},
    {"maxItems", "a", read_most},
    {"uniqueItems", "a", read_unique},
    {"minimum", "in", read_minimum},
    {"maximum", "in", read_maximum},
    {"minLength", "s", read_least},
    {"maxLength", "s", read_most},
    {"pattern", "s", read_pattern},
    {"format", "s", read_format},
    {"writeOnly", "s", read_write_only},
};

const keyword* find_keyword(const std::string& name) {
    const auto* found = std::find_if(std::begin(keywords), std::end(keywords),
                                     [&](const keyword& each) { return each.name == name; });
    return found == std::end(keywords) ? nullptr : found;
}

status unknown_keyword(const std::string& name, const std::string& at) {
    std::vector<std::string> known;
    for (const keyword& each : keywords)
        known.emplace_back(each.name);
    const auto meant = text::nearest(name, known);
    return outside(at, "\"" + text::escape_for_log(name) + "\" is not part of the subset" +
                           (meant ? "; did you mean \"" + *meant + "\"?" : ""));
}

std::string_view type_name(value_type type) {
    for (const auto& [name, each] : types)
        if (each == type) return name;
    return "";
}

status read_keyword(schema_parser& parser, const std::string& name, const json& value,
                    const std::string& at, int depth, node& out) {
    if (name.starts_with("x-gatepost-")) return good();
    const keyword* found = find_keyword(name);
    if (found == nullptr) return unknown_keyword(name, at);
    const std::string_view type = type_name(out.type);
    if (!found->about.empty() &&
        (type.empty() || found->about.find(type[0]) == found->about.npos || type == "null"))
        return outside(
            at, "\"" + name + "\" says nothing about " + std::string(with_article(out.type)));
    return found->read(parser, value, at, depth, out);
}

status find_type(const json& schema, const std::string& at, node& out) {
    const auto given = schema.find("type");
    if (given == schema.end()) {
        if (schema.contains("const") || schema.contains("enum") || schema.contains("oneOf"))
            return good();
        for (const auto& [name, argument] : schema.items())
            if (!name.starts_with("x-gatepost-") && find_keyword(name) == nullptr)
                return unknown_keyword(name, text::below_pointer(at, name));
        return outside(at, "\"type\" is missing");
    }
    const auto known = std::find_if(types.begin(), types.end(),
                                    [&](const auto& each) { return *given == each.first; });
    if (known == types.end())
        return outside(text::below_pointer(at, "type"),
                       "must be one of object, array, string, integer, number, boolean, null");
    out.type = known->second;
    return good();
}

// What can be said only when the whole node is known.
status check_whole(const node& out, const std::string& at) {
    for (const std::string& name : out.required)
        if (out.find(name) == nullptr)
            return outside(text::below_pointer(at, "required"),
                           "\"" + text::escape_for_log(name) + "\" is not among the properties");
    for (const json& choice : out.choices)
        if (!fits(out.type, choice))
            return outside(at, "a choice is not " + std::string(with_article(out.type)));
    if (!out.fallback) return good();
    if (out.secret) return outside(text::below_pointer(at, "default"), "a secret has no default");
    const auto problems = validate(out, *out.fallback, text::below_pointer(at, "default"));
    if (!problems.empty()) return outside(problems[0].pointer, problems[0].detail);
    return good();
}

}  // namespace

status outside(const std::string& pointer, const std::string& reason) {
    return error{
        error_kind::config,
        "the schema, at " + (pointer.empty() ? std::string("its top") : pointer) + ": " + reason};
}

status schema_parser::count_property(const std::string& at) {
    if (++properties_ <= limits::schema_properties) return good();
    return outside(at, "the schema has more than " + std::to_string(limits::schema_properties) +
                           " properties");
}

result<std::shared_ptr<const node>> schema_parser::parse(const json& value, const std::string& at,
                                                         int depth) {
    if (depth > static_cast<int>(limits::schema_depth))
        return outside(at, "nested deeper than " + std::to_string(limits::schema_depth) + " levels")
            .error();
    if (!value.is_object()) return outside(at, "must be an object").error();
    auto out = std::make_shared<node>();
    if (status found = find_type(value, at, *out); !found) return std::move(found).error();
    for (const auto& [name, argument] : value.items())
        if (status read =
                read_keyword(*this, name, argument, text::below_pointer(at, name), depth, *out);
            !read)
            return std::move(read).error();
    if (status whole = check_whole(*out, at); !whole) return std::move(whole).error();
    return std::shared_ptr<const node>(std::move(out));
}

result<schema> schema::parse(std::string_view json_text) {
    if (json_text.size() > limits::schema_bytes)
        return error{error_kind::config, "the schema is larger than " +
                                             std::to_string(limits::schema_bytes) + " bytes"};
    auto tree = parse_json(json_text);
    if (!tree) return error{error_kind::config, "the schema is not JSON: " + tree.error().detail};
    schema_parser parser;
    auto root = parser.parse(*tree, "", 0);
    if (!root) return std::move(root).error();
    if (status secrets = check_secrets(**root); !secrets) return std::move(secrets).error();
    schema out;
    out.root_ = *std::move(root);
    return out;
}

}  // namespace gatepost::schema
