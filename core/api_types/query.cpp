// RFC 3986, not the form encoding: "+" stays, because user+tag@example.org is common and a space is
// not.
#include "api_types/query.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost::api_types {

result<query_list> parse_query(std::string_view query) {
    query_list out;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const size_t equals = pair.find('=');
        auto name = text::percent_decode(pair.substr(0, equals));
        auto value = text::percent_decode(
            equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
        if (!name || !value || !text::is_utf8(*name) || !text::is_utf8(*value)) {
            return error{error_kind::malformed, "the query is not percent-encoded UTF-8"};
        }
        if (out.size() >= limits::recipients + limits::tags) {
            return error{error_kind::malformed, "the query has too many parameters"};
        }
        out.emplace_back(*std::move(name), *std::move(value));
    }
    return out;
}

}  // namespace gatepost::api_types
