// A string that cannot be printed: no operator<<, no conversion, no JSON. Whoever needs the bytes
// calls reveal() where they leave for the wire, and a search for `reveal` shows every such place.
// The memory is wiped at the
// end, and wherever a value leaves it: by a move, by an assignment.
#pragma once

#include <string>
#include <string_view>

namespace gatepost {

class secret {
  public:
    secret() = default;
    explicit secret(std::string value);
    secret(const secret&) = default;
    secret& operator=(const secret& other);
    secret(secret&& other) noexcept;
    secret& operator=(secret&& other) noexcept;
    ~secret();

    [[nodiscard]] std::string_view reveal() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }
    // Compares in time that does not depend on where the difference is.
    bool operator==(const secret& other) const;

  private:
    std::string value_;
};

}  // namespace gatepost
