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

int signals::wait(std::chrono::seconds most) {
    const sigset_t set = watched();
    const timespec time{most.count(), 0};
    const int number = ::sigtimedwait(&set, nullptr, &time);
    return number > 0 ? number : 0;  // an interruption is as good as the end of the time
}

}  // namespace gatepost::daemon
