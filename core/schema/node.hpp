// One node of a parsed schema, as the .cpp files of this room share it. Plain data; parse.cpp makes
// it and guarantees what the others rely on: names in `required` are properties, defaults fit, only
// keywords that mean something for the type are set, and a union's tags are distinct.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "schema/format.hpp"
#include "schema/pattern.hpp"

namespace gatepost::schema {

enum class value_type : uint8_t { any, object, array, string, integer, number, boolean, null };

struct node;

struct property {
    std::string name;
    std::shared_ptr<const node> schema;
};

struct node {
    value_type type = value_type::any;
    bool secret = false;
    std::optional<nlohmann::json> fallback;  // "default"
    std::vector<nlohmann::json> choices;     // enum, const, or a labelled oneOf; empty: all values

    // object
    std::vector<property> properties;
    std::vector<std::string> required;
    bool open = false;                       // takes any further key
    std::shared_ptr<const node> additional;  // further keys must fit this

    // a oneOf whose branches are objects told apart by the const of `tag`
    std::string tag;
    std::vector<std::shared_ptr<const node>> branches;

    // array
    std::shared_ptr<const node> items;
    bool unique = false;
    // of an array in items, of a string in code points
    std::optional<uint64_t> least, most;

    // integer, number
    std::optional<long double> minimum, maximum;

    // string
    std::optional<pattern> shape;
    std::optional<format> form;

    [[nodiscard]] const node* find(std::string_view name) const;
    // Of a union: the branch whose tag `value` carries.
    [[nodiscard]] const node* branch_of(const nlohmann::json& value) const;
    // What a member called `name` of the object `value` must fit; null: anything, or nothing.
    [[nodiscard]] const node* member(const nlohmann::json& value, std::string_view name) const;
};

// "a string", "an integer"
std::string_view with_article(value_type type);
value_type type_of(const nlohmann::json& value);
bool fits(value_type wanted, const nlohmann::json& value);
std::vector<field_error> validate(const node& schema, const nlohmann::json& value,
                                  const std::string& pointer);

}  // namespace gatepost::schema
