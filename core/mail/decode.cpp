// Plain ASCII without encoded words never reaches GMime: most headers are just that.
#include "mail/decode.hpp"

#include <mutex>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "mail/gmime_ptr.hpp"

namespace gatepost::mail {

void need_gmime() {
    static std::once_flag once;
    std::call_once(once, [] { g_mime_init(); });
}

namespace {

std::string one_line(std::string_view text) {
    return text::sanitize(text, limits::header_block_bytes);
}

bool is_plain(std::string_view text) {
    return text::is_ascii(text) && text.find("=?") == std::string_view::npos &&
           !text::has_control(text);
}

parameters decode_parameters(GMimeParamList* list) {
    parameters out;
    const int count = list != nullptr ? g_mime_param_list_length(list) : 0;
    for (int i = 0; i < count; ++i) {
        GMimeParam* const one = g_mime_param_list_get_parameter_at(list, i);
        const char* const name = g_mime_param_get_name(one);
        const char* const value = g_mime_param_get_value(one);
        if (name == nullptr || value == nullptr) continue;
        out.emplace_back(text::to_lower(one_line(name)), one_line(value));
    }
    return out;
}

}  // namespace

std::string decode_text(std::string_view unfolded) {
    if (is_plain(unfolded)) return std::string(unfolded);
    need_gmime();
    const glib_text text(g_mime_utils_header_decode_text(nullptr, std::string(unfolded).c_str()));
    return one_line(text ? text.get() : "");
}

std::string decode_phrase(std::string_view unfolded) {
    if (is_plain(unfolded)) return std::string(unfolded);
    need_gmime();
    const glib_text text(g_mime_utils_header_decode_phrase(nullptr, std::string(unfolded).c_str()));
    return one_line(text ? text.get() : "");
}

std::optional<wall_time> decode_date(std::string_view unfolded) {
    need_gmime();
    const date_time_ptr date(g_mime_utils_header_decode_date(std::string(unfolded).c_str()));
    if (!date) return std::nullopt;
    return wall_time(std::chrono::seconds(g_date_time_to_unix(date.get())));
}

std::string decoded_field::parameter(std::string_view name) const {
    for (const auto& [key, text] : with) {
        if (key == name) return text;
    }
    return {};
}

decoded_field decode_content_type(std::string_view unfolded) {
    need_gmime();
    const gmime_ptr<GMimeContentType> parsed(
        g_mime_content_type_parse(nullptr, std::string(unfolded).c_str()));
    if (!parsed) return {};
    const char* const type = g_mime_content_type_get_media_type(parsed.get());
    const char* const subtype = g_mime_content_type_get_media_subtype(parsed.get());
    if (type == nullptr || subtype == nullptr) return {};
    return {text::to_lower(one_line(std::string(type) + "/" + subtype)),
            decode_parameters(g_mime_content_type_get_parameters(parsed.get()))};
}

decoded_field decode_disposition(std::string_view unfolded) {
    need_gmime();
    const gmime_ptr<GMimeContentDisposition> parsed(
        g_mime_content_disposition_parse(nullptr, std::string(unfolded).c_str()));
    if (!parsed) return {};
    const char* const value = g_mime_content_disposition_get_disposition(parsed.get());
    return {text::to_lower(one_line(value != nullptr ? value : "")),
            decode_parameters(g_mime_content_disposition_get_parameters(parsed.get()))};
}

}  // namespace gatepost::mail
