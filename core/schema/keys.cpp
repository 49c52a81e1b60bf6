// Guesses, the surest first: the same letters, a name from elsewhere, two letters swapped, the
// nearest spelling.
#include "schema/keys.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace gatepost::schema {

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
    std::string out = text::to_lower(name);
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

}  // namespace

std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& known) {
    const std::string bare = plain(name);
    for (const std::string& each : known)
        if (plain(each) == bare) return each;
    for (const auto& [theirs, ours] : elsewhere)
        if (bare == theirs && std::find(known.begin(), known.end(), ours) != known.end())
            return std::string(ours);
    for (const std::string& each : known)
        if (is_swapped(name, each)) return each;
    return text::nearest(name, known);
}

std::string unknown_key(std::string_view name, const std::vector<std::string>& known) {
    if (const auto near = nearest_name(name, known))
        return "is not known; did you mean \"" + *near + "\"?";
    if (known.empty()) return "is not known; nothing is expected here";
    std::string out = "is not known; known are ";
    for (size_t i = 0; i < known.size(); ++i)
        out += (i == 0 ? "" : i + 1 == known.size() ? " and " : ", ") + known[i];
    return out;
}

}  // namespace gatepost::schema
