#include "services/http/room.hpp"

#include <utility>

#include "base/limits.hpp"
#include "services/counted_session.hpp"

namespace gatepost::services {
namespace {

constexpr char http_slot = 0;
constexpr size_t names_kept = 64;  // a provider has one or two

}  // namespace

http_room::http_room(plugin::instance& owner, boost::asio::any_io_executor strand,
                     const gatepost::clock& clock)
    : owner_(owner), strand_(std::move(strand)), clock_(clock), idle_(strand_) {}

std::shared_ptr<http_room> http_room::of(plugin::call_context& context,
                                         const gatepost::clock& clock) {
    plugin::instance& owner = context.owner();
    if (auto known = std::static_pointer_cast<http_room>(owner.slot(&http_slot))) return known;
    auto made = std::make_shared<http_room>(owner, context.executor(), clock);
    owner.slot(&http_slot) = made;
    owner.on_drain([weak = std::weak_ptr(made)](std::function<void()> closed) {
        const auto room = weak.lock();
        room ? room->drain(std::move(closed)) : closed();
    });
    return made;
}

std::shared_ptr<multi_loop> http_room::loop() {
    idle_.cancel();
    if (loop_) return loop_;
    loop_ = multi_loop::make(strand_, [weak = owner_.weak_from_this()]() -> std::shared_ptr<void> {
        const auto owner = weak.lock();
        return owner ? std::make_shared<counted_session>(*owner) : nullptr;
    });
    return loop_;
}

void http_room::request_over() {
    if (!loop_ || !loop_->idle()) return;
    if (draining_) return tell_closed();
    idle_.expires_after(limits::http_idle_time);
    idle_.async_wait([weak = weak_from_this()](boost::system::error_code stopped) {
        const auto self = weak.lock();
        if (self && !stopped && self->loop_ && self->loop_->idle()) self->close();
    });
}

void http_room::close() {
    loop_ = nullptr;
    spare_.clear();
}

void http_room::drain(std::function<void()> closed) {
    draining_ = true;
    waiting_.push_back(std::move(closed));
    if (!loop_ || loop_->idle()) tell_closed();
}

void http_room::tell_closed() {
    idle_.cancel();
    close();
    for (const auto& each : std::exchange(waiting_, {}))
        each();
}

std::vector<socket_address> http_room::known_name(const std::string& where) const {
    const auto at = names_.find(where);
    if (at == names_.end() || at->second.until <= clock_.mono_now()) return {};
    return at->second.addresses;
}

void http_room::keep_name(const std::string& where, std::vector<socket_address> addresses) {
    if (names_.size() >= names_kept) names_.clear();
    names_[where] = {std::move(addresses), clock_.mono_now() + limits::http_name_time};
}

std::unique_ptr<prepared> http_room::take(const std::string& like) {
    if (spare_.empty()) return nullptr;
    auto last = std::move(spare_.back());
    spare_.pop_back();
    return last->like == like ? std::move(last) : nullptr;
}

std::shared_ptr<const scrubber> http_room::scrub() {
    return owner_.hidden().scrub();
}

}  // namespace gatepost::services
