// oauth/1: a token for the connection of the instance. An operation like any other; its answer is
// one of
//
//     OK            data: the access token; length: seconds it is good for
//     NOT_FOUND     the connection has no [oauth] table
//     DENIED        the provider refuses the credential, and will go on: the text says what to do
//     CONNECT       the provider cannot be reached       } length: seconds after which another
//     DISCONNECTED  the provider gives no token now      } try makes sense
//     FAILED        the gateway's own disk               }
//     TIMEOUT       not before the call's deadline
//
// A call that asks with force_refresh means the token that it was given last; one that was given
// none means the one in hand.
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "services/backstage.hpp"
#include "services/oauth/oauth.hpp"

namespace gatepost::services {
namespace {

using answer = plugin::operation::answer;

constexpr char oauth_slot = 0;

gatepost_status status_of(const oauth_failure& why) {
    switch (why.blame) {
        case oauth_blame::config: return why.permanent ? GATEPOST_NOT_FOUND : GATEPOST_DENIED;
        case oauth_blame::credential: return GATEPOST_DENIED;
        case oauth_blame::network: return GATEPOST_CONNECT;
        case oauth_blame::provider: return GATEPOST_DISCONNECTED;
        case oauth_blame::storage:
        case oauth_blame::none: break;
    }
    return GATEPOST_FAILED;
}

answer failed_answer(const oauth_failure& why) {
    const auto wait = why.retry_after.value_or(std::chrono::seconds(0)).count();
    return {status_of(why), why.sentence, 0, static_cast<uint64_t>(wait), {}, nullptr};
}

answer given_answer(const oauth_token& token, wall_time now) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(token.expires_at - now);
    const uint64_t whole = left.count() > 0 ? static_cast<uint64_t>(left.count()) : 0;
    return {GATEPOST_OK, {}, 0, whole, std::string(token.value.reveal()), nullptr};
}

// The first of answer, cancel and deadline. Lives with its call, on the strand; others know it by a
// weak pointer.
struct wish {
    wish(std::shared_ptr<plugin::operation> wanted, const boost::asio::any_io_executor& strand)
        : operation(std::move(wanted)), timer(strand) {}
    void finish(answer with) {
        timer.cancel();
        if (const auto open = std::exchange(operation, nullptr)) open->finish(std::move(with));
    }
    std::shared_ptr<plugin::operation> operation;
    boost::asio::steady_timer timer;
};

struct call_tokens {
    secret given;  // last
    std::vector<std::shared_ptr<wish>> open;

    call_tokens() = default;
    call_tokens(const call_tokens&) = delete;
    call_tokens& operator=(const call_tokens&) = delete;
    ~call_tokens() {
        for (const auto& each : std::exchange(open, {}))
            each->finish(cancelled_answer());
    }
    static call_tokens& of(plugin::call_context& context) {
        std::shared_ptr<void>& slot = context.slot(&oauth_slot);
        if (!slot) slot = std::make_shared<call_tokens>();
        return *static_cast<call_tokens*>(slot.get());
    }
};

using weak_wish = std::weak_ptr<wish>;

void watch_deadline(const std::shared_ptr<wish>& what, mono_time now, mono_time deadline) {
    if (deadline == mono_time::max()) return;
    what->timer.expires_after(deadline > now ? deadline - now : mono_time::duration(0));
    what->timer.async_wait([weak = weak_wish(what)](boost::system::error_code stopped) {
        const auto open = weak.lock();
        if (open && !stopped)
            open->finish({GATEPOST_TIMEOUT, "no token before the deadline", 0, 0, {}, nullptr});
    });
}

// On the strand; without a context the call is over, and so is the wish.
void deliver(const weak_wish& weak, plugin::call_context* context, const oauth_outcome& got,
             wall_time now) {
    const auto what = weak.lock();
    if (!what || context == nullptr) return;
    call_tokens& tokens = call_tokens::of(*context);
    std::erase(tokens.open, what);
    if (!got.token) return what->finish(failed_answer(got.failure));
    tokens.given = got.token->value;
    context->owner().hidden().add(got.token->value.reveal());
    what->finish(given_answer(*got.token, now));
}

constexpr const char* not_saved =
    "settings that are not saved have no [oauth] table: save the connection, log in, and test it "
    "then";

gatepost_status oauth_ask(const gatepost_host* host, gatepost_call call, uint32_t force,
                          gatepost_done done, void* user, gatepost_operation* id) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        if (force > 1) return gatepost_status{GATEPOST_INVALID};
        if (house.oauth == nullptr) return gatepost_status{GATEPOST_UNSUPPORTED};
        gatepost_status refused = GATEPOST_FAILED;
        const auto operation = context.begin(done, user, id, refused);
        if (!operation) return refused;
        const std::string& name = context.owner().connection();
        if (name.empty()) {
            operation->finish({GATEPOST_NOT_FOUND, not_saved, 0, 0, {}, nullptr});
            return gatepost_status{GATEPOST_OK};
        }
        const auto what = std::make_shared<wish>(operation, context.executor());
        call_tokens& tokens = call_tokens::of(context);
        tokens.open.push_back(what);
        operation->on_cancel([weak = weak_wish(what)] {
            if (const auto open = weak.lock()) open->finish(cancelled_answer());
        });
        watch_deadline(what, house.clock.mono_now(), context.deadline());
        house.oauth->token(name, force != 0, tokens.given,
                           [weak = weak_wish(what), link = call_link(host, call, context),
                            &clock = house.clock](const oauth_outcome& got) {
                               link.on_strand([weak, got, &clock](plugin::call_context* running) {
                                   deliver(weak, running, got, clock.wall_now());
                               });
                           });
        return gatepost_status{GATEPOST_OK};
    });
}

}  // namespace

const gatepost_oauth oauth_table{sizeof(gatepost_oauth), 0, oauth_ask};

}  // namespace gatepost::services
