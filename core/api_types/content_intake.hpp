// One long value on its way into a content: pieces are gathered to a fair size, decoded from base64
// if it is one, hashed if a fingerprint is asked for, and held against the size that is left.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api_types/fingerprint.hpp"
#include "base/result.hpp"
#include "base/text.hpp"
#include "mail/content.hpp"

namespace gatepost::api_types {

class content_intake {
  public:
    enum class coding { plain, base64 };
    content_intake(const mail::content_factory& contents, coding how, bool hashed);

    // `invalid` without fields: the value itself is wrong (base64, a NUL in text).
    status feed(std::string_view piece);
    result<mail::content> finish();
    uint64_t size() const { return size_ + waiting_.size(); }
    // After finish; empty unless hashed.
    std::string digest() { return hash_ ? hash_->finish() : std::string(); }

  private:
    status flush();

    std::unique_ptr<mail::content_writer> writer_;
    coding how_;
    std::optional<sha256> hash_;
    text::base64_decoder decoder_;
    std::string waiting_;
    uint64_t size_ = 0;
};

}  // namespace gatepost::api_types
