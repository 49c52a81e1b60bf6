#include "schema/keys.hpp"

#include "base/text.hpp"

namespace gatepost::schema {

std::string unknown_key(std::string_view name, const std::vector<std::string>& known) {
    if (const auto near = text::nearest(name, known))
        return "is not known; did you mean \"" + *near + "\"?";
    if (known.empty()) return "is not known; nothing is expected here";
    std::string out = "is not known; known are ";
    for (size_t i = 0; i < known.size(); ++i)
        out += (i == 0 ? "" : i + 1 == known.size() ? " and " : ", ") + known[i];
    return out;
}

}  // namespace gatepost::schema
