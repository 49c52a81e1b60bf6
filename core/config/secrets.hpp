// Where a string of [settings] may come from besides standing there: { file = "name" },
// { env = "NAME" }, { credential = "name" } (systemd). The value is never part of an error.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.hpp"

namespace gatepost::config {

enum class origin { file, api };  // of the reference: the API may name files in the folder only

// `reference` is an object. The error's detail is the rest of a sentence about the key.
result<std::string> resolve_secret(const std::filesystem::path& folder,
                                   const nlohmann::json& reference, origin from);

}  // namespace gatepost::config
