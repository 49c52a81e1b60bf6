// JSON text to a tree, with the caps of base/json_reader; for manifests, settings, schemas: small
// documents. Only .cpp files include the full nlohmann header.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/result.hpp"

namespace gatepost::schema {

result<nlohmann::json> parse_json(std::string_view text);

}  // namespace gatepost::schema
