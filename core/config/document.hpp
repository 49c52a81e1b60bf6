// One TOML file as a plain tree with the place of every key. The library behind it is seen only in
// document.cpp, so that the rest of the room speaks one language for TOML and JSON.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/toml_scan.hpp"

namespace gatepost::config {

struct misplaced {  // a value that has no counterpart in JSON: a date, infinity
    std::string pointer;
    std::string reason;
};

struct document {
    std::filesystem::path file;
    nlohmann::json root = nlohmann::json::object();
    std::map<std::string, position> places;  // by RFC 6901 pointer: where the key stands
    std::vector<misplaced> oddities;

    // Of the key, or of the nearest one above it that is there.
    [[nodiscard]] position where(std::string_view pointer) const;
};

// False and `problem` if the text is not TOML. Never throws.
bool parse_toml(std::string_view text, document& out, toml_problem& problem);

}  // namespace gatepost::config
