#include "services/http/trace.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost::services {
namespace {

bool carries_credential(std::string_view name) {
    constexpr std::array<std::string_view, 7> parts{"authorization", "api-key",   "apikey", "token",
                                                    "secret",        "signature", "cookie"};
    const std::string lower = text::to_lower(name);
    return std::ranges::any_of(parts, [&](auto each) { return lower.find(each) != lower.npos; });
}

bool hands_out_credentials(std::string_view body) {
    constexpr std::array<std::string_view, 6> keys{"secretaccesskey", "\"token\"", "access_token",
                                                   "refresh_token",   "id_token",  "client_secret"};
    const std::string lower = text::to_lower(body);
    return std::ranges::any_of(keys, [&](auto each) { return lower.find(each) != lower.npos; });
}

std::string counted(uint64_t bytes) {
    return "(" + std::to_string(bytes) + " bytes)";
}

}  // namespace

std::vector<std::string> shown_request(const http_order& order, const scrubber& with) {
    std::vector<std::string> lines;
    lines.push_back(shown(with, order.method + " " + order.target));
    lines.push_back(shown(with, "Host: " + order.where()));
    for (const auto& [name, value] : order.headers)
        lines.push_back(shown_header(name, value, with));
    if (order.body.size() > 0) lines.push_back(counted(order.body.size()));
    return lines;
}

std::string shown_header(std::string_view name, std::string_view value, const scrubber& with) {
    std::string line(name);
    line += ": ";
    if (carries_credential(name)) return shown(with, line) + "(secret)";
    return shown(with, line.append(value));
}

// IMDSv2 answers the first with a bare token, wherever it stands; all that the token buys is asked
// for with the second.
bool asks_for_credentials(const http_order& order) {
    constexpr std::string_view metadata_token = "x-aws-ec2-metadata-token";
    const auto asks = [&](const auto& each) {
        return text::equal_ignoring_case(each.first, metadata_token) ||
               text::equal_ignoring_case(each.first, "x-aws-ec2-metadata-token-ttl-seconds");
    };
    if (std::ranges::any_of(order.headers, asks)) return true;
    const auto address = socket_address::parse(order.host, order.port);
    return address && address->is_metadata();
}

std::string shown_body(std::string_view body, bool is_secret, const scrubber& with) {
    if (is_secret || hands_out_credentials(body)) return counted(body.size());
    const std::string_view first = body.substr(0, limits::http_trace_bytes);
    // A secret may stand across the cut: it is taken out before.
    const std::string clean = with.clean(body.substr(0, limits::http_trace_bytes * 4));
    std::string line = shown(with, std::string_view(clean).substr(0, limits::http_trace_bytes));
    if (first.size() < body.size()) line += " " + counted(body.size());
    return line;
}

}  // namespace gatepost::services
