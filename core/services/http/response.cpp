#include "services/http/response.hpp"

#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "plugin/strings.hpp"

namespace gatepost::services {
namespace {

struct response_detail {
    gatepost_http_response abi{};
    header_fields headers;
    std::vector<gatepost_pair> pairs;
};

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

// "HTTP/1.1 202 Accepted" -> 202
uint32_t status_of(std::string_view line) {
    const size_t space = line.find(' ');
    if (space == line.npos) return 0;
    const std::string_view code = line.substr(space + 1);
    if (code.size() > 3 && code[3] != ' ') return 0;  // 2020 is no 202, whatever libcurl says
    const auto number = text::parse_unsigned(code.substr(0, 3));
    return number && *number >= 100 && *number <= 999 ? static_cast<uint32_t>(*number) : 0;
}

}  // namespace

response_reader::heard response_reader::line(std::string_view text) {
    if (complete_) return heard::more;
    head_bytes_ += text.size();
    if (head_bytes_ > limits::http_header_bytes) {
        over_limit_ = true;
        complete_ = status_ >= 200;
        return heard::too_long;
    }
    text = trimmed(text);
    if (text.starts_with("HTTP/")) {
        status_line_ = text;
        status_ = status_of(text);
        headers_.clear();
        return heard::more;
    }
    if (text.empty()) {
        complete_ = status_ >= 200;
        return complete_ ? heard::head_complete : heard::more;
    }
    const size_t colon = text.find(':');
    if (colon != text.npos)
        headers_.emplace_back(text::to_lower(trimmed(text.substr(0, colon))),
                              trimmed(text.substr(colon + 1)));
    return heard::more;
}

bool response_reader::body(std::string_view bytes) {
    const uint64_t room = most_ - bytes_.size();
    over_limit_ = bytes.size() > room;
    bytes_ += bytes.substr(0, static_cast<size_t>(room));
    return !over_limit_;
}

std::shared_ptr<const void> response_reader::take_detail(uint32_t failed_at) {
    auto made = std::make_shared<response_detail>();
    if (complete_) made->headers = std::exchange(headers_, {});
    made->pairs.reserve(made->headers.size());
    for (const auto& [name, value] : made->headers)
        made->pairs.push_back({plugin::string_of(name), plugin::string_of(value)});
    made->abi = {
        sizeof made->abi,
        status(),
        {made->pairs.data(), static_cast<uint32_t>(made->pairs.size()), sizeof(gatepost_pair)},
        failed_at,
        0};
    return {made, &made->abi};
}

}  // namespace gatepost::services
