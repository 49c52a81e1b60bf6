// The same send, seen by other hosts: later ones, older ones, poorer ones, and one whose strings
// end where memory ends.
#include "check/kit.hpp"

namespace gatepost::check {
namespace {

finding calls_on(const subject& of, const host_options& how) {
    fake_host host(how);
    if (auto no = begin(host, of); no.status != finding_status::passed) return no;
    std::vector<gatepost_call> calls;
    for (const message& mail : {simple_message(), rich_message()})
        calls.push_back(host.start({.mail = mail}));
    calls.push_back(host.start({.kind = GATEPOST_TEST}));
    calls.push_back(host.start({.kind = GATEPOST_LOOKUP, .state = "state"}));
    host.run();
    return judge(host, calls);
}

finding strings_at_the_edge(const subject& of) {
    host_options how = usual_host(of);
    how.shape.guarded = true;
    return calls_on(of, how);
}

finding later_host(const subject& of) {
    host_options how = usual_host(of);
    how.shape.future = true;
    return calls_on(of, how);
}

const std::vector<std::string> services = {
    "gatepost.body/1",   "gatepost.timer/1", "gatepost.crypto/1",
    "gatepost.file/1",   "gatepost.cache/1", "gatepost.report/1",
    "gatepost.stream/1", "gatepost.http/1",  "gatepost.oauth/1"};

// That it refuses such a host is right, if it says why; begin() makes that `skipped`.
finding works_or_refuses(const subject& of, const host_options& how) {
    finding found = calls_on(of, how);
    return found.status == finding_status::skipped ? finding{} : found;
}

finding on_a_poor_host(const subject& of, const std::set<std::string>& withheld) {
    {
        fake_host usual(usual_host(of));
        if (auto no = begin(usual, of); no.status != finding_status::passed) return no;
    }
    host_options how = usual_host(of);
    how.withheld = withheld;
    return works_or_refuses(of, how);
}

finding older_host(const subject& of) {
    host_options how = usual_host(of);
    how.older = true;
    if (auto found = calls_on(of, how); found.status != finding_status::passed) return found;
    how.older_table = true;
    return works_or_refuses(of, how);
}

finding no_services(const subject& of) {
    return on_a_poor_host(of, {services.begin(), services.end()});
}

finding one_service_missing(const subject& of) {
    for (const std::string& id : services) {
        finding found = on_a_poor_host(of, {id});
        if (found.status == finding_status::failed)
            return failed("without " + id + ": " + found.text);
    }
    return {};
}

}  // namespace

std::vector<check_case> shape_checks() {
    using needs = check_case::needs;
    return {
        {"strings-at-the-edge", "Strings that end where memory ends are not read beyond.",
         needs::instance, strings_at_the_edge},
        {"later-host", "Larger structs with poisoned tails and wider arrays do no harm.",
         needs::instance, later_host},
        {"older-host", "Functions behind the `size` of a host table are not called.",
         needs::instance, older_host},
        {"no-services", "On a host that offers nothing, create refuses in words or calls end.",
         needs::instance, no_services},
        {"one-service-missing", "The same, with one service missing at a time.", needs::instance,
         one_service_missing},
    };
}

std::vector<check_case> all_checks() {
    std::vector<check_case> out;
    for (auto part :
         {file_checks(), call_checks(), shape_checks(), trouble_checks(), manifest_checks()}) {
        for (auto& one : part)
            out.push_back(std::move(one));
    }
    return out;
}

}  // namespace gatepost::check
