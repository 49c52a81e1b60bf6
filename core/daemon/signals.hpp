// SIGTERM, SIGINT: stop. Blocked in every thread and waited for in main, so that no handler ever
// runs. SIGPIPE is ignored: a peer that hangs up is an error value. SIGHUP is taken and logged: a
// reload is a restart in this version.
#pragma once

namespace gatepost::daemon {

class signals {
  public:
    signals();
    // The number of the signal that says stop.
    int wait();
};

}  // namespace gatepost::daemon
