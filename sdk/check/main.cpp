// gatepost-check PLUGIN.so [--settings FILE.json] [--only NAME] [--json] [--list]
//
// One cause is told once: a file that is no plugin is one error, settings of which no instance can
// be made are one line for all checks that need one, and a sentence is not repeated.
//
// Exit codes: 0 every check passed or was skipped, 1 one failed or crashed, 64 wrong usage,
// 66 a file cannot be read or is not JSON.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "check/kit.hpp"

namespace {

using namespace gatepost::check;

constexpr const char* usage =
    "usage: gatepost-check PLUGIN.so [--settings FILE.json] [--only NAME] [--json]\n"
    "       gatepost-check --list | --help\n"
    "Runs a provider plugin against a host without network, disk or time.\n"
    "Without --settings they are made up from the manifest's schema.\n";

struct command {
    options how;
    std::string settings_file, only;
    bool json = false, list = false, help = false;
};

std::optional<command> parse(int count, char** words) {
    command out;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        const bool has_value = i + 1 < count;
        if (word == "--json") {
            out.json = true;
        } else if (word == "--list") {
            out.list = true;
        } else if (word == "--help" || word == "-h") {
            out.help = true;
        } else if (word == "--settings" && has_value) {
            out.settings_file = words[++i];
        } else if (word == "--only" && has_value) {
            out.only = words[++i];
        } else if (!word.starts_with("-") && out.how.plugin.empty()) {
            out.how.plugin = word;
        } else {
            return std::nullopt;
        }
    }
    if (out.how.plugin.empty() && !out.list && !out.help) return std::nullopt;
    return out;
}

// Prints rows as they come, or keeps them for --json.
class report {
  public:
    explicit report(const command& wanted) : wanted_(wanted) {}

    void add(const check_result& row) {
        ++counts_[static_cast<size_t>(row.found.status)];
        if (wanted_.json) {
            rows_.push_back({{"name", row.name},
                             {"description", row.sentence},
                             {"status", to_string(row.found.status)},
                             {"text", row.found.text},
                             {"milliseconds", row.took.count()}});
            return;
        }
        fmt::print("{:<8} {:<24} {}\n", to_string(row.found.status), row.name, row.sentence);
        const std::string& text = row.found.text;
        if (text.empty()) return;
        const auto [said, is_new] = said_.emplace(text, row.name);
        fmt::print("{:>33} {}\n", "->", is_new ? text : "the same as " + said->second);
    }
    // Checks that were not run, all for one reason.
    void leave_out(const std::vector<check_case>& which, const std::string& why) {
        counts_[static_cast<size_t>(finding_status::skipped)] += which.size();
        for (const check_case& one : which) {
            if (!wanted_.json) break;
            rows_.push_back({{"name", one.name},
                             {"description", one.sentence},
                             {"status", to_string(finding_status::skipped)},
                             {"text", why},
                             {"milliseconds", 0}});
        }
        if (wanted_.json || which.empty()) return;
        fmt::print("{:<8} {:<24} {}\n{:>33} {}\n", "skipped",
                   std::to_string(which.size()) + " more", "The other checks need an instance.",
                   "->", why);
    }
    // The exit code.
    int end() const {
        const auto [passed, failed, crashed, skipped] = counts_;
        if (wanted_.json) {
            const nlohmann::json out = {{"plugin", wanted_.how.plugin.string()},
                                        {"checks", rows_},
                                        {"passed", passed},
                                        {"failed", failed},
                                        {"crashed", crashed},
                                        {"skipped", skipped}};
            fmt::print("{}\n", out.dump(2));
        } else {
            fmt::print("{} passed, {} failed, {} crashed, {} skipped\n", passed, failed, crashed,
                       skipped);
        }
        return failed + crashed == 0 ? 0 : 1;
    }

  private:
    const command& wanted_;
    std::array<size_t, 4> counts_{};
    std::map<std::string, std::string> said_;
    nlohmann::json rows_ = nlohmann::json::array();
};

finding nothing_more(const subject&) {
    return {};
}

// What makes every check fail, or the checks of an instance.
check_result can_load(const options& how) {
    return run_check({"table", "The file can be loaded.", check_case::needs::table, nothing_more},
                     how);
}
check_result can_create(const options& how) {
    return run_check({"instance", "", check_case::needs::instance, instance_wanted}, how);
}

int run_all(const command& wanted) {
    report out(wanted);
    if (const check_result loaded = can_load(wanted.how);
        loaded.found.status != finding_status::passed) {
        out.add(loaded);
        if (wanted.json) return out.end();
        return 1;
    }
    const finding instance = can_create(wanted.how).found;
    const bool left_out = instance.status == finding_status::skipped;
    std::vector<check_case> others;
    for (const check_case& which : all_checks()) {
        if (left_out && which.need == check_case::needs::instance)
            others.push_back(which);
        else
            out.add(run_check(which, wanted.how));
    }
    out.leave_out(others, instance.text);
    return out.end();
}

int run_one(const command& wanted) {
    const auto all = all_checks();
    const auto which = std::ranges::find(all, wanted.only, &check_case::name);
    if (which == all.end()) {
        fmt::print(stderr, "there is no check {}; see --list\n", wanted.only);
        return 64;
    }
    report out(wanted);
    out.add(run_check(*which, wanted.how));
    return out.end();
}

// False, with a line on standard error, if they cannot be used.
bool read_settings(command& wanted) {
    auto text = gatepost::read_small_file(wanted.settings_file, gatepost::limits::config_bytes);
    if (!text) {
        fmt::print(stderr, "{}\n", text.error().detail);
        return false;
    }
    try {
        const auto read = nlohmann::json::parse(*text);
        static_cast<void>(read);
    } catch (const nlohmann::json::parse_error& failure) {
        fmt::print(stderr, "{} is not JSON: byte {}\n", wanted.settings_file, failure.byte);
        return false;
    }
    wanted.how.settings_json = std::move(*text);
    return true;
}

}  // namespace

int main(int count, char** words) {
    auto wanted = parse(count, words);
    if (!wanted) {
        std::fputs(usage, stderr);
        return 64;
    }
    if (wanted->help) {
        std::fputs(usage, stdout);
        return 0;
    }
    if (wanted->list) {
        for (const check_case& one : all_checks())
            fmt::print("{:<24} {}\n", one.name, one.sentence);
        return 0;
    }
    if (!wanted->settings_file.empty() && !read_settings(*wanted)) return 66;
    if (auto plugin = gatepost::open_file(wanted->how.plugin, 0); !plugin) {
        fmt::print(stderr, "{}\n", plugin.error().detail);
        return 66;
    }
    return wanted->only.empty() ? run_all(*wanted) : run_one(*wanted);
}
