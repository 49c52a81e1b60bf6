// A value or an error, in place of exceptions, which stop at a room's edge.
//
//     auto parsed = mail::address::parse(text);
//     if (!parsed) return parsed.error();
//     use(*parsed);
#pragma once

#include <utility>
#include <variant>

#include "base/error.hpp"

namespace gatepost {

template <class T>
class [[nodiscard]] result {
  public:
    result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    result(gatepost::error failure) : state_(std::in_place_index<1>, std::move(failure)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& operator*() & { return std::get<0>(state_); }
    const T& operator*() const& { return std::get<0>(state_); }
    T&& operator*() && { return std::get<0>(std::move(state_)); }
    T* operator->() { return &std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }

    [[nodiscard]] const gatepost::error& error() const& { return std::get<1>(state_); }
    [[nodiscard]] gatepost::error&& error() && { return std::get<1>(std::move(state_)); }

  private:
    std::variant<T, gatepost::error> state_;
};

struct success {};

// For functions that have nothing to give back: `return success{};`
using status = result<success>;

}  // namespace gatepost
