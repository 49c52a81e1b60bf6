// SIGTERM, SIGINT: stop. Blocked in every thread and waited for in main, so that no handler ever
// runs. SIGPIPE is ignored: a peer that hangs up is an error value. SIGHUP: read
// the configuration again.
#pragma once

#include <chrono>

namespace gatepost::daemon {

class signals {
  public:
    signals();
    // The number of the next one; 0 if none comes within that time.
    int wait(std::chrono::seconds most);
};

}  // namespace gatepost::daemon
