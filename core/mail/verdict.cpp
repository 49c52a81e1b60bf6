// Names of verdicts and blames: one table each, read in both directions, so that what the log, the
// API and the spool write is what they read back.
#include "mail/verdict.hpp"

#include <utility>

namespace gatepost::mail {
namespace {

constexpr std::pair<verdict, std::string_view> verdict_names[] = {
    {verdict::accepted, "accepted"},
    {verdict::deferred, "deferred"},
    {verdict::rejected, "rejected"},
    {verdict::unknown, "unknown"},
};

constexpr std::pair<blame, std::string_view> blame_names[] = {
    {blame::none, "none"},
    {blame::message, "message"},
    {blame::recipient, "recipient"},
    {blame::sender, "sender"},
    {blame::credential, "credential"},
    {blame::quota, "quota"},
    {blame::provider, "provider"},
    {blame::network, "network"},
    {blame::config, "config"},
    {blame::plugin, "plugin"},
};

template <class Table, class Value>
std::string_view name_of(const Table& table, Value value) {
    for (const auto& [candidate, name] : table) {
        if (candidate == value) return name;
    }
    return {};
}

template <class Value, size_t Size>
std::optional<Value> value_of(const std::pair<Value, std::string_view> (&table)[Size],
                              std::string_view text) {
    for (const auto& [value, name] : table) {
        if (name == text) return value;
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(verdict value) {
    return name_of(verdict_names, value);
}
std::string_view to_string(blame value) {
    return name_of(blame_names, value);
}
std::optional<verdict> parse_verdict(std::string_view text) {
    return value_of(verdict_names, text);
}
std::optional<blame> parse_blame(std::string_view text) {
    return value_of(blame_names, text);
}

}  // namespace gatepost::mail
