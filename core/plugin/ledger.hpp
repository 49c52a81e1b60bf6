// The certainty ledger of one call, and the judgement that holds a plugin's words against it. Pure;
// this is the table of DESIGN sections 2 (Certainty) and 3:
//
//     commits request      plugin says deferred, rejected    no word (crash, deadline, missing ...)
//     none                 believed                          deferred
//     begun, not written   believed                          deferred
//     written              unknown, the plugin's fault *     unknown
//     answered             believed                          unknown (nobody says what it was)
//
// * Believed of single recipients where it says unknown of another: then it knows that no answer
// came, and these were refused before the content was written (a 550 to RCPT).
//
// `accepted` and `unknown` are always believed: a provider that claims to have the mail cannot be
// contradicted, and one that doubts is right to. A lookup sends nothing, so without a word about it
// nothing was learnt: unknown.
#pragma once

#include <gatepost/abi.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "plugin/instance.hpp"
#include "plugin/scrubber.hpp"

namespace gatepost::plugin {

enum class ledger_state : uint8_t { none, begun, written, answered };

// Any thread. Several `commits` requests in one call are counted: `written` holds until as many
// answers came as requests were written.
class ledger {
  public:
    void begun() { begun_.store(true); }
    void written() {
        written_.store(true);
        unanswered_.fetch_add(1);
    }
    void answered();
    ledger_state state() const;

  private:
    std::atomic<bool> begun_{false}, written_{false};
    std::atomic<uint32_t> unanswered_{0};
};

struct case_file {
    call_kind kind = call_kind::send;
    std::span<const uint32_t> carry;
    ledger_state ledger = ledger_state::none;
    // Of the cancel that the plugin was asked for; nothing if it was not.
    std::optional<cancel_reason> cancelled;
    // Takes the instance's secrets out of the words; null if it has none.
    std::shared_ptr<const scrubber> hide = nullptr;
};

struct judgement {
    call_result result;
    std::string complaint;  // what the plugin did wrong, for the log; empty if nothing
};

// What the plugin said. Never touches more of its memory than the caps allow.
judgement judge(const case_file& about, const gatepost_outcome* said);
// The plugin said nothing that can be used. `fault`: the plugin is to blame for that, `why` says
// how; else `why` is only the text of the verdicts.
judgement judge_silence(const case_file& about, bool fault, mail::blame blame, std::string why);
// One verdict for everyone.
call_result same_for_all(std::span<const uint32_t> carry, mail::verdict verdict, mail::blame blame,
                         const std::string& text);

}  // namespace gatepost::plugin
