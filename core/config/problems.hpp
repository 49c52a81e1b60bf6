// Everything that is wrong with a configuration, gathered from all files, in a fixed
// order: gatepost.toml, then the others by name, each from top to bottom. A key is told once: what
// follows from a first problem is noise.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/toml_scan.hpp"

namespace gatepost::config {

struct document;

class problems {
  public:
    // `pointer` names the key; "" is the file itself.
    void add(const document& file, const std::string& pointer, const std::string& reason);
    void add(const std::filesystem::path& file, position where, const std::string& key,
             const std::string& reason);
    [[nodiscard]] bool empty() const { return list_.empty(); }
    [[nodiscard]] size_t size() const { return list_.size(); }
    // The `config` error with every problem as {file:line:column, key: reason}.
    [[nodiscard]] error as_error(const std::filesystem::path& folder) const;

  private:
    struct problem {
        std::filesystem::path file;
        position where;
        std::string key, reason;
        size_t number;  // in the order they were found
    };
    std::vector<problem> list_;
    std::set<std::string> told_;
};

// "/settings/a~1b/0" -> settings."a/b"[0], as TOML would write it
std::string key_of(std::string_view pointer);

}  // namespace gatepost::config
