// JSON Schema 2020-12, a strict subset (DESIGN section 2, sdk/README.md): type, properties,
// required, additionalProperties, items, enum, const, default, title, description, minimum,
// maximum, minLength, maxLength, pattern (linear time: no back-references, no look-around), format,
// minItems, maxItems, uniqueItems, examples, deprecated, writeOnly, oneOf (labelled choice of
// consts, or a union tagged by one const property), and x-gatepost-* annotations. Anything else is
// refused when the schema is read, not when a value fails to be checked. Stricter than the standard
// in two things: an object that lists its properties takes no others unless additionalProperties
// says so, and 1.0 is no integer.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatepost::schema {

struct node;

// A place in a value where the schema wants a string, whatever stands there.
struct string_place {
    std::string pointer;
    bool secret = false;  // writeOnly
};

class schema {
  public:
    // `config` error that names the pointer and the construct that is outside the subset.
    static result<schema> parse(std::string_view json_text);

    // All problems at once. Unknown keys name the nearest known one.
    std::vector<field_error> validate(const nlohmann::json& value) const;
    // `value` with missing properties that have a default filled in.
    nlohmann::json with_defaults(const nlohmann::json& value) const;
    // `value` with every writeOnly value replaced by {"set": bool}.
    nlohmann::json without_secrets(const nlohmann::json& value) const;
    // Dotted paths of the properties marked writeOnly ("password", "auth.token").
    std::vector<std::string> secret_paths() const;
    // Every place of `value` where a string belongs; for who allows something else to stand there
    // first (a secret's {"file": ...}).
    std::vector<string_place> string_places(const nlohmann::json& value) const;

  private:
    std::shared_ptr<const node> root_;
};

}  // namespace gatepost::schema
