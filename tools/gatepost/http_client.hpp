// HTTP/1.1 over the daemon's Unix socket, one request a connection, blocking: all that a command
// line needs. The answer is read whole or, for streams, line by line. A daemon that is not there is
// `not_running` and says which socket was tried.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace gatepost::cli {

struct http_request {
    std::string method = "GET";
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string content_type;
};

struct http_response {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;

    [[nodiscard]] std::string_view header(std::string_view name) const;
};

// `on_piece`, if given, gets the body of a 2xx answer as it arrives, and `body` stays empty.
result<http_response> ask(const std::string& socket, const http_request& request,
                          const std::function<void(std::string_view)>& on_piece = {});

}  // namespace gatepost::cli
