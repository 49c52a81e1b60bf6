// Runs a pattern: the set of states the automaton may be in, moved on by one code point at a time.
// Each set holds a state at most once, so a step costs no more than there are states.
#include <algorithm>

#include "schema/code_point.hpp"
#include "schema/pattern.hpp"

namespace gatepost::schema {

namespace {

class state_set {
  public:
    explicit state_set(size_t states) : seen_(states, false) {}

    // Adds `first` and all it leads to without taking a character; true if that is a match.
    bool add(const std::vector<pattern::state>& states, uint32_t first, bool begin, bool end) {
        waiting_.push_back(first);
        while (!waiting_.empty()) {
            const uint32_t number = waiting_.back();
            waiting_.pop_back();
            if (seen_[number]) continue;
            seen_[number] = true;
            members_.push_back(number);
            const pattern::state& state = states[number];
            switch (state.what) {
                case pattern::operation::match: waiting_.clear(); return true;
                case pattern::operation::take: break;
                case pattern::operation::split:
                    waiting_.push_back(state.other);
                    waiting_.push_back(state.next);
                    break;
                case pattern::operation::at_begin:
                    if (begin) waiting_.push_back(state.next);
                    break;
                case pattern::operation::at_end:
                    if (end) waiting_.push_back(state.next);
                    break;
            }
        }
        return false;
    }
    void clear() {
        for (const uint32_t number : members_)
            seen_[number] = false;
        members_.clear();
    }
    const std::vector<uint32_t>& members() const { return members_; }

  private:
    std::vector<bool> seen_;
    std::vector<uint32_t> members_, waiting_;
};

}  // namespace

std::optional<uint32_t> next_code_point(std::string_view text, size_t& at) {
    if (at >= text.size()) return std::nullopt;
    const auto lead = static_cast<unsigned char>(text[at]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || at + length > text.size())
        return std::nullopt;
    uint32_t out = length == 1 ? lead : lead & (0x7fU >> length);
    for (size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[at + i]);
        if ((byte & 0xc0) != 0x80) return std::nullopt;
        out = (out << 6) | (byte & 0x3f);
    }
    at += length;
    return out;
}

bool pattern::code_point_set::has(uint32_t code_point) const {
    const bool inside = std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
        return code_point >= range.first && code_point <= range.second;
    });
    return inside != negated;
}

bool pattern::matches(std::string_view text) const {
    state_set now(states_.size()), next(states_.size());
    size_t at = 0;
    if (now.add(states_, start_, true, text.empty())) return true;
    while (const auto code_point = next_code_point(text, at)) {
        const bool end = at == text.size();
        for (const uint32_t number : now.members()) {
            const state& from = states_[number];
            if (from.what == operation::take && sets_[from.other].has(*code_point) &&
                next.add(states_, from.next, false, end))
                return true;
        }
        if (next.add(states_, start_, false, end)) return true;
        std::swap(now, next);
        next.clear();
    }
    return false;
}

}  // namespace gatepost::schema
