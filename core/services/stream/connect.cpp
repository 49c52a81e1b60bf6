// Every step ends in the next one, in fail() or in a cancel, and finish() runs once: it answers,
// and lets go of whatever the way has got so far.
#include "services/stream/connect.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/limits.hpp"
#include "plugin/strings.hpp"
#include "services/stream/dial.hpp"
#include "services/stream/order.hpp"
#include "services/stream/setup.hpp"

namespace gatepost::services {
namespace {

using answer = plugin::operation::answer;

class connector : public std::enable_shared_from_this<connector> {
  public:
    connector(connect_order order, backstage& house, plugin::call_context& context);
    void start(std::shared_ptr<plugin::operation> operation);

  private:
    struct prepared {
        result<std::vector<socket_address>> addresses = std::vector<socket_address>();
        result<std::shared_ptr<tls_context>> tls = std::shared_ptr<tls_context>();
    };
    static prepared prepare(const connect_order& order, tls_contexts& contexts);
    void go_on(prepared with);
    void dial_out(std::vector<socket_address> addresses);
    void dialled_out(dialled with);
    void talk_to_proxy();
    void hear_proxy(proxy_talk& talk);
    void secure();
    void secured(const tls_failure* failure);
    void stands();

    plugin::call_context* context() const;
    // A step of the way, as a test and a trace see it.
    void enter(uint32_t at);
    bool watched() const;
    void passed(const std::string& text);
    void late();
    void fail(gatepost_status status, const std::string& text, const std::string& advice = {});
    void finish(answer with);

    const connect_order order_;
    backstage& house_;
    std::weak_ptr<call_streams> call_;
    std::shared_ptr<stream_room> room_;
    boost::asio::any_io_executor strand_;
    boost::asio::steady_timer timer_;
    std::shared_ptr<plugin::operation> operation_;
    std::shared_ptr<dial> dial_;
    std::shared_ptr<channel> wire_;
    std::shared_ptr<void> mark_;
    std::shared_ptr<tls_context> tls_;
    std::string peer_;
    uint32_t at_ = GATEPOST_AT_NAME;
};

std::string list_of(const std::vector<socket_address>& addresses) {
    std::string list;
    for (const socket_address& each : addresses)
        list += (list.empty() ? "" : ", ") + each.text();
    return list;
}

connector::connector(connect_order order, backstage& house, plugin::call_context& context)
    : order_(std::move(order)),
      house_(house),
      call_(call_streams::of(context)),
      room_(stream_room::of(context.owner(), house.clock)),
      strand_(context.executor()),
      timer_(strand_),
      mark_(room_->session_mark()) {}

plugin::call_context* connector::context() const {
    const auto call = call_.lock();
    return call ? call->context : nullptr;
}

void connector::enter(uint32_t at) {
    at_ = at;
    tell_stage(context(), words_of(at).id, words_of(at).title, GATEPOST_STARTED);
}

bool connector::watched() const {
    const auto* const call = context();
    return call != nullptr && (call->wants_stages() || call->traced());
}

void connector::passed(const std::string& text) {
    const auto words = words_of(at_);
    tell_stage(context(), words.id, words.title, GATEPOST_PASSED, text);
    if (auto* const call = context(); call != nullptr && call->traced())
        call->trace("*", std::string(words.id) + ": " + shown(*room_->scrub(), text));
}

void connector::fail(gatepost_status status, const std::string& text, const std::string& advice) {
    const auto words = words_of(at_);
    tell_stage(context(), words.id, words.title, GATEPOST_STAGE_FAILED, text, advice);
    if (auto* const call = context(); call != nullptr && call->traced())
        call->trace("*", std::string(words.id) + ": " + shown(*room_->scrub(), text));
    finish(failed_at(status, at_, text, advice, peer_));
}

void connector::finish(answer with) {
    const auto keep = shared_from_this();
    const auto operation = std::exchange(operation_, nullptr);
    if (!operation) return;
    timer_.cancel();
    if (dial_) dial_->cancel();
    if (wire_) wire_->close("closed");
    dial_.reset();
    wire_.reset();
    mark_.reset();
    if (const auto call = call_.lock()) --call->connecting;
    operation->finish(std::move(with));
}

void connector::late() {
    const std::string whom = order_.first_where();
    const std::string seen = dial_ ? dial_->so_far() : std::string();
    switch (at_) {
        case GATEPOST_AT_NAME:
            return fail(GATEPOST_TIMEOUT,
                        "no name server answered in time for " + order_.first_host());
        case GATEPOST_AT_CONNECT:
            return fail(GATEPOST_TIMEOUT,
                        "no connection to " + whom + " in time" + (seen.empty() ? "" : ": " + seen),
                        "check host and port, and whether a firewall is between");
        case GATEPOST_AT_PROXY: return fail(GATEPOST_TIMEOUT, whom + " did not answer in time");
        default:
            return fail(GATEPOST_TIMEOUT,
                        "no TLS with " + order_.where() + ": it did not answer in time",
                        "this port may not begin with TLS");
    }
}

// ---- 1. the name, and the files that TLS needs ------------------------------------------------

connector::prepared connector::prepare(const connect_order& order, tls_contexts& contexts) {
    prepared made;
    if (is_unix(order.first_host())) {
        const auto address = socket_address::unix_path(order.first_host().substr(5));
        if (address)
            made.addresses = std::vector{*address};
        else
            made.addresses = error{error_kind::config, "the path of the Unix socket is too long"};
    } else {
        made.addresses = resolve(order.first_host(), order.first_port());
    }
    if (order.tls) made.tls = contexts.get(order.wish);
    return made;
}

void connector::start(std::shared_ptr<plugin::operation> operation) {
    operation_ = std::move(operation);
    ++call_.lock()->connecting;
    operation_->on_cancel([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->finish(cancelled_answer());
    });
    if (order_.due != mono_time::max()) {
        using std::chrono::steady_clock;
        timer_.expires_after(
            std::max(order_.due - house_.clock.mono_now(), steady_clock::duration::zero()));
        timer_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
            if (!stopped && self->operation_) self->late();
        });
    }
    enter(GATEPOST_AT_NAME);
    if (!order_.tls && (is_unix(order_.first_host()) || is_ip_literal(order_.first_host()))) {
        return boost::asio::post(strand_, [self = shared_from_this()] {
            self->go_on(prepare(self->order_, self->house_.tls));
        });
    }
    // Only the strand may let go of the connector last.
    const bool taken = house_.names.post([self = shared_from_this()]() mutable {
        auto made = std::make_shared<prepared>(prepare(self->order_, self->house_.tls));
        const auto strand = self->strand_;
        boost::asio::post(strand,
                          [self = std::move(self), made] { self->go_on(std::move(*made)); });
    });
    if (!taken) fail(GATEPOST_FAILED, "the gateway is shutting down");
}

