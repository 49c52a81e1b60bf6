#include "services/scrub.hpp"

#include <algorithm>
#include <deque>

namespace gatepost::services {
namespace {

constexpr char scrub_slot = 0;
constexpr size_t tokens_hidden = 4;  // a mail may still run with the one before

struct hidden_words {
    std::deque<secret> tokens;
    std::shared_ptr<const scrubber> made;
};

hidden_words& words_of(plugin::instance& owner) {
    std::shared_ptr<void>& slot = owner.slot(&scrub_slot);
    if (!slot) slot = std::make_shared<hidden_words>();
    return *static_cast<hidden_words*>(slot.get());
}

}  // namespace

void hide_from_traces(plugin::instance& owner, const secret& token) {
    hidden_words& words = words_of(owner);
    if (token.empty() || std::ranges::find(words.tokens, token) != words.tokens.end()) return;
    words.tokens.push_back(token);
    if (words.tokens.size() > tokens_hidden) words.tokens.pop_front();
    words.made = nullptr;
}

std::shared_ptr<const scrubber> scrubber_of(plugin::instance& owner) {
    hidden_words& words = words_of(owner);
    if (words.made) return words.made;
    std::vector<std::string> all = owner.secrets();
    for (const secret& each : words.tokens)
        all.emplace_back(each.reveal());
    words.made = std::make_shared<const scrubber>(all);
    return words.made;
}

}  // namespace gatepost::services
