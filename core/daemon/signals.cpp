#include "daemon/signals.hpp"

#include <csignal>

namespace gatepost::daemon {
namespace {

sigset_t watched() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

}  // namespace

signals::signals() {
    const sigset_t set = watched();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

int signals::wait() {
    const sigset_t set = watched();
    for (;;) {
        int number = 0;
        if (sigwait(&set, &number) == 0) return number;
    }
}

}  // namespace gatepost::daemon
