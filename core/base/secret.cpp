#include "base/secret.hpp"

#include <cstring>
#include <utility>

namespace gatepost {

secret::secret(secret&& other) noexcept : value_(std::move(other.value_)) {
    // A short string is copied, not moved: wipe what stayed behind.
    explicit_bzero(other.value_.data(), other.value_.size());
    other.value_.clear();
}

secret& secret::operator=(secret&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
}

secret::~secret() {
    explicit_bzero(value_.data(), value_.size());
}

bool secret::operator==(const secret& other) const {
    if (value_.size() != other.value_.size()) return false;
    unsigned difference = 0;
    for (size_t i = 0; i < value_.size(); ++i)
        difference |= static_cast<unsigned char>(value_[i] ^ other.value_[i]);
    return difference == 0;
}

}  // namespace gatepost
