// An outcome is copied out of the plugin's memory once, then judged as values. A list of results
// that cannot be stepped through makes the whole outcome unusable: its general verdict would
// otherwise be taken for recipients that the list wanted to except.
#include "plugin/ledger.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/limits.hpp"
#include "plugin/strings.hpp"

namespace gatepost::plugin {
namespace {

using mail::blame;
using mail::verdict;
using std::chrono::milliseconds;

struct said_verdict {
    uint32_t verdict, blame;
    int32_t code;
    gatepost_string text, provider_message_id;
    uint64_t retry_after;
};

bool may_be_taken_over(ledger_state state) {
    return state == ledger_state::written || state == ledger_state::answered;
}

// What holds without a usable word of the plugin.
verdict silent_verdict(const case_file& about) {
    if (about.kind == call_kind::lookup || may_be_taken_over(about.ledger)) return verdict::unknown;
    return verdict::deferred;
}

blame blame_of(uint32_t number) {
    // A number of a newer header is no fault; nobody is blamed then.
    return number <= GATEPOST_BLAME_PLUGIN ? static_cast<blame>(number) : blame::none;
}

std::optional<milliseconds> duration_of(uint64_t nanoseconds) {
    if (nanoseconds == 0) return std::nullopt;
    const auto most = static_cast<uint64_t>(milliseconds(limits::retry_after_max).count());
    const uint64_t rounded_up = nanoseconds / 1'000'000 + (nanoseconds % 1'000'000 != 0 ? 1 : 0);
    return milliseconds(std::min(rounded_up, most));
}

class judge_of_words {
  public:
    judge_of_words(const case_file& about, const gatepost_outcome& said)
        : about_(about), said_(said) {}

    judgement decide() {
        call_result& out = found_.result;
        read_list();
        const mail::recipient_result whole = general();
        out.verdict = whole.verdict;
        out.blame = whole.blame;
        out.code = whole.code;
        out.text = whole.text;
        out.captured = whole.captured;
        out.advice = for_people(said_.advice, limits::plugin_text_bytes);
        for (const uint32_t index : about_.carry)
            add(index, whole);
        take_state();
        out.plugin_fault = fault_;
        return std::move(found_);
    }

  private:
    std::string for_people(gatepost_string said, size_t max_bytes) const {
        return words_for_people(about_.hide.get(), said, max_bytes);
    }

    void complain(const char* what, bool fault = true) {
        fault_ = fault_ || fault;
        if (found_.complaint.empty()) found_.complaint = what;
    }

    // The general verdict may be left out where the list names everyone.
    mail::recipient_result general() {
        const bool all_listed = !about_.carry.empty() && listed_.size() == about_.carry.size();
        if (all_listed && said_.verdict == 0) return listed_.at(about_.carry.front());
        return believe({said_.verdict, said_.blame, said_.code, said_.text,
                        said_.provider_message_id, said_.retry_after},
                       0);
    }

    // One verdict, corrected by the ledger.
    mail::recipient_result believe(const said_verdict& said, uint32_t index) {
        mail::recipient_result out;
        out.index = index;
        out.verdict = static_cast<verdict>(said.verdict);
        out.blame = blame_of(said.blame);
        out.code = said.code;
        out.text = for_people(said.text, limits::plugin_text_bytes);
        out.provider_message_id = for_people(said.provider_message_id, limits::plugin_id_bytes);
        out.retry_after = duration_of(said.retry_after);
        correct(said.verdict, out);
        out.captured =
            (said_.flags & GATEPOST_OUTCOME_CAPTURED) != 0 && out.verdict == verdict::accepted;
        return out;
    }

    void correct(uint32_t number, mail::recipient_result& out) {
        if (number < GATEPOST_ACCEPTED || number > GATEPOST_UNKNOWN) {
            complain("it gave a verdict that does not exist");
            out.verdict = silent_verdict(about_);
            out.blame = blame::plugin;
            return;
        }
        const bool denies = out.verdict == verdict::deferred || out.verdict == verdict::rejected;
        if (denies && about_.ledger == ledger_state::written && !owns_the_doubt()) {
            complain("it says the mail was not taken over, but no answer had come");
            out.verdict = verdict::unknown;
            out.blame = blame::plugin;
        }
        const bool sent_nothing =
            about_.ledger == ledger_state::none || about_.ledger == ledger_state::begun;
        if (about_.kind == call_kind::send && out.verdict == verdict::accepted && sent_nothing)
            complain("it says the mail was taken over, but sent nothing marked as commits", false);
    }

    // It says of someone that the end is unknown: then it knows that no answer came, and its
    // denials are of recipients the message was never for (a 550 to RCPT, before the content was
    // written).
    bool owns_the_doubt() {
        if (!doubts_) {
            doubts_ = said_.verdict == GATEPOST_UNKNOWN;
            const uint32_t count = std::min(said_.recipients.count, most_listed());
            for (uint32_t i = 0; i < count && !*doubts_; ++i) {
                const auto item = item_of<gatepost_recipient_result>(said_.recipients, i);
                doubts_ = item.verdict == GATEPOST_UNKNOWN && carried(item.index);
            }
        }
        return *doubts_;
    }

