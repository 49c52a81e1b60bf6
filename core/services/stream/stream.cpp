// Reading, time, parking and the end; writing is in write.cpp. There is one lazy timer a
// stream: it is set only when something is due earlier than it would fire anyway, so an ordinary
// read, whose answer comes long before its limit, costs no timer at all.
#include "services/stream/stream.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "plugin/strings.hpp"
#include "services/stream/pending.hpp"
#include "services/stream/room.hpp"

namespace gatepost::services {

std::shared_ptr<const stream_facts> stream_facts::make(const std::string& peer, const channel* wire,
                                                       uint32_t failed_at) {
    auto made = std::make_shared<stream_facts>();
    made->peer = peer;
    made->abi.size = sizeof made->abi;
    made->abi.failed_at = failed_at;
    if (wire != nullptr && wire->tls() != nullptr && failed_at == 0) {
        const tls_facts tls = wire->tls()->facts();
        made->cipher = tls.cipher;
        made->abi.tls_version = tls.version;
        made->abi.certificate_until = tls.certificate_until.time_since_epoch().count();
        made->abi.tls_verified = tls.verified ? 1 : 0;
    }
    made->abi.peer = plugin::string_of(made->peer);
    made->abi.tls_cipher = plugin::string_of(made->cipher);
    return made;
}

mono_time due_after(uint64_t nanoseconds, mono_time now, mono_time deadline) {
    const auto left = deadline > now ? static_cast<uint64_t>((deadline - now).count()) : 0;
    if (nanoseconds == 0 || nanoseconds >= left) return deadline;
    return now + std::chrono::nanoseconds(static_cast<int64_t>(nanoseconds));
}

stream::stream(const std::shared_ptr<stream_room>& room, backstage& house,
               std::shared_ptr<channel> wire, std::string peer_where, std::string peer_host,
               boost::asio::any_io_executor strand)
    : where(std::move(peer_where)),
      host(std::move(peer_host)),
      room_(room),
      house_(house),
      wire_(std::move(wire)),
      strand_(std::move(strand)),
      timer_(strand_) {}

stream::~stream() {
    wire_->close("closed");
}

void stream::attach(plugin::call_context& to) {
    owner = &to;
    wire_->on_input = [this] { news(); };
    wire_->on_output = [this](channel::sent now) { output(now); };
}

// ---- reading ----------------------------------------------------------------------------------

gatepost_status stream::read(const caller& who, const read_order& order) {
    if (reading_ || busy_) return GATEPOST_INVALID;
    gatepost_status refused = GATEPOST_FAILED;
    auto operation = owner->begin(who.done, who.user, who.operation, refused);
    if (!operation) return refused;
    size_t looked_at = 0;
    if (auto now = serve_read(order, looked_at)) {
        operation->finish(std::move(*now));
        return GATEPOST_OK;
    }
    if (order.due <= house_.clock.mono_now()) {
        operation->finish(look(order, looked_at));
        return GATEPOST_OK;
    }
    operation->on_cancel([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && self->reading_) self->finish_read(cancelled_answer());
    });
    reading_.emplace(std::move(operation), order, looked_at);
    watch(order.due);
    return GATEPOST_OK;
}

// A read without time: what is there now, to the last byte that the kernel has.
stream::answer stream::look(const read_order& order, size_t& looked_at) {
    wire_->look();
    if (auto now = serve_read(order, looked_at)) return std::move(*now);
    return {GATEPOST_TIMEOUT, where + " did not answer in time", 0, 0, {}, nullptr};
}

// Nothing: it has to wait.
std::optional<stream::answer> stream::serve_read(const read_order& order, size_t& looked_at) {
    if (spoiled_) return too_long();
    const std::string_view input = wire_->input();
    if (order.mode == GATEPOST_READ_SOME && !input.empty())
        return give(static_cast<size_t>(std::min<uint64_t>(input.size(), order.max)));
    if (order.mode == GATEPOST_READ_EXACTLY && input.size() >= order.max)
        return give(static_cast<size_t>(order.max));
    if (order.mode == GATEPOST_READ_LINE) {
        const size_t end = input.find('\n', looked_at);
        looked_at = input.size();
        if (end < order.max) return give(end + 1);
        if (end != input.npos || input.size() >= order.max || wire_->full()) {
            spoiled_ = true;
            return too_long();
        }
    }
    if (!wire_->ended()) return std::nullopt;
    return answer{GATEPOST_DISCONNECTED, where + ": " + wire_->end_text(), 0, 0, {}, nullptr};
}

