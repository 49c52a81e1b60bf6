// gatepostd. Wiring only: arguments, signals, the daemon's life, exit codes after sysexits(3).
#include <csignal>
#include <cstdio>

#include "api_types/problem.hpp"
#include "base/log.hpp"
#include "daemon/daemon.hpp"
#include "daemon/memory.hpp"
#include "daemon/notify.hpp"
#include "daemon/options.hpp"
#include "daemon/signals.hpp"

namespace {

void print(const gatepost::error& failure) {
    // Each problem on a line of its own, as file:line:column: key: reason; the sentence stands
    // alone if there are none.
    for (const auto& field : failure.fields) {
        std::fprintf(stderr, "%s: %s\n", field.pointer.c_str(), field.detail.c_str());
    }
    if (failure.fields.empty()) std::fprintf(stderr, "gatepostd: %s\n", failure.detail.c_str());
}

// systemd's Type=notify-reload wants to know when the reading began.
void reload(gatepost::daemon::instance& running) {
    using namespace gatepost;
    daemon::notify("RELOADING=1\nMONOTONIC_USEC=" + daemon::monotonic_microseconds());
    const auto done = running.reload();
    if (!done) {
        constexpr auto what = "the new configuration is refused; what was in force stays";
        for (const auto& field : done.error().fields)
            log::error("daemon.reload", what, {{"where", field.pointer}, {"reason", field.detail}});
        if (done.error().fields.empty())
            log::error("daemon.reload", what, {{"reason", done.error().detail}});
    }
    daemon::notify("READY=1");
}

// Until a signal says that it is over; which one.
int serve(gatepost::daemon::instance& running, gatepost::daemon::signals& signals) {
    using gatepost::daemon::idle_watch;
    idle_watch watch;
    for (;;) {
        const int signal = signals.wait(idle_watch::interval);
        if (signal == SIGHUP)
            reload(running);
        else if (signal == 0)
            watch.look();
        else
            return signal;
    }
}

int fail(const gatepost::error& failure) {
    print(failure);
    return gatepost::facts_of(failure.kind).exit_code;
}

}  // namespace

int main(int argc, char* argv[]) {
    using namespace gatepost;
    int exit_code = 0;
    const auto options = daemon::parse_arguments(argc, argv, exit_code);
    if (!options) return exit_code;
    daemon::signals stop_signals;  // blocks them before any thread exists
    if (options->check_only) {
        const auto checked = daemon::check(*options);
        if (!checked && options->json) {
            std::puts(api_types::write_problem(checked.error()).c_str());
            return facts_of(checked.error().kind).exit_code;
        }
        if (!checked) return fail(checked.error());
        std::puts(checked->c_str());
        return 0;
    }
    auto running = daemon::instance::start(*options);
    if (!running) return fail(running.error());
    daemon::notify("READY=1");
    const int signal = serve(**running, stop_signals);
    log::info("daemon.stop", "stopping", {{"signal", signal}});
    daemon::notify("STOPPING=1");
    (*running)->stop();
    return 0;
}
