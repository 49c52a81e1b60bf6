// JSON Schema 2020-12, a strict subset (DESIGN section 2, sdk/README.md): type, properties,
// required, additionalProperties, items, enum, const, default, title, description, minimum,
// maximum, minLength, maxLength, pattern (linear time: no back-references, no look-around), format,
// minItems, maxItems, uniqueItems, examples, deprecated, writeOnly, oneOf (labelled choice of
// consts, or a union tagged by one const property), and x-gatepost-* annotations. Anything else is
// refused when the schema is read, not when a value fails to be checked.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatepost::schema {

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

  private:
    struct node;
    std::shared_ptr<const node> root_;
};

}  // namespace gatepost::schema
