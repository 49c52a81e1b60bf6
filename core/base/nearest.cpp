// Guesses, the surest first: the same letters, a name from elsewhere, two letters swapped, the
// nearest spelling.
#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace gatepost::text {

namespace {

// Names that people bring from elsewhere and that no edit distance finds.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> elsewhere{{
    {"secure", "security"},
    {"tls", "security"},
    {"requiretls", "security"},
    {"authmethod", "auth_method"},
    {"passwordreset", "password-reset"},
    {"user", "username"},
    {"pass", "password"},
    {"email", "from_email"},
    {"enabled", "active"},
}};

// "authMethod", "AUTH-METHOD" -> "authmethod"
std::string plain(std::string_view name) {
    std::string out = to_lower(name);
    std::erase_if(out, [](char c) { return c == '_' || c == '-'; });
    return out;
}

// Two neighbouring letters changed places: one slip of the fingers, but two edits.
bool is_swapped(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    const auto at = std::mismatch(a.begin(), a.end(), b.begin());
    if (a.end() - at.first < 2) return false;
    return at.first[0] == at.second[1] && at.first[1] == at.second[0] &&
           std::equal(at.first + 2, a.end(), at.second + 2);
}

size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = std::exchange(row[0], i);
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
        }
    }
    return row.back();
}

std::optional<std::string> by_distance(std::string_view word,
                                       std::span<const std::string> candidates) {
    const size_t near_enough = std::max<size_t>(1, word.size() / 3);
    std::optional<std::string> best;
    size_t best_distance = near_enough + 1;
    for (const std::string& candidate : candidates) {
        const size_t distance = edit_distance(word, std::string_view(candidate).substr(0, 64));
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
    const auto known = [&](std::string_view name) {
        return std::find(candidates.begin(), candidates.end(), name) != candidates.end();
    };
    word = word.substr(0, 64);  // and what is longer is near to nothing that is shorter
    const std::string bare = plain(word);
    if (bare.empty()) return std::nullopt;
    for (const std::string& each : candidates)
        if (plain(each) == bare) return each;
    for (const auto& [theirs, ours] : elsewhere)
        if (bare == theirs && known(ours)) return std::string(ours);
    for (const std::string& each : candidates)
        if (is_swapped(word, each)) return each;
    return by_distance(word, candidates);
}

}  // namespace gatepost::text