void connector::go_on(prepared with) {
    if (!operation_) return;
    if (!with.addresses) return fail(GATEPOST_CONNECT, with.addresses.error().detail);
    auto addresses = std::move(*with.addresses);
    const std::string outside = hold_against(order_.allowed, order_.first_host(), addresses);
    if (!outside.empty()) return fail(GATEPOST_DENIED, outside);
    if (watched()) passed(list_of(addresses));
    if (!with.tls) {
        at_ = GATEPOST_AT_TLS;
        return fail(GATEPOST_CONNECT, with.tls.error().detail);
    }
    tls_ = std::move(*with.tls);
    dial_out(std::move(addresses));
}

// ---- 2. the connection ------------------------------------------------------------------------

void connector::dial_out(std::vector<socket_address> addresses) {
    enter(GATEPOST_AT_CONNECT);
    dial_ = dial::start(strand_, std::move(addresses), order_.bind,
                        [self = shared_from_this()](dialled with) {
                            if (self->operation_) self->dialled_out(std::move(with));
                        });
}

void connector::dialled_out(dialled with) {
    dial_.reset();
    if (!with.socket)
        return fail(GATEPOST_CONNECT,
                    "no connection to " + order_.first_where() + ": " + with.problem,
                    "check host and port, and whether the server runs");
    peer_ = with.peer.text();
    if (watched()) passed(peer_);
    wire_ = std::make_shared<channel>(std::move(*with.socket), std::exchange(mark_, nullptr));
    if (order_.proxy) return talk_to_proxy();
    if (order_.tls) return secure();
    stands();
}

// ---- 3. the proxy -----------------------------------------------------------------------------

