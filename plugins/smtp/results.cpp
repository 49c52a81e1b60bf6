// See results.hpp. The outcome's general verdict is the first recipient's; only those that differ
// are listed, so that a mail to many who were all accepted makes no list.
#include "results.hpp"

namespace smtp {
namespace {

using gatepost::sdk::outcome;
using gatepost::sdk::recipient_result;
using gatepost::sdk::verdict;

bool same(const ruling& left, const ruling& right) {
    return left.verdict == right.verdict && left.blame == right.blame && left.code == right.code &&
           left.retry_after == right.retry_after && left.text == right.text;
}

std::string id_of(const ruling& what) {
    if (what.verdict != verdict::accepted) return {};
    return std::string(queue_id(what.text));
}

recipient_result row_of(uint32_t index, ruling&& what) {
    recipient_result row;
    row.index = index;
    row.verdict = what.verdict;
    row.blame = what.blame;
    row.code = what.code;
    row.provider_message_id = id_of(what);
    row.text = std::move(what.text);
    row.retry_after = what.retry_after;
    return row;
}

}  // namespace

void results::decide(std::size_t position, ruling what) {
    if (rulings_[position]) return;
    rulings_[position] = std::move(what);
    ++decided_;
}

void results::decide_open(const ruling& what) {
    for (std::size_t at = 0; at < rulings_.size(); ++at)
        decide(at, what);
}

outcome results::take() {
    ruling nobody;
    nobody.text = "the sessions ended before this recipient's turn";
    decide_open(nobody);
    outcome out;
    if (rulings_.empty()) return outcome::rejected(gatepost::sdk::blame::plugin, "no recipient");
    const ruling first = *rulings_[0];
    for (std::size_t at = 1; at < rulings_.size(); ++at) {
        if (!same(*rulings_[at], first))
            out.recipients.push_back(row_of(mail_->to[at].index, std::move(*rulings_[at])));
    }
    out.verdict = first.verdict;
    out.blame = first.blame;
    out.code = first.code;
    out.text = first.text;
    out.provider_message_id = id_of(first);
    out.retry_after = first.retry_after;
    out.advice = first.advice;
    return out;
}

}  // namespace smtp
