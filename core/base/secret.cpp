#include "base/secret.hpp"

#include <cstring>
#include <utility>

namespace gatepost {
namespace {

// All that the string holds room for: what was longer once may still stand behind its end, and a
// short string that was moved from was copied, and says that it is empty.
void wipe(std::string& value) {
    value.resize(value.capacity());
    explicit_bzero(value.data(), value.size());
    value.clear();
}

}  // namespace

secret::secret(std::string value) : value_(std::move(value)) {
    wipe(value);
}

secret::secret(secret&& other) noexcept : value_(std::move(other.value_)) {
    wipe(other.value_);
}

secret& secret::operator=(const secret& other) {
    return *this = secret(other);
}

secret& secret::operator=(secret&& other) noexcept {
    if (this == &other) return *this;
    wipe(value_);  // before, because a shorter value would leave the rest of a longer one
    value_ = std::move(other.value_);
    wipe(other.value_);
    return *this;
}

secret::~secret() {
    wipe(value_);
}

bool secret::operator==(const secret& other) const {
    if (value_.size() != other.value_.size()) return false;
    unsigned difference = 0;
    for (size_t i = 0; i < value_.size(); ++i)
        difference |= static_cast<unsigned char>(value_[i] ^ other.value_[i]);
    return difference == 0;
}

}  // namespace gatepost
