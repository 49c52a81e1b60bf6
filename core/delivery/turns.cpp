// Whose turn it is, and when a carrier looks again: lanes, quota, a circuit that is open, and what
// is on disk alone. What a lane then does stands in carrier.cpp.
#include "delivery/carrier.hpp"
#include "delivery/telling.hpp"

namespace gatepost::delivery {
namespace {

using namespace std::chrono_literals;

constexpr auto look_again_after = 20ms;
constexpr auto refill_again_after = 5s;

}  // namespace

void carrier::pump() {
    if (stopping_ || paused_) return;
    if (lookups_) lookups_->pump();
    while (may_begin()) {
        auto next = take_next();
        if (!next) break;
        begin(std::move(*next));
    }
    if (waiting_.wants_refill(with_.clock.wall_now())) refill();
    arm_timer();
    shown_waiting_.store(waiting_.size(), std::memory_order_relaxed);
    shown_in_flight_.store(in_flight_, std::memory_order_relaxed);
}

// The most urgent one that is due, if the quota allows it now. It is never passed by for a smaller
// one, or it might wait for ever.
std::optional<spool::due_message> carrier::take_next() {
    const mono_time now = with_.clock.mono_now();
    awaited_ = 1;
    if (quotas_.sends.wait_until(now)) return std::nullopt;
    auto next = waiting_.take_due(with_.clock.wall_now());
    if (!next) return next;
    uint32_t amount = 1;
    if (count_recipients_)
        amount = next->mail ? static_cast<uint32_t>(next->mail->recipients.size())
                            : next->recipients;  // 0: known when it is loaded
    if (quotas_.sends.wait_until(now, amount)) {
        awaited_ = amount;
        waiting_.add(*std::move(next));
        return std::nullopt;
    }
    quotas_.sends.take(now, amount);
    return next;
}

bool carrier::may_begin() const {
    if (in_flight_ >= with_.concurrency) return false;
    if (!circuit_.may_begin(in_flight_, with_.clock.mono_now())) return false;
    const uint32_t others = with_.held_by_others();
    return others == 0 || std::max(in_flight_ + 1, holds()) + others <= with_.concurrency;
}

uint32_t carrier::holds() const {
    return std::max(in_flight_, static_cast<uint32_t>(with_.instance->open_sessions()));
}

void carrier::heed(const mail::attempt_result& said) {
    if (!circuit_.heard(said, with_.clock.mono_now())) return;
    {
        const std::lock_guard lock(shown_mutex_);
        shown_circuit_ = circuit_;
    }
    tell_of_circuit(circuit_, with_.connection.name);
}

std::string carrier::problem() const {
    const std::lock_guard lock(shown_mutex_);
    if (!shown_circuit_.held()) return {};
    return "its mail is held, and one is tried now and then: " + shown_circuit_.why();
}

void carrier::refill() {
    if (refilling_ || stopping_) return;
    refilling_ = true;
    waiting_.refill_asked();
    const auto far = wall_time::max();
    with_.queue.waiting(with_.connection.name, far, mail_window,
                        on_loop<std::vector<spool::due_message>>([this](auto found) {
                            if (stopping_) return;
                            if (!found) return refill_later();
                            refilling_ = false;
                            const bool more = found->size() >= mail_window;
                            std::erase_if(*found, [this](const spool::due_message& each) {
                                return busy_.contains(each.id);  // its record will say
                            });
                            waiting_.refilled(*std::move(found), more);
                            pump();
                        }));
}

void carrier::refill_later() {
    refilling_ = true;
    auto timer = std::make_shared<boost::asio::steady_timer>(with_.loop, refill_again_after);
    timer->async_wait([weak = weak_from_this(), timer](boost::system::error_code failed) {
        const auto self = weak.lock();
        if (failed || !self) return;
        self->refilling_ = false;
        self->pump();
    });
}

void carrier::arm_timer() {
    auto due = waiting_.next_due();
    if (waiting_.incomplete() && !refilling_)
        due = std::min(due.value_or(wall_time::max()), waiting_.horizon());
    if (stopping_ || paused_ || !due || in_flight_ >= with_.concurrency) return;
    auto at =
        with_.clock.mono_now() + std::max(0ms, std::min(*due - with_.clock.wall_now(), 60'000ms));
    if (const auto quota = quotas_.sends.wait_until(with_.clock.mono_now(), awaited_))
        at = std::max(at, *quota);
    if (circuit_.held()) {
        if (in_flight_ > 0) return;  // its end will say
        at = std::max(at, circuit_.until());
    }
    // Nobody tells when a session of an older carrier closed.
    if (!may_begin()) at = std::max(at, with_.clock.mono_now() + look_again_after);
    if (armed_until_ && *armed_until_ <= at) return;
    armed_until_ = at;
    timer_.expires_at(at);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code failed) {
        if (failed) return;
        self->armed_until_.reset();
        self->pump();
    });
}

void carrier::resume() {
    circuit_.try_at(with_.clock.mono_now());
    pump();
}

void carrier::pause(bool paused) {
    if (lookups_) lookups_->pause(paused);
    if (std::exchange(paused_, paused) && !paused) start();  // what waits on disk may have changed
}

}  // namespace gatepost::delivery
