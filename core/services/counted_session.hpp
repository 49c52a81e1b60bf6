// A session with a peer, as its instance counts it: from here to the end of this value. Slots of a
// connection are held by sessions too (delivery/carrier.hpp). Strand only.
#pragma once

#include <memory>

#include "plugin/instance.hpp"

namespace gatepost::services {

class counted_session {
  public:
    explicit counted_session(plugin::instance& owner) : of_(owner.weak_from_this()) {
        owner.count_session(true);
    }
    counted_session(const counted_session&) = delete;
    counted_session& operator=(const counted_session&) = delete;
    ~counted_session() {
        if (const auto owner = of_.lock()) owner->count_session(false);
    }

  private:
    std::weak_ptr<plugin::instance> of_;
};

}  // namespace gatepost::services
