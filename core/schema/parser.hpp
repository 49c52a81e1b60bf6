// The parser's hands, shared by parse.cpp (keywords) and parse_union.cpp (oneOf, and the rule where
// secrets may stand).
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "schema/node.hpp"

namespace gatepost::schema {

class schema_parser {
  public:
    result<std::shared_ptr<const node>> parse(const nlohmann::json& value, const std::string& at,
                                              int depth);
    status parse_one_of(const nlohmann::json& value, const std::string& at, int depth, node& out);
    status count_property(const std::string& at);

  private:
    size_t properties_ = 0;
};

// The `config` error for what is not in the subset.
status outside(const std::string& pointer, const std::string& reason);
// Secrets stand where a dotted path names them: never in items or in keys without a name.
status check_secrets(const node& root);

}  // namespace gatepost::schema
