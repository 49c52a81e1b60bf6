// Every request of a send goes wrong once, in every way: refused, failed, timed out, cancelled,
// silent. Whatever happens, the call is completed once and says no more than is known.
#include <algorithm>

#include "check/kit.hpp"

namespace gatepost::check {
namespace {

constexpr size_t most_requests = 200;  // of one send; longer ones are tried up to here

// How many requests sending `mail` makes when all is well.
size_t requests_of(const subject& of, const message& mail) {
    fake_host host(usual_host(of));
    if (begin(host, of).status != finding_status::passed) return 0;
    host.start({.mail = mail});
    host.run();
    return std::min(host.requests(), most_requests);
}

// The rich one, unless the provider refuses what is in it before it asks anybody.
message mail_for(const subject& of) {
    message mail = rich_message();
    return requests_of(of, mail) != 0 ? mail : simple_message();
}

finding with_number(finding found, size_t request) {
    if (found.status == finding_status::failed)
        found.text = "at request " + std::to_string(request) + ": " + found.text;
    return found;
}

// `spoil` says what becomes of request number k.
finding each_request(const subject& of, const std::function<scripted(size_t)>& spoil) {
    {
        fake_host host(usual_host(of));
        if (auto no = begin(host, of); no.status != finding_status::passed) return no;
    }
    const message mail = mail_for(of);
    const size_t count = requests_of(of, mail);
    if (count == 0) return skipped("a send makes no request");
    for (size_t k = 1; k <= count; ++k) {
        fake_host host(usual_host(of));
        host.script(spoil(k));
        if (auto no = begin(host, of); no.status != finding_status::passed) return no;
        const gatepost_call call = host.start({.mail = mail});
        host.run();
        if (auto bad = judge(host, {call}); bad.status != finding_status::passed)
            return with_number(bad, k);
    }
    return {};
}

finding refused(const subject& of) {
    return each_request(
        of, [](size_t k) { return scripted{.at = k, .status = GATEPOST_LIMIT, .refuse = true}; });
}
finding failing(const subject& of) {
    return each_request(of, [](size_t k) { return scripted{.at = k, .status = GATEPOST_FAILED}; });
}
finding strange(const subject& of) {
    return each_request(of, [](size_t k) { return scripted{.at = k, .status = -4242}; });
}
finding timed_out(const subject& of) {
    return each_request(of, [](size_t k) { return scripted{.at = k, .status = GATEPOST_TIMEOUT}; });
}
finding silent(const subject& of) {
    return each_request(of, [](size_t k) { return scripted{.at = k, .stall = true}; });
}

// Cancels after `answers` answers; false when the send was over before.
bool cancel_after(const subject& of, const message& mail, size_t answers, uint32_t why,
                  finding& found) {
    constexpr uint64_t grace = 2'000'000'000;
    fake_host host(usual_host(of));
    found = begin(host, of);
    if (found.status != finding_status::passed) return false;
    const gatepost_call call = host.start({.mail = mail});
    for (size_t i = 0; i < answers; ++i)
        host.step();
    const bool was_open = host.at(call).completions == 0;
    const uint64_t asked = host.now();
    host.cancel(call, why);
    host.cancel(call, why);
    host.run();
    host.cancel(call, why);         // over: ignored
    host.cancel(call + 1000, why);  // never was
    found = judge(host, {call});
    const call_record& record = host.at(call);
    if (found.status == finding_status::passed && was_open && !record.commits_begun &&
        record.completed_at - asked > grace)
        found = failed("took more than 2 s to end after cancel");
    return was_open;
}

finding cancelled(const subject& of) {
    const message mail = mail_for(of);
    for (const uint32_t why :
         {uint32_t{GATEPOST_WHY_CALLER}, uint32_t{GATEPOST_WHY_SHUTDOWN}, uint32_t{99}}) {
        finding found;
        for (size_t k = 0; k <= most_requests; ++k) {
            const bool again = cancel_after(of, mail, k, why, found);
            if (found.status != finding_status::passed) return with_number(found, k);
            if (!again) break;
        }
    }
    return {};
}

// A request that commits was written, and then nothing more was heard.
finding unknown_outcome(const subject& of) {
    const message mail = mail_for(of);
    const size_t count = requests_of(of, mail);
    if (count == 0) return skipped("a send makes no request");
    bool seen = false;
    for (size_t k = 1; k <= count; ++k) {
        fake_host host(usual_host(of));
        host.script({.at = k, .status = GATEPOST_UNCERTAIN, .written = true});
        if (auto no = begin(host, of); no.status != finding_status::passed) return no;
        const gatepost_call call = host.start({.mail = mail});
        host.run();
        const call_record& record = host.at(call);
        if (record.completions != 1)
            return with_number(failed("the call was not completed once"), k);
        if (!record.commits_written || record.commits_answered) continue;
        seen = true;
        if (record.outcome.kind == GATEPOST_OUTCOME_DONE &&
            record.outcome.verdict == GATEPOST_ACCEPTED)
            return with_number(failed("says accepted, though no answer came"), k);
    }
    return seen ? finding{} : skipped("a send makes no request that commits");
}

}  // namespace

std::vector<check_case> trouble_checks() {
    using needs = check_case::needs;
    return {
        {"refused", "Each request of a send, refused at once: the call is still completed.",
         needs::instance, refused},
        {"failed", "Each request of a send fails: the call is completed, never as accepted.",
         needs::instance, failing},
        {"strange-status", "Each request ends with a status nobody knows: it counts as failed.",
         needs::instance, strange},
        {"timed-out", "Each request of a send times out: the call is completed.", needs::instance,
         timed_out},
        {"silent", "Each request of a send is answered only by the deadline.", needs::instance,
         silent},
        {"cancelled", "Cancelled at every point, a send ends within 2 s unless it commits.",
         needs::instance, cancelled},
        {"unknown-outcome", "What was written and not answered is never called accepted.",
         needs::instance, unknown_outcome},
    };
}

}  // namespace gatepost::check
