// Reads one table key by key, typed; whatever is wrong becomes a problem with its place, and the
// value keeps its default. A key that nobody asked for is a problem too: finish() tells.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "config/document.hpp"
#include "config/problems.hpp"

namespace gatepost::config {

struct duration_range {
    std::chrono::milliseconds least, most;
};

class table_reader {
  public:
    // `table` stands in `file` at `pointer`; if it is no table, that is a problem and it is empty.
    table_reader(const document& file, const nlohmann::json& table, std::string pointer,
                 problems& out);

    // The value of `key`, or null if it is not there.
    const nlohmann::json* find(const char* key);
    bool has(const char* key) { return find(key) != nullptr; }

    // Each leaves `value` as it is if the key is missing or wrong.
    void text(const char* key, std::string& value);
    void choice(const char* key, std::string& value, std::initializer_list<const char*> choices);
    void boolean(const char* key, bool& value);
    void duration(const char* key, std::chrono::milliseconds& value, duration_range range);
    // "50MiB" or a number of bytes
    void size(const char* key, uint64_t& value, uint64_t least, uint64_t most);
    void count(const char* key, std::optional<uint32_t>& value, uint32_t least, uint32_t most);

    // A key that a later version understands.
    void not_offered(const char* key);
    void problem(const char* key, const std::string& reason);
    void required(const char* key);
    [[nodiscard]] std::string at(std::string_view key) const {
        return text::below_pointer(pointer_, key);
    }
    // Every key that was not asked for is a problem.
    void finish();

  private:
    const document& file_;
    const nlohmann::json& table_;
    std::string pointer_;
    problems& problems_;
    std::vector<std::string> known_, refused_;
};

}  // namespace gatepost::config
