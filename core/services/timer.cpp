// timer/1: sleeps on the call's own strand. A sleep never outlasts its call: one that would is cut
// at the deadline and answers with a time-out.
#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "services/backstage.hpp"

namespace gatepost::services {
namespace {

using boost::asio::steady_timer;

struct nap {
    std::chrono::nanoseconds length;
    bool cut;
};

nap nap_within(uint64_t wanted, mono_time now, mono_time deadline) {
    const auto left =
        deadline > now ? std::chrono::nanoseconds(deadline - now) : std::chrono::nanoseconds(0);
    if (wanted > static_cast<uint64_t>(left.count())) return {left, true};
    return {std::chrono::nanoseconds(static_cast<int64_t>(wanted)), false};
}

gatepost_status timer_sleep(const gatepost_host* host, gatepost_call call, uint64_t nanoseconds,
                            gatepost_done done, void* user, gatepost_operation* id) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        gatepost_status refused = GATEPOST_FAILED;
        const auto operation = context.begin(done, user, id, refused);
        if (!operation) return refused;
        const nap how = nap_within(nanoseconds, house.clock.mono_now(), context.deadline());
        const auto timer = std::make_shared<steady_timer>(context.executor(), how.length);
        operation->on_cancel([weak = std::weak_ptr(timer)] {
            if (const auto running = weak.lock()) running->cancel();
        });
        timer->async_wait([operation, timer, cut = how.cut](boost::system::error_code failure) {
            if (failure) return operation->finish(cancelled_answer());
            if (cut) return operation->finish({GATEPOST_TIMEOUT, "the deadline", 0, 0, {}, {}});
            operation->finish({});
        });
        return gatepost_status{GATEPOST_OK};
    });
}

}  // namespace

const gatepost_timer timer_table{sizeof(gatepost_timer), 0, timer_sleep};

}  // namespace gatepost::services
