// What every check of a living instance shares: the usual host, the beginning, the judgement.
#include <algorithm>

#include "check/kit.hpp"

namespace gatepost::check {

std::string_view to_string(finding_status status) {
    switch (status) {
        case finding_status::passed: return "passed";
        case finding_status::failed: return "failed";
        case finding_status::crashed: return "crashed";
        case finding_status::skipped: break;
    }
    return "skipped";
}

host_options usual_host(const subject& of) {
    host_options out;
    out.http = [](const http_seen&) { return http_answer{202, "{}"}; };
    out.stream = [](const connect_seen&) { return nullptr; };
    out.oauth = [](bool) { return std::string("token"); };
    // A plugin that names no folder may use none.
    out.folders = of.folders.empty() ? std::vector<std::string>{"/no/folder/is/lent"} : of.folders;
    return out;
}

finding judge(const fake_host& host, const std::vector<gatepost_call>& calls) {
    std::string problems;
    size_t count = 0;
    for (const violation& one : host.violations()) {
        if (++count <= 3) problems += one.rule + ": " + one.text + "; ";
    }
    if (count > 3) problems += "and " + std::to_string(count - 3) + " more; ";
    for (const gatepost_call call : calls) {
        if (host.at(call).completions == 0)
            problems += "call " + std::to_string(call) + " was never completed; ";
    }
    return problems.empty() ? finding{} : failed(problems);
}

finding begin(fake_host& host, const subject& of) {
    if (host.create(*of.table, of.with) == GATEPOST_OK) return {};
    std::string words;
    for (const diagnostic& one : host.diagnostics())
        words += one.text + "; ";
    if (words.empty()) return failed("create refused and said nothing into the sink");
    return skipped("create refused these settings (" + words + "); give --settings");
}

}  // namespace gatepost::check
