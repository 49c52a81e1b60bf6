// The conformance kit: named checks, each one sentence and one function, run by gatepost-check in
// a process of its own. A check never throws; what the plugin does to its process is the runner's
// business.
#pragma once

#include <gatepost/abi.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "check/fake_host.hpp"

namespace gatepost::check {

enum class finding_status : uint8_t { passed, failed, crashed, skipped };
std::string_view to_string(finding_status status);

struct finding {
    finding_status status = finding_status::passed;
    std::string text = {};
};
inline finding failed(std::string text) {
    return {finding_status::failed, std::move(text)};
}
inline finding skipped(std::string text) {
    return {finding_status::skipped, std::move(text)};
}

// "one; two": sentences of one finding.
inline void also(std::string& text, std::string_view next) {
    if (!text.empty()) text += "; ";
    text += next;
}

struct options {
    std::filesystem::path plugin;
    std::string settings_json;  // empty: made from the schema
    std::chrono::milliseconds time_limit{20'000};
};

// A loaded plugin and what its manifest says.
struct subject {
    std::filesystem::path file;
    gatepost_entry entry = nullptr;
    const gatepost_plugin* table = nullptr;
    std::string given_settings;  // of the command line
    settings with;               // what create gets
    std::string unusable;        // why `with` is not what the schema asks for; empty: it is
    bool raw_mime = false;
    std::vector<std::string> folders;
    std::vector<destination> destinations;
};

struct check_case {
    std::string name;
    std::string sentence;
    enum class needs : uint8_t { file, table, instance } need = needs::instance;
    std::function<finding(const subject&)> run;
};

// In the order in which they are run; what is cheap and explains most comes first.
std::vector<check_case> all_checks();
std::vector<check_case> file_checks();
std::vector<check_case> manifest_checks();
std::vector<check_case> call_checks();
std::vector<check_case> trouble_checks();
std::vector<check_case> shape_checks();

// dlopen and the entry function; in the process of the check.
result<subject> load(const options& how);
// Manifest, schema and settings; fills what follows `table` in subject.
void prepare_settings(subject& of);

// The host that checks start from: every service, no network behind it.
host_options usual_host(const subject& of);
// The breaches seen so far, and calls that were not completed exactly once.
finding judge(const fake_host& host, const std::vector<gatepost_call>& calls);
// A host or folder that the manifest does not declare.
bool is_declaration(const violation& one);
// create; what is wrong with its refusal, or `skipped` with the plugin's own words.
finding begin(fake_host& host, const subject& of);

struct check_result {
    std::string name, sentence;
    finding found;
    std::chrono::milliseconds took{};
};
// Why there can be no instance, so that it is said once: `skipped` with the words, else passed.
finding instance_wanted(const subject& of);
// One child process for one check.
check_result run_check(const check_case& which, const options& how);

}  // namespace gatepost::check
