// A request and its answer as lines that may be shown. Credentials never are: headers that carry
// them are named without their value, the settings' secrets are taken out of everything, and the
// body of an answer that hands out credentials is only counted. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/http/order.hpp"
#include "services/stream/trace.hpp"

namespace gatepost::services {

// "POST /v3/mail/send", then the headers, then "(123 bytes)".
std::vector<std::string> shown_request(const http_order& order, const scrubber& with);
std::string shown_header(std::string_view name, std::string_view value, const scrubber& with);
// The first bytes of a response's body; its size, if it hands out credentials: by its words, or
// because it `is_secret`, whatever it looks like.
std::string shown_body(std::string_view body, bool is_secret, const scrubber& with);
// A question to a cloud's metadata, by its headers or by the address in its url.
bool asks_for_credentials(const http_order& order);

}  // namespace gatepost::services
