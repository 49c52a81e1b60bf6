// A scrubber is never changed: whoever holds one may go on with it on any thread.
#include "plugin/hidden_words.hpp"

#include <algorithm>

namespace gatepost::plugin {
namespace {

constexpr size_t words_at_most = 64;  // a mail may still run with an older one

}  // namespace

hidden_words::hidden_words(std::vector<std::string> always) : always_(std::move(always)) {}

void hidden_words::add(std::string_view word) {
    if (word.empty()) return;
    const std::lock_guard lock(mutex_);
    const auto known =
        std::ranges::find_if(came_, [&](const secret& each) { return each.reveal() == word; });
    if (known != came_.end()) {
        std::rotate(known, known + 1, came_.end());
        return;
    }
    came_.emplace_back(std::string(word));
    if (came_.size() > words_at_most) came_.pop_front();
    made_ = nullptr;
}

std::shared_ptr<const scrubber> hidden_words::scrub() const {
    const std::lock_guard lock(mutex_);
    if (made_) return made_;
    std::vector<std::string> all = always_;
    for (const secret& each : came_)
        all.emplace_back(each.reveal());
    return made_ = std::make_shared<const scrubber>(all);
}

}  // namespace gatepost::plugin
