// See role.hpp.
#include "role.hpp"

#include <gatepost/json.hpp>

#include <algorithm>

#include "text.hpp"

namespace ses {
namespace {

using namespace gatepost::sdk;

constexpr int64_t minute = 60 * 1000;
constexpr int64_t longest_kept = 24 * 60 * minute;  // AWS gives a role 12 hours at most

bool is_header_text(std::string_view text) {
    return is_printable(text) && text.find(' ') == text.npos;
}

}  // namespace

std::optional<role_keys> read_role_keys(std::string_view json) {
    const json_document document = read_json(json);
    const json_value& body = document.root;
    if (body["Code"].text("Success") != "Success") return std::nullopt;
    role_keys made;
    made.keys.key_id = body["AccessKeyId"].text();
    made.keys.secret = body["SecretAccessKey"].text();
    made.keys.session_token = body["Token"].text(body["SessionToken"].text());
    made.expires = iso_date(body["Expiration"].text()).value_or(0);
    const bool usable = !made.keys.key_id.empty() && !made.keys.secret.empty() &&
                        is_header_text(made.keys.key_id) && is_header_text(made.keys.session_token);
    if (!usable) return std::nullopt;
    return made;
}

std::string first_role(std::string_view list) {
    std::string_view line = list.substr(0, list.find('\n'));
    while (line.ends_with('\r') || line.ends_with(' '))
        line.remove_suffix(1);
    const bool plain = !line.empty() && line.size() <= 128 && is_header_text(line) &&
                       line.find_first_of("/?#%<") == line.npos;
    return plain ? std::string(line) : std::string();
}

std::string cached(const credentials& keys) {
    json_writer json;
    json.begin_array();
    json.value(keys.key_id);
    json.value(keys.secret);
    json.value(keys.session_token);
    json.end_array();
    return std::string(json.finish().bytes());
}

std::optional<credentials> from_cache(std::string_view text) {
    const json_document document = read_json(text);
    const json_value& list = document.root;
    if (list.items().size() != 3) return std::nullopt;
    return credentials{std::string(list.at(0).text()), std::string(list.at(1).text()),
                       std::string(list.at(2).text())};
}

int64_t keep_for(const role_keys& keys, int64_t now) noexcept {
    if (keys.expires == 0) return 60 * minute;
    return std::clamp(keys.expires - now - 5 * minute, minute, longest_kept);
}

}  // namespace ses
