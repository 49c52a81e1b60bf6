// What became of every recipient of one call, over all transactions and sessions that it took. The
// first ruling for a recipient stands.
#pragma once

#include <gatepost/outcome.hpp>

#include <optional>
#include <vector>

#include "payload.hpp"
#include "verdict.hpp"

namespace smtp {

class results {
  public:
    explicit results(const envelope& mail) : mail_(&mail), rulings_(mail.to.size()) {}

    bool decided(std::size_t position) const { return rulings_[position].has_value(); }
    std::size_t open() const noexcept { return rulings_.size() - decided_; }
    bool any() const noexcept { return decided_ != 0; }
    const std::optional<ruling>& at(std::size_t position) const { return rulings_[position]; }

    void decide(std::size_t position, ruling what);
    void decide_open(const ruling& what);

    // Every recipient decided; else the open ones are deferred, and `text` says so.
    gatepost::sdk::outcome take();

  private:
    const envelope* mail_;
    std::vector<std::optional<ruling>> rulings_;
    std::size_t decided_ = 0;
};

}  // namespace smtp