void connector::talk_to_proxy() {
    enter(GATEPOST_AT_PROXY);
    peer_ = order_.where() + " through " + peer_;
    struct dialogue {
        proxy_talk talk;
        std::string said;
    };
    const auto with = std::make_shared<dialogue>(
        dialogue{proxy_talk(*order_.proxy, order_.host, order_.port), {}});
    wire_->on_input = [self = shared_from_this(), with] {
        if (self->operation_) self->hear_proxy(with->talk);
    };
    wire_->begin();
    with->said = with->talk.begin();
    if (wire_->send(with->said) == channel::sent::failed)
        fail(GATEPOST_CONNECT, order_.first_where() + ": " + wire_->send_problem());
}

void connector::hear_proxy(proxy_talk& talk) {
    const auto wire = wire_;
    for (;;) {
        const auto turn = talk.feed(wire->input());
        if (!turn.problem.empty())
            return fail(GATEPOST_CONNECT, "no connection to " + order_.where() + " through " +
                                              order_.first_where() + ": " + turn.problem);
        wire->consume(turn.consumed);
        // A handful of bytes into an empty socket buffer leaves at once or not at all.
        if (!turn.send.empty() && wire->send(turn.send) != channel::sent::all)
            return fail(GATEPOST_CONNECT, order_.first_where() + ": " + wire->send_problem());
        if (turn.done) break;
        if (turn.consumed > 0) continue;
        if (wire->ended()) fail(GATEPOST_CONNECT, order_.first_where() + ": " + wire->end_text());
        return;
    }
    wire->on_input = nullptr;
    if (watched()) passed(order_.first_where());
    order_.tls ? secure() : stands();
}

// ---- 4. TLS -----------------------------------------------------------------------------------

void connector::secure() {
    enter(GATEPOST_AT_TLS);
    if (!wire_->input().empty())
        return fail(GATEPOST_CONNECT,
                    "no TLS with " + order_.where() + ": it began to speak in clear",
                    "this port does not begin with TLS; try STARTTLS, or the port for TLS");
    auto* const call = context();
    if (call == nullptr) return finish(cancelled_answer());
    const tls_target target{order_.where(), order_.host, call->wants_stages()};
    wire_->secure(make_session(tls_, order_.wish, target, room_),
                  [self = shared_from_this()](const tls_failure* failure) {
                      if (self->operation_) self->secured(failure);
                  });
}

void connector::secured(const tls_failure* failure) {
    if (failure != nullptr) {
        at_ = failure->at;
        return fail(failure->status, failure->text, failure->advice);
    }
    if (watched()) passed(describe(wire_->tls()->facts(), house_.clock.wall_now()));
    stands();
}

void connector::stands() {
    const auto call = call_.lock();
    if (!call) return finish(cancelled_answer());
    const auto made =
        std::make_shared<stream>(room_, house_, wire_, order_.where(), order_.host, strand_);
    made->facts = stream_facts::make(peer_, wire_.get(), 0);
    room_->enter(made, *call);
    const auto wire = std::exchange(wire_, nullptr);
    finish({GATEPOST_OK, {}, made->handle, 0, {}, stream_facts::detail(made->facts)});
    wire->begin();
}

}  // namespace

gatepost_status start_connect(const gatepost_host*, gatepost_call, plugin::call_context& context,
                              backstage& house, const caller& who,
                              const gatepost_connect* request) {
    if (request == nullptr) return GATEPOST_INVALID;
    const auto from = plugin::copy_sized(request);
    connect_order order;
    if (const auto status = read_request(from, order); status != GATEPOST_OK) return status;
    const auto call = call_streams::of(context);
    if (call->open.size() + call->connecting >= limits::streams_per_call) return GATEPOST_LIMIT;
    auto problem = read_owners_part(from, context, order);
    if (problem)
        return answer_with(context, house, who, where::here,
                           [&](const auto&) { return std::move(*problem); });
    order.due = due_after(from.timeout, house.clock.mono_now(), context.deadline());
    auto made = std::make_shared<connector>(std::move(order), house, context);
    gatepost_status refused = GATEPOST_FAILED;
    auto operation = context.begin(who.done, who.user, who.operation, refused);
    if (!operation) return refused;
    made->start(std::move(operation));
    return GATEPOST_OK;
}

}  // namespace gatepost::services
