// report/1: passes the stages of a test on. The call cleans the texts and knows whether it is a
// test; nothing here can fail.
#include "plugin/strings.hpp"
#include "services/backstage.hpp"

namespace gatepost::services {
namespace {

template <class Report, class Forward>
void forward(const gatepost_host* host, gatepost_call call, const Report* report,
             Forward to) noexcept {
    try {
        plugin::call_context* const context = plugin::context_of(host, call);
        if (context == nullptr || report == nullptr) return;
        Report whole = plugin::copy_sized(report);  // a shorter struct reads as zeros at its end
        whole.size = sizeof whole;
        to(*context, whole);
    } catch (const std::exception&) {
        return;  // a report is worth less than the mail
    }
}

void report_stage(const gatepost_host* host, gatepost_call call, const gatepost_stage* stage) {
    forward(host, call, stage, [](plugin::call_context& context, const gatepost_stage& whole) {
        if (whole.state < GATEPOST_STARTED || whole.state > GATEPOST_SKIPPED) return;
        context.stage(whole);
    });
}

void report_quota(const gatepost_host* host, gatepost_call call, const gatepost_quota* quota) {
    forward(host, call, quota, [](plugin::call_context& context, const gatepost_quota& whole) {
        context.quota(whole);
    });
}

}  // namespace

const gatepost_report report_table{sizeof(gatepost_report), 0, report_stage, report_quota};

}  // namespace gatepost::services
