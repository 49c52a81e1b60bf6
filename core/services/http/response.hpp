// A response as it comes, line by line and piece by piece, under its caps. Pure.
#pragma once

#include <gatepost/abi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/http/order.hpp"

namespace gatepost::services {

class response_reader {
  public:
    explicit response_reader(uint64_t most_bytes) : most_(most_bytes) {}

    enum class heard { more, head_complete, too_long };
    // One line of a head, with its end. An interim response is forgotten when the next one begins;
    // trailers are not kept.
    heard line(std::string_view text);
    // False: it is larger than it may be; what fits was kept.
    bool body(std::string_view bytes);

    // Of a head that came whole, and is not interim; else 0.
    uint32_t status() const { return complete_ ? status_ : 0; }
    bool over_limit() const { return over_limit_; }
    const std::string& status_line() const { return status_line_; }
    const header_fields& headers() const { return headers_; }
    const std::string& bytes() const { return bytes_; }
    std::string take_bytes() { return std::move(bytes_); }
    // What gatepost_result.detail shall point to. It takes the headers along.
    std::shared_ptr<const void> take_detail(uint32_t failed_at);

  private:
    uint64_t most_;
    size_t head_bytes_ = 0;
    uint32_t status_ = 0;
    bool complete_ = false, over_limit_ = false;
    std::string status_line_;
    header_fields headers_;  // names in lower case
    std::string bytes_;
};

}  // namespace gatepost::services
