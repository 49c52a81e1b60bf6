// The words for wrong types and ranges, the same in every table.
#include "config/table_reader.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "config/units.hpp"
#include "schema/keys.hpp"

namespace gatepost::config {

namespace {

const nlohmann::json no_keys = nlohmann::json::object();

std::string join_choices(const std::vector<std::string>& choices) {
    std::string out;
    for (size_t i = 0; i < choices.size(); ++i)
        out += (i == 0 ? "\"" : i + 1 == choices.size() ? "\" or \"" : "\", \"") + choices[i];
    return out + "\"";
}

}  // namespace

table_reader::table_reader(const document& file, const nlohmann::json& table, std::string pointer,
                           problems& out)
    : file_(file),
      table_(table.is_object() ? table : no_keys),
      pointer_(std::move(pointer)),
      problems_(out) {
    if (!table.is_object()) problems_.add(file_, pointer_, "must be a table");
}

const nlohmann::json* table_reader::find(const char* key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
    const auto found = table_.find(key);
    return found == table_.end() ? nullptr : &*found;
}

void table_reader::problem(const char* key, const std::string& reason) {
    problems_.add(file_, at(key), reason);
}

void table_reader::required(const char* key) {
    if (!has(key)) problem(key, "is required");
}

void table_reader::text(const char* key, std::string& value) {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_string()) return problem(key, "must be a string");
    const std::string& given = found->get_ref<const std::string&>();
    if (text::has_control(given)) return problem(key, "must not hold control characters");
    value = given;
}

void table_reader::choice(const char* key, std::string& value,
                          std::initializer_list<const char*> choices) {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return;
    const std::vector<std::string> names(choices.begin(), choices.end());
    if (found->is_string() &&
        std::find(names.begin(), names.end(), found->get<std::string>()) != names.end()) {
        value = found->get<std::string>();
        return;
    }
    std::string reason = "must be " + join_choices(names);
    if (found->is_string())
        if (const auto meant = text::nearest(found->get<std::string>(), names))
            reason += "; did you mean \"" + *meant + "\"?";
    problem(key, reason);
}

void table_reader::boolean(const char* key, bool& value) {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_boolean()) return problem(key, "must be true or false");
    value = found->get<bool>();
}

void table_reader::duration(const char* key, std::chrono::milliseconds& value,
                            duration_range range) {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return;
    const auto given =
        found->is_string() ? parse_duration(found->get_ref<const std::string&>()) : std::nullopt;
    if (!given)
        return problem(key, "must be a number with its unit (ms, s, m, h or d), such as \"30s\"");
    if (*given < range.least || *given > range.most)
        return problem(key, "must be from " + format_duration(range.least) + " to " +
                                format_duration(range.most));
    value = *given;
}

void table_reader::size(const char* key, uint64_t& value, uint64_t least, uint64_t most) {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return;
    std::optional<uint64_t> given;
    if (found->is_string()) given = parse_size(found->get_ref<const std::string&>());
    if (found->is_number_integer() && *found >= 0) given = found->get<uint64_t>();
    if (!given)
        return problem(key,
                       "must be a number of bytes, or a string such as \"50MiB\" or \"512KiB\"");
    if (*given < least || *given > most)
        return problem(key, "must be from " + format_size(least) + " to " + format_size(most));
    value = *given;
}

void table_reader::count(const char* key, std::optional<uint32_t>& value, uint32_t least,
                         uint32_t most) {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_number_integer() || *found < least || *found > most)
        return problem(key, "must be an integer from " + std::to_string(least) + " to " +
                                std::to_string(most));
    value = found->get<uint32_t>();
}

void table_reader::not_offered(const char* key) {
    refused_.emplace_back(key);
    if (table_.contains(key)) problem(key, "is not offered by this version");
}

void table_reader::finish() {
    std::sort(known_.begin(), known_.end());
    for (const auto& [name, value] : table_.items()) {
        if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
        if (std::find(refused_.begin(), refused_.end(), name) != refused_.end()) continue;
        problems_.add(file_, at(name), schema::unknown_key(name, known_));
    }
}

}  // namespace gatepost::config
