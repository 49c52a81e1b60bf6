// A look at TOML text before the library sees it. The library recurses on nesting and on dotted
// keys, in some releases without any limit of its own (3.3.0), so that a small file could exhaust
// the stack.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::config {

struct position {
    size_t line = 1, column = 1;
    auto operator<=>(const position&) const = default;
};

struct toml_problem {
    position where;
    std::string reason;
};

// The first place where brackets nest, or a key is dotted, beyond limits::config_depth.
std::optional<toml_problem> scan_toml(std::string_view text);

}  // namespace gatepost::config
