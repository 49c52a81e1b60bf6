// Problems in words, and pointers as TOML writes keys.
#include "config/problems.hpp"

#include <algorithm>
#include <tuple>

#include "base/text.hpp"
#include "config/document.hpp"

namespace gatepost::config {

namespace {

bool all_of(std::string_view text, bool (*fits)(char)) {
    return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_bare(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

std::string unescape(std::string_view token) {
    std::string out;
    for (size_t i = 0; i < token.size(); ++i) {
        if (token[i] == '~' && i + 1 < token.size())
            out += token[++i] == '1' ? '/' : '~';
        else
            out += token[i];
    }
    return out;
}

}  // namespace

std::string key_of(std::string_view pointer) {
    std::string out;
    while (!pointer.empty()) {
        const size_t end = std::min(pointer.find('/', 1), pointer.size());
        const std::string name = unescape(pointer.substr(1, end - 1));
        pointer.remove_prefix(end);
        if (!out.empty() && all_of(name, is_digit)) {
            out += "[" + name + "]";
            continue;
        }
        if (!out.empty()) out += '.';
        out += all_of(name, is_bare) ? name : "\"" + text::escape_for_log(name) + "\"";
    }
    return out;
}

void problems::add(const document& file, const std::string& pointer, const std::string& reason) {
    add(file.file, file.where(pointer), key_of(pointer), reason);
}

void problems::add(const std::filesystem::path& file, position where, const std::string& key,
                   const std::string& reason) {
    if (!told_.insert(file.string() + '\0' + key).second) return;
    list_.push_back({file, where, key, reason, list_.size()});
}

error problems::as_error(const std::filesystem::path& folder) const {
    const auto rank = [](const problem& each) {  // gatepost.toml before its connections
        return std::tuple(each.file.filename() != "gatepost.toml", each.file, each.where,
                          each.number);
    };
    std::vector<problem> sorted = list_;
    std::sort(sorted.begin(), sorted.end(),
              [&](const problem& a, const problem& b) { return rank(a) < rank(b); });
    error out{error_kind::config, "the configuration in " + folder.string() + " has " +
                                      std::to_string(sorted.size()) +
                                      (sorted.size() == 1 ? " problem" : " problems")};
    for (const problem& each : sorted)
        out.fields.push_back({each.file.string() + ":" + std::to_string(each.where.line) + ":" +
                                  std::to_string(each.where.column),
                              (each.key.empty() ? "" : each.key + ": ") + each.reason});
    return out;
}

}  // namespace gatepost::config