stream::answer stream::too_long() {
    return {GATEPOST_LIMIT, where + " sent a line that is too long", 0, 0, {}, nullptr};
}

stream::answer stream::give(size_t bytes) {
    answer with;
    with.data.assign(wire_->input().data(), bytes);
    with.length = bytes;
    if (traced()) trace_bytes("<", with.data);
    wire_->consume(bytes);
    if (!marks_.empty()) note_answers();
    return with;
}

// A byte that came after a `commits` write began is an answer to it: servers refuse a message while
// it is still coming (too large, a virus), take the rest, and say no more. What it was, the plugin
// says.
void stream::note_answers() {
    while (!marks_.empty() && wire_->consumed() > marks_.front()) {
        marks_.erase(marks_.begin());
        owner->ledger_answered();
    }
}

void stream::news() {
    const auto keep = shared_from_this();
    if (owner == nullptr) {
        if (const auto room = room_.lock()) room->heard_from(*this);
        return;
    }
    if (!reading_) return;
    if (auto now = serve_read(reading_->order, reading_->looked_at)) finish_read(std::move(*now));
}

void stream::finish_read(answer with) {
    const auto operation = std::move(reading_->operation);
    reading_.reset();
    operation->finish(std::move(with));
}

// ---- time -------------------------------------------------------------------------------------

// The clock may be a test's: the timer is only a reason to look.
void stream::watch(mono_time due) {
    if (due >= armed_) return;
    armed_ = due;
    using std::chrono::steady_clock;
    const auto wait = std::clamp<steady_clock::duration>(
        due - house_.clock.mono_now(), steady_clock::duration::zero(), std::chrono::hours(1));
    timer_.expires_after(wait);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code stopped) {
        if (stopped) return;
        if (const auto self = weak.lock()) self->on_time();
    });
}

void stream::on_time() {
    armed_ = mono_time::max();
    const mono_time now = house_.clock.mono_now();
    if (reading_ && reading_->order.due <= now)
        finish_read({GATEPOST_TIMEOUT, where + " did not answer in time", 0, 0, {}, nullptr});
    if (writing_ && writing_->due <= now) {
        fail_write(GATEPOST_TIMEOUT, "did not take what was sent in time");
        wire_->close("closed, because a write did not end in time");
    }
    const auto room = room_.lock();
    if (room && leaving_ && leave_until_ <= now) return room->heard_from(*this);
    if (room && owner == nullptr && !leaving_ && parked.until <= now) return room->idle_end(*this);
    if (reading_) watch(reading_->order.due);
    if (writing_) watch(writing_->due);
    if (leaving_) watch(leave_until_);
    if (owner == nullptr && !leaving_) watch(parked.until);
}

// ---- parked -----------------------------------------------------------------------------------

void stream::park() {
    if (tracer_) {
        const auto tell = [this](std::string_view way, std::string_view text) { trace(way, text); };
        tracer_->flush("<", tell);
        tracer_.reset();
    }
    owner = nullptr;
    handle = 0;
    marks_.clear();
    wire_->on_output = nullptr;
    wire_->shrink();
    watch(parked.until);
}

void stream::leave() {
    leaving_ = true;
    leave_until_ = house_.clock.mono_now();
    wire_->on_input = [this] { news(); };
    const bool said = !wire_->ended() && !parked.farewell.empty() &&
                      wire_->send(parked.farewell) != channel::sent::failed;
    if (said) leave_until_ += limits::farewell_time;
    watch(leave_until_);
}

void stream::close(const char* why) {
    const auto keep = shared_from_this();
    timer_.cancel();
    armed_ = mono_time::min();  // never again
    if (reading_) finish_read(cancelled_answer());
    if (writing_) finish_write(cancelled_answer());
    if (const auto tell = std::exchange(on_close, nullptr)) tell();
    wire_->close(why);
    if (const auto room = room_.lock()) room->forget(*this);
    owner = nullptr;
}

// ---- trace ------------------------------------------------------------------------------------

void stream::trace(std::string_view direction, std::string_view text) {
    if (owner != nullptr) owner->trace(direction, text);
}

void stream::trace_bytes(std::string_view direction, std::string_view bytes) {
    const auto room = room_.lock();
    if (!room) return;
    if (!tracer_) tracer_ = std::make_unique<line_tracer>(room->scrub());
    tracer_->hide_with(room->scrub());
    tracer_->feed(direction, bytes,
                  [this](std::string_view way, std::string_view text) { trace(way, text); });
}

}  // namespace gatepost::services
