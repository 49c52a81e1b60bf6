// A JSON value as a tree. Reading what is not there is no error: operator[] gives null, a getter of
// another kind its fallback, so that a provider's answer is read without a check at every step.
#pragma once

#include <gatepost/namespace.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

enum class json_kind : uint8_t { null, boolean, integer, number, string, array, object };

class json_value {
  public:
    json_value() = default;
    static json_value of(bool given) {
        json_value made(json_kind::boolean);
        made.integer_ = given ? 1 : 0;
        return made;
    }
    static json_value of(int64_t given) {
        json_value made(json_kind::integer);
        made.integer_ = given;
        made.number_ = static_cast<double>(given);
        return made;
    }
    static json_value of(double given) {
        json_value made(json_kind::number);
        made.number_ = given;
        return made;
    }
    static json_value of(std::string given) {
        json_value made(json_kind::string);
        made.text_ = std::move(given);
        return made;
    }
    static json_value of(std::vector<json_value> given) {
        json_value made(json_kind::array);
        made.items_ = std::move(given);
        return made;
    }
    // An object: as many names as values.
    static json_value of(std::vector<std::string> names, std::vector<json_value> given) {
        json_value made(json_kind::object);
        made.names_ = std::move(names);
        made.items_ = std::move(given);
        return made;
    }

    json_kind kind() const noexcept { return kind_; }
    bool is_null() const noexcept { return kind_ == json_kind::null; }
    bool is_string() const noexcept { return kind_ == json_kind::string; }
    bool is_array() const noexcept { return kind_ == json_kind::array; }
    bool is_object() const noexcept { return kind_ == json_kind::object; }

    bool boolean(bool fallback = false) const noexcept {
        return kind_ == json_kind::boolean ? integer_ != 0 : fallback;
    }
    int64_t integer(int64_t fallback = 0) const noexcept {
        return kind_ == json_kind::integer ? integer_ : fallback;
    }
    double number(double fallback = 0) const noexcept {
        return kind_ == json_kind::number || kind_ == json_kind::integer ? number_ : fallback;
    }
    std::string_view text(std::string_view fallback = {}) const noexcept {
        return kind_ == json_kind::string ? std::string_view(text_) : fallback;
    }
    // The values of an array or an object; of an object, names() stands beside them, in order.
    const std::vector<json_value>& items() const noexcept { return items_; }
    const std::vector<std::string>& names() const noexcept { return names_; }

    const json_value& operator[](std::string_view name) const noexcept {
        for (std::size_t index = 0; index < names_.size(); ++index) {
            if (names_[index] == name) return items_[index];
        }
        return nothing();
    }
    const json_value& operator[](const char* name) const noexcept {
        return (*this)[std::string_view(name)];
    }
    const json_value& at(std::size_t index) const noexcept {
        return index < items_.size() ? items_[index] : nothing();
    }

  private:
    explicit json_value(json_kind kind) noexcept : kind_(kind) {}
    static const json_value& nothing() noexcept {
        static const json_value null;
        return null;
    }

    json_kind kind_ = json_kind::null;
    int64_t integer_ = 0;
    double number_ = 0;
    std::string text_;
    std::vector<json_value> items_;
    std::vector<std::string> names_;
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
