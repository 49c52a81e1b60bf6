#include "delivery/circuit.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.hpp"

namespace gatepost::delivery {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

enum class evidence : uint8_t { none, works, holds };

evidence of(const mail::recipient_result& said) {
    if (said.verdict == mail::verdict::accepted) return evidence::works;
    if (said.verdict == mail::verdict::unknown) return evidence::none;
    switch (said.blame) {
        case mail::blame::quota:
        case mail::blame::credential:
        case mail::blame::config: return evidence::holds;
        case mail::blame::message:
        case mail::blame::recipient:
        case mail::blame::sender: return evidence::works;
        default: return evidence::none;
    }
}

// A key that is refused is tried again soon once, because some refusals pass; then rarely: who
// tries on is locked out.
milliseconds wait_of(mail::blame blame, unsigned failures) {
    constexpr std::array<milliseconds, 3> refused{1min, 5min, 30min};
    constexpr std::array<milliseconds, 5> too_much{5s, 15s, 1min, 2min, 5min};
    const auto step = [failures](const auto& ladder) {
        return ladder[std::min<size_t>(failures, ladder.size()) - 1];
    };
    return blame == mail::blame::quota ? step(too_much) : step(refused);
}

}  // namespace

bool circuit::heard(const mail::attempt_result& said, mono_time now) {
    // It had begun before the connection was held, and says nothing of what holds now.
    const bool late = failures_ > 0 && now < until_;
    const mail::recipient_result* because = nullptr;
    for (const mail::recipient_result& each : said.recipients) {
        const evidence found = of(each);
        if (found == evidence::works) return !late && std::exchange(failures_, 0) > 0;
        if (found == evidence::holds && because == nullptr) because = &each;
    }
    return because != nullptr && hold(*because, now);
}

bool circuit::hold(const mail::recipient_result& because, mono_time now) {
    const milliseconds asked =
        std::min<milliseconds>(because.retry_after.value_or(0ms), limits::retry_after_max);
    if (failures_ > 0 && now < until_) {
        until_ = std::max(until_, now + asked);
        return false;
    }
    const bool first = failures_++ == 0;
    until_ = now + std::max(wait_of(because.blame, failures_), asked);
    const bool other = why_ != because.text;
    why_ = because.text;
    return first || other;
}

}  // namespace gatepost::delivery
