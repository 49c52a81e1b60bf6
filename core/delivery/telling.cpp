#include "delivery/telling.hpp"

#include "base/log.hpp"

namespace gatepost::delivery {
namespace {

bool is_over(const spool::recipient_change& each) {
    return each.state == spool::recipient_state::failed ||
           each.state == spool::recipient_state::expired;
}

}  // namespace

void tell_what_stays(const spool::record_request& verdicts, const std::string& connection) {
    const spool::recipient_change* worst = nullptr;
    size_t recipients = 0;
    for (const spool::recipient_change& each : verdicts.changes) {
        if (each.state == spool::recipient_state::sent) continue;
        ++recipients;
        if (worst == nullptr || (is_over(each) && !is_over(*worst))) worst = &each;
    }
    if (worst == nullptr) return;
    const bool over = is_over(*worst);
    log::write(over ? log::level::warn : log::level::info,
               over ? "delivery.failed" : "delivery.waits",
               over ? "a mail was not delivered" : "a mail was not taken over",
               {{"message", verdicts.id.to_string()},
                {"connection", connection},
                {"recipients", recipients},
                {"blame", mail::to_string(worst->result.blame)},
                {"reason", worst->result.text}});
}

void tell_of_circuit(const circuit& now, const std::string& connection) {
    if (now.held())
        log::warn("delivery.held", "the connection holds its mail, and tries one now and then",
                  {{"connection", connection}, {"reason", now.why()}});
    else
        log::info("delivery.well", "the connection sends again", {{"connection", connection}});
}

}  // namespace gatepost::delivery
