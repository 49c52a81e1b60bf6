// See account.hpp.
#include "account.hpp"

#include <gatepost/json.hpp>

#include <algorithm>

#include "verdict_table.hpp"

namespace ses {
namespace {

using namespace gatepost::sdk;

constexpr double most_recipients_counted = 1e15;  // what an integer holds, whatever is answered

double counted(double value) {
    return value > 0 ? std::min(value, most_recipients_counted) : 0;
}

std::string whole(double value) {
    return std::to_string(static_cast<int64_t>(value));
}

}  // namespace

account read_account(std::string_view json) {
    const json_document document = read_json(json);
    const json_value& body = document.root;
    account made;
    made.readable = body["SendQuota"].is_object();
    made.sending = body["SendingEnabled"].boolean();
    made.production = body["ProductionAccessEnabled"].boolean();
    made.enforcement = body["EnforcementStatus"].text("HEALTHY");
    made.per_day = body["SendQuota"]["Max24HourSend"].number();
    made.per_day = made.per_day < 0 ? -1 : counted(made.per_day);
    made.per_second = counted(body["SendQuota"]["MaxSendRate"].number());
    made.sent = counted(body["SendQuota"]["SentLast24Hours"].number());
    return made;
}

finding describe(const account& of, std::string_view region) {
    if (!of.readable)
        return {false, "the answer is not that of SES", std::string(table::wrong_endpoint)};
    if (of.enforcement == "SHUTDOWN")
        return {false, "AWS has shut down sending for this account", std::string(table::suspended)};
    if (!of.sending)
        return {false, "sending is paused in " + std::string(region), std::string(table::paused)};
    const bool used = of.per_day >= 0 && of.sent >= of.per_day;
    std::string text = of.per_day < 0 ? "no daily limit"
                                      : whole(of.sent) + " of " + whole(of.per_day) +
                                            " recipients in 24 hours used";
    text += ", " + whole(of.per_second) + " a second";
    if (used) return {false, text, std::string(table::day_used)};
    if (of.enforcement != "HEALTHY") text += "; AWS reviews this account (" + of.enforcement + ")";
    finding made{true, std::move(text), {}};
    if (!of.production) {
        made.text += "; sandbox: only verified recipients get mail";
        made.advice = table::leave_sandbox;
    }
    return made;
}

identity read_identity(std::string_view json) {
    const json_document document = read_json(json);
    const json_value& verified = document.root["VerifiedForSendingStatus"];
    return {verified.kind() == json_kind::boolean, verified.boolean()};
}

}  // namespace ses
