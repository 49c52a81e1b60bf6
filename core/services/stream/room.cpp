// Lists are short (as many as the connection's concurrency), so they are vectors that are searched.
// A stream is held by exactly one of them: a call's, the parked ones, those that leave.
#include "services/stream/room.hpp"

#include <algorithm>
#include <atomic>

#include "base/limits.hpp"
#include "services/counted_session.hpp"

namespace gatepost::services {
namespace {

constexpr char stream_slot = 0;
std::atomic<gatepost_handle> last_handle{0};

}  // namespace

// ---- of one call ------------------------------------------------------------------------------

std::shared_ptr<call_streams> call_streams::of(plugin::call_context& context) {
    std::shared_ptr<void>& slot = context.slot(&stream_slot);
    if (!slot) {
        auto made = std::make_shared<call_streams>();
        made->context = &context;
        slot = std::move(made);
    }
    return std::static_pointer_cast<call_streams>(slot);
}

std::shared_ptr<stream> call_streams::find(gatepost_handle handle) const {
    const auto at = std::ranges::find(open, handle, [](const auto& each) { return each->handle; });
    return at == open.end() ? nullptr : *at;
}

call_streams::~call_streams() {
    for (const auto& each : std::exchange(open, {})) {
        each->owner = nullptr;  // it is going, and so is this list
        each->close("closed, because its call is over");
    }
}

// ---- of the instance --------------------------------------------------------------------------

stream_room::stream_room(plugin::instance& owner, const gatepost::clock& clock)
    : owner_(owner), clock_(clock) {}

stream_room::~stream_room() {
    for (const auto& each : std::exchange(parked_, {})) {
        each->leave();
        each->close("closed with its connection");
    }
    for (const auto& each : std::exchange(leaving_, {}))
        each->close("closed with its connection");
}

std::shared_ptr<stream_room> stream_room::find(plugin::instance& owner) {
    return std::static_pointer_cast<stream_room>(owner.slot(&stream_slot));
}

std::shared_ptr<stream_room> stream_room::of(plugin::instance& owner,
                                             const gatepost::clock& clock) {
    if (auto known = find(owner)) return known;
    auto made = std::make_shared<stream_room>(owner, clock);
    owner.slot(&stream_slot) = made;
    owner.on_drain([weak = std::weak_ptr(made)](std::function<void()> closed) {
        const auto room = weak.lock();
        room ? room->drain(std::move(closed)) : closed();
    });
    return made;
}

void stream_room::enter(const std::shared_ptr<stream>& made, call_streams& call) {
    made->handle = ++last_handle;
    made->attach(*call.context);
    call.open.push_back(made);
    in_use_.push_back(made.get());
}

std::shared_ptr<stream> stream_room::by_handle(gatepost_handle handle) const {
    const auto at = std::ranges::find(in_use_, handle, &stream::handle);
    return at == in_use_.end() ? nullptr : (*at)->shared_from_this();
}

std::shared_ptr<stream> stream_room::pull(stream_list& from, const stream& which) {
    const auto at = std::ranges::find(from, &which, &std::shared_ptr<stream>::get);
    if (at == from.end()) return nullptr;
    auto found = std::move(*at);
    from.erase(at);
    return found;
}

void stream_room::forget(const stream& gone) {
    std::erase(in_use_, &gone);
    if (gone.owner != nullptr) pull(call_streams::of(*gone.owner)->open, gone);
}

// ---- parked -----------------------------------------------------------------------------------

void stream_room::park(const std::shared_ptr<stream>& what, call_streams& call) {
    pull(call.open, *what);
    std::erase(in_use_, what.get());
    what->park();
    if (what->dead()) return bury(*what), what->close("the peer had closed it");
    if (draining_) return let_go(what);
    if (parked_.size() >= limits::parked_streams) let_go(pull(parked_, *parked_.front()));
    parked_.push_back(what);
}

std::pair<gatepost_status, std::shared_ptr<stream>> stream_room::take(std::string_view key,
                                                                      call_streams& call) {
    bool gone = dig_up(key);
    for (size_t i = parked_.size(); i-- > 0;) {
        const auto each = parked_[i];
        if (each->parked.key != key) continue;
        each->wire().look();  // the loop may not have heard yet
        parked_.erase(parked_.begin() + static_cast<ptrdiff_t>(i));
        if (!each->dead() && each->parked.until > clock_.mono_now()) {
            enter(each, call);
            return {GATEPOST_OK, each};
        }
        gone = true;
        each->dead() ? each->close("the peer had closed it") : let_go(each);
    }
    return {gone ? GATEPOST_GONE : GATEPOST_NOT_FOUND, nullptr};
}

// Farewell; it is held until that is over.
void stream_room::let_go(std::shared_ptr<stream> which) {
    leaving_.push_back(which);
    which->leave();
}

void stream_room::idle_end(stream& which) {
    if (auto held = pull(parked_, which)) let_go(std::move(held));
}

void stream_room::heard_from(stream& which) {
    if (const auto held = pull(parked_, which)) {
        bury(*held);
        held->close("the peer closed it");
    } else if (const auto last = pull(leaving_, which)) {
        last->close("closed in order");
    }
    tell_closed();
}

void stream_room::bury(const stream& which) {
    const mono_time now = clock_.mono_now();
    std::erase_if(died_, [now](const grave& each) { return each.until <= now; });
    if (died_.size() < limits::parked_streams)
        died_.push_back({which.parked.key, which.parked.until});
}

bool stream_room::dig_up(std::string_view key) {
    const mono_time now = clock_.mono_now();
    bool found = false;
    std::erase_if(died_, [&](const grave& each) {
        found = found || (each.key == key && each.until > now);
        return each.key == key || each.until <= now;
    });
    return found;
}

void stream_room::drain(std::function<void()> closed) {
    draining_ = true;
    waiting_.push_back(std::move(closed));
    for (auto& each : std::exchange(parked_, {}))
        let_go(std::move(each));
    tell_closed();
}

void stream_room::tell_closed() {
    if (!draining_ || !parked_.empty() || !leaving_.empty()) return;
    for (const auto& each : std::exchange(waiting_, {}))
        each();
}

// ---- shared -----------------------------------------------------------------------------------

std::shared_ptr<const scrubber> stream_room::scrub() {
    return owner_.hidden().scrub();
}

std::shared_ptr<void> stream_room::session_mark() const {
    return std::make_shared<counted_session>(owner_);
}

// Used once: TLS 1.3 asks for that, and the peer sends new ones.
std::shared_ptr<kept_session> stream_room::resume(const std::string& key) {
    const auto at = std::ranges::find(sessions_, key, &decltype(sessions_)::value_type::first);
    if (at == sessions_.end()) return nullptr;
    auto found = std::move(at->second);
    sessions_.erase(at);
    return found->usable(clock_.wall_now()) ? found : nullptr;
}

void stream_room::keep(const std::string& key, std::shared_ptr<kept_session> session) {
    sessions_.emplace_front(key, std::move(session));
    if (sessions_.size() > limits::tls_sessions) sessions_.pop_back();
}

}  // namespace gatepost::services