    // Memory of a plugin that counts wrongly is not walked further than makes sense.
    uint32_t most_listed() const { return static_cast<uint32_t>(about_.carry.size()) * 2 + 16; }

    void read_list() {
        const uint32_t most = most_listed();
        if (said_.recipients.count > most) complain("it lists more results than recipients");
        const uint32_t count = std::min(said_.recipients.count, most);
        listed_.reserve(std::min<size_t>(count, about_.carry.size()));
        for (uint32_t i = 0; i < count; ++i) {
            const auto item = item_of<gatepost_recipient_result>(said_.recipients, i);
            if (!carried(item.index)) {
                complain("it gives a result for a recipient it was not asked to carry");
                continue;
            }
            const said_verdict said{
                item.verdict,    item.blame, item.code, item.text, item.provider_message_id,
                item.retry_after};
            if (listed_.contains(item.index)) {
                complain("it gives two results for one recipient");
                continue;
            }
            listed_.emplace(item.index, believe(said, item.index));
        }
    }

    bool carried(uint32_t index) {
        if (carried_.empty()) carried_.assign(about_.carry.begin(), about_.carry.end());
        if (!sorted_) std::ranges::sort(carried_);
        sorted_ = true;
        return std::ranges::binary_search(carried_, index);
    }

    void add(uint32_t index, const mail::recipient_result& whole) {
        const auto at = listed_.find(index);
        found_.result.attempt.recipients.push_back(at == listed_.end() ? whole : at->second);
        found_.result.attempt.recipients.back().index = index;
    }

    void take_state() {
        const std::string_view state = view_of(said_.state);
        if (state.size() > limits::plugin_state_bytes)
            return complain("its state is larger than 4096 bytes");
        found_.result.attempt.state = state;
        found_.result.attempt.lookup_after = duration_of(said_.lookup_after);
    }

    const case_file& about_;
    const gatepost_outcome& said_;
    judgement found_;
    bool fault_ = false, sorted_ = false;
    std::optional<bool> doubts_;
    std::vector<uint32_t> carried_;
    std::unordered_map<uint32_t, mail::recipient_result> listed_;
};

judgement judge_unsupported(const case_file& about) {
    const bool is_send = about.kind == call_kind::send;
    judgement found = judge_silence(about, is_send, is_send ? blame::plugin : blame::none,
                                    is_send ? "the plugin does not know how to send"
                                            : "the plugin does not know this kind of request");
    found.result.unsupported = true;
    return found;
}

judgement judge_cancelled(const case_file& about) {
    if (!about.cancelled)
        return judge_silence(about, true, blame::plugin,
                             "it says it was cancelled, but nobody asked for that");
    switch (*about.cancelled) {
        case cancel_reason::deadline:
            return judge_silence(about, false, blame::network, "no answer before the deadline");
        case cancel_reason::shutdown:
            return judge_silence(about, false, blame::none, "stopped: the gateway shuts down");
        case cancel_reason::caller: break;
    }
    return judge_silence(about, false, blame::none, "cancelled");
}

}  // namespace

void ledger::answered() {
    uint32_t waiting = unanswered_.load();
    while (waiting > 0 && !unanswered_.compare_exchange_weak(waiting, waiting - 1)) {
    }
}

ledger_state ledger::state() const {
    if (unanswered_.load() > 0) return ledger_state::written;
    if (written_.load()) return ledger_state::answered;
    return begun_.load() ? ledger_state::begun : ledger_state::none;
}

judgement judge(const case_file& about, const gatepost_outcome* given) {
    const gatepost_outcome said = copy_sized(given);
    if (given == nullptr || !GATEPOST_HAS(gatepost_outcome, &said, verdict))
        return judge_silence(about, true, blame::plugin, "its outcome is too short to be read");
    if (said.kind == GATEPOST_OUTCOME_UNSUPPORTED) return judge_unsupported(about);
    if (said.kind == GATEPOST_OUTCOME_CANCELLED) return judge_cancelled(about);
    if (said.kind != GATEPOST_OUTCOME_DONE)
        return judge_silence(about, true, blame::plugin, "its outcome is of an unknown kind");
    if (!is_array_of<gatepost_recipient_result>(said.recipients))
        return judge_silence(about, true, blame::plugin, "its list of results cannot be read");
    return judge_of_words(about, said).decide();
}

judgement judge_silence(const case_file& about, bool fault, blame blame, std::string why) {
    judgement found;
    found.result = same_for_all(about.carry, silent_verdict(about), blame,
                                (fault ? "fault of the plugin: " : "") + why);
    found.result.plugin_fault = fault;
    if (fault) found.complaint = std::move(why);
    return found;
}

call_result same_for_all(std::span<const uint32_t> carry, verdict verdict, blame blame,
                         const std::string& text) {
    call_result out;
    out.verdict = verdict;
    out.blame = blame;
    out.text = text;
    for (const uint32_t index : carry) {
        mail::recipient_result one;
        one.index = index;
        one.verdict = verdict;
        one.blame = blame;
        one.text = text;
        out.attempt.recipients.push_back(std::move(one));
    }
    return out;
}

}  // namespace gatepost::plugin
