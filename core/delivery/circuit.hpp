// Whether a connection may send at all: a provider that is told too much, that does not know us, or
// that was set up wrongly would give the next mail the same answer, and count it against us. Then
// the connection holds its mail, and after a while lets one try. Pure; time is handed in.
//
// Blame of a network or a provider delays the mail it hit, by the schedule of its retries; blame of
// a mail, a recipient or a sender says that the connection works.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "mail/verdict.hpp"

namespace gatepost::delivery {

class circuit {
  public:
    // What an attempt said. True: from now on the connection is held, or is so no more.
    bool heard(const mail::attempt_result& said, mono_time now);
    bool may_begin(uint32_t in_flight, mono_time now) const {
        return failures_ == 0 || (now >= until_ && in_flight == 0);
    }
    void try_at(mono_time when) { until_ = std::min(until_, when); }
    bool held() const { return failures_ > 0; }
    mono_time until() const { return until_; }
    // What the provider said; of a held one.
    const std::string& why() const { return why_; }

  private:
    bool hold(const mail::recipient_result& because, mono_time now);

    unsigned failures_ = 0;
    mono_time until_{};
    std::string why_;
};

}  // namespace gatepost::delivery
