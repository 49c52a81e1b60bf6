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
    out.destinations = of.destinations;
    // A plugin that names no folder may use none.
    out.folders = of.folders.empty() ? std::vector<std::string>{"/no/folder/is/lent"} : of.folders;
    return out;
}

bool is_declaration(const violation& one) {
    return one.rule == "destination" || one.rule == "folder";
}

finding judge(const fake_host& host, const std::vector<gatepost_call>& calls) {
    std::string problems;
    size_t count = 0;
    for (const violation& one : host.violations()) {
        if (is_declaration(one)) continue;  // said once, by the check `declared`
        if (++count <= 3) also(problems, one.rule + ": " + one.text);
    }
    if (count > 3) also(problems, "and " + std::to_string(count - 3) + " more");
    for (const gatepost_call call : calls) {
        if (host.at(call).completions == 0)
            also(problems, "call " + std::to_string(call) + " was never completed");
    }
    return problems.empty() ? finding{} : failed(problems);
}

finding begin(fake_host& host, const subject& of) {
    if (!of.unusable.empty()) return skipped("the settings do not fit: " + of.unusable);
    if (host.create(*of.table, of.with) == GATEPOST_OK) return {};
    std::string words;
    for (const diagnostic& one : host.diagnostics())
        also(words, one.pointer.empty() ? one.text : one.pointer + ": " + one.text);
    if (words.empty()) return failed("create refused and said nothing into the sink");
    const char* whose = of.given_settings.empty() ? "made-up settings" : "settings";
    const char* advice = of.given_settings.empty() ? "; give --settings FILE.json" : "";
    return skipped(std::string("create refused the ") + whose + ": " + words + advice);
}

finding instance_wanted(const subject& of) {
    fake_host host(usual_host(of));
    const finding made = begin(host, of);
    if (made.status != finding_status::skipped || of.unusable.empty()) return made;
    return skipped("the settings do not fit");  // the check `settings` says why
}

}  // namespace gatepost::check
