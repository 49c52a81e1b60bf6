// One pass, no back-tracking; a parameter's value may be a token or a quoted string.
#include "mail/media_type.hpp"

#include "base/text.hpp"

namespace gatepost::mail {
namespace {

bool is_token_char(char c) {
    constexpr std::string_view specials = "()<>@,;:\\\"/[]?=";
    return c > ' ' && c < 0x7F && specials.find(c) == std::string_view::npos;
}

std::string take_token(std::string_view& text) {
    size_t size = 0;
    while (size < text.size() && is_token_char(text[size]))
        ++size;
    std::string token(text.substr(0, size));
    text.remove_prefix(size);
    return token;
}

bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::string> take_quoted(std::string_view& text) {
    std::string value;
    while (!text.empty() && text.front() != '"') {
        if (text.front() == '\\') text.remove_prefix(1);
        if (text.empty()) return std::nullopt;
        value += text.front();
        text.remove_prefix(1);
    }
    if (!take(text, '"') || text::has_control(value)) return std::nullopt;
    return value;
}

}  // namespace

std::optional<media_type> parse_media_type(std::string_view text) {
    text = text::trim(text);
    const std::string type = take_token(text);
    if (type.empty() || !take(text, '/')) return std::nullopt;
    const std::string subtype = take_token(text);
    if (subtype.empty() || type.size() + subtype.size() > 126) return std::nullopt;
    media_type made{text::to_lower(type + "/" + subtype), {}};
    while (!(text = text::trim(text)).empty()) {
        if (!take(text, ';')) return std::nullopt;
        text = text::trim(text);
        if (text.empty()) break;
        const std::string name = take_token(text);
        if (name.empty() || name.size() > 64 || !take(text, '=')) return std::nullopt;
        std::optional<std::string> value = take(text, '"') ? take_quoted(text) : take_token(text);
        if (!value) return std::nullopt;
        made.with.emplace_back(text::to_lower(name), std::move(*value));
    }
    return made;
}

}  // namespace gatepost::mail
