// STARTTLS. A byte that came in clear behind the peer's "go ahead" was not said by the one who
// holds the certificate, and would be believed as if it were: the stream is given up.
#include <boost/asio/post.hpp>

#include "base/limits.hpp"
#include "plugin/strings.hpp"
#include "services/stream/connect.hpp"
#include "services/stream/setup.hpp"

namespace gatepost::services {
namespace {

using answer = plugin::operation::answer;

// start_tls has no time-out of its own, and the call's deadline is ten minutes: a peer that stands
// still in the handshake would keep the lane as long. As a connect with TLS has by default.
constexpr auto handshake_time = std::chrono::seconds(30);

class securer : public std::enable_shared_from_this<securer> {
  public:
    securer(const std::shared_ptr<stream>& on, tls_wish wish, backstage& house,
            plugin::call_context& context)
        : stream_(on),
          wish_(std::move(wish)),
          house_(house),
          strand_(context.executor()),
          timer_(strand_),
          fresh_(context.wants_stages()),
          room_(stream_room::of(context.owner(), house.clock)) {}
    void start(std::shared_ptr<plugin::operation> operation, mono_time due);

  private:
    void go_on(result<std::shared_ptr<tls_context>> context);
    void secured(const tls_failure* failure);
    void fail(gatepost_status status, uint32_t at, const std::string& text,
              const std::string& advice = {});
    void finish(answer with, const char* close);
    plugin::call_context* context() const { return stream_->owner; }

    const std::shared_ptr<stream> stream_;
    const tls_wish wish_;
    backstage& house_;
    boost::asio::any_io_executor strand_;
    boost::asio::steady_timer timer_;
    const bool fresh_;
    const std::shared_ptr<stream_room> room_;
    std::shared_ptr<plugin::operation> operation_;
};

void securer::start(std::shared_ptr<plugin::operation> operation, mono_time due) {
    operation_ = std::move(operation);
    stream_->set_busy(true);
    const auto stop = [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && self->operation_)
            self->finish(cancelled_answer(), "closed, because TLS was cancelled");
    };
    stream_->on_close = stop;
    operation_->on_cancel(stop);
    if (due != mono_time::max()) {
        timer_.expires_after(
            std::max(due - house_.clock.mono_now(), std::chrono::steady_clock::duration::zero()));
        timer_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
            if (stopped || !self->operation_) return;
            self->fail(GATEPOST_TIMEOUT, GATEPOST_AT_TLS,
                       "no TLS with " + self->stream_->where + ": it did not answer in time");
        });
    }
    tell_stage(context(), "tls", "TLS", GATEPOST_STARTED);
    // Only the strand may let go of this last.
    const bool taken = house_.names.post([self = shared_from_this()]() mutable {
        auto made = std::make_shared<result<std::shared_ptr<tls_context>>>(
            self->house_.tls.get(self->wish_));
        const auto strand = self->strand_;
        boost::asio::post(strand,
                          [self = std::move(self), made] { self->go_on(std::move(*made)); });
    });
    if (!taken) fail(GATEPOST_FAILED, GATEPOST_AT_TLS, "the gateway is shutting down");
}

void securer::go_on(result<std::shared_ptr<tls_context>> context) {
    if (!operation_) return;
    if (!context) return fail(GATEPOST_CONNECT, GATEPOST_AT_TLS, context.error().detail);
    channel& wire = stream_->wire();
    wire.look();
    if (!wire.input().empty())
        return fail(GATEPOST_DENIED, GATEPOST_AT_TLS,
                    "no TLS with " + stream_->where +
                        ": bytes came in clear behind the answer to STARTTLS, as if somebody "
                        "between here and there had put them in");
    if (wire.ended() || !wire.open())
        return fail(GATEPOST_CONNECT, GATEPOST_AT_TLS,
                    "no TLS with " + stream_->where + ": " + wire.end_text());
    const tls_target target{stream_->where, stream_->host, fresh_};
    wire.secure(make_session(*context, wish_, target, room_),
                [self = shared_from_this()](const tls_failure* failure) {
                    if (self->operation_) self->secured(failure);
                });
}

void securer::secured(const tls_failure* failure) {
    if (failure != nullptr)
        return fail(failure->status, failure->at, failure->text, failure->advice);
    const std::string peer(plugin::view_of(stream_->facts->abi.peer));
    stream_->facts = stream_facts::make(peer, &stream_->wire(), 0);
    auto* const call = context();
    if (call != nullptr && (call->wants_stages() || call->traced())) {
        const std::string text = describe(stream_->wire().tls()->facts(), house_.clock.wall_now());
        tell_stage(call, "tls", "TLS", GATEPOST_PASSED, text);
        stream_->trace("*", "tls: " + text);
    }
    finish({GATEPOST_OK, {}, stream_->handle, 0, {}, stream_facts::detail(stream_->facts)},
           nullptr);
}

void securer::fail(gatepost_status status, uint32_t at, const std::string& text,
                   const std::string& advice) {
    tell_stage(context(), "tls", "TLS", GATEPOST_STAGE_FAILED, text, advice);
    stream_->trace("*", "tls: " + text);
    const std::string peer(plugin::view_of(stream_->facts->abi.peer));
    finish(failed_at(status, at, text, advice, peer), "closed, because TLS failed");
}

void securer::finish(answer with, const char* close) {
    const auto operation = std::exchange(operation_, nullptr);
    timer_.cancel();
    stream_->set_busy(false);
    stream_->on_close = nullptr;
    if (close != nullptr) stream_->wire().close(close);
    operation->finish(std::move(with));
}

}  // namespace

gatepost_status start_secure(plugin::call_context& context, backstage& house, const caller& who,
                             gatepost_handle handle, const gatepost_tls_options* options) {
    const auto on = call_streams::of(context)->find(handle);
    if (!on) return GATEPOST_NOT_FOUND;
    tls_wish wish;
    if (const auto status = read_tls(options, wish); status != GATEPOST_OK) return status;
    if (!on->idle() || on->spoiled() || on->wire().tls() != nullptr) return GATEPOST_INVALID;
    if (wish.verify && wish.host_name.empty() && on->host.starts_with("unix:"))
        return GATEPOST_INVALID;
    gatepost_status refused = GATEPOST_FAILED;
    auto operation = context.begin(who.done, who.user, who.operation, refused);
    if (!operation) return refused;
    const auto made = std::make_shared<securer>(on, std::move(wish), house, context);
    made->start(std::move(operation),
                std::min(context.deadline(), house.clock.mono_now() + handshake_time));
    return GATEPOST_OK;
}

}  // namespace gatepost::services
