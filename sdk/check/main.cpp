// gatepost-check PLUGIN.so [--settings FILE.json] [--only NAME] [--json] [--list]
//
// Exit codes: 0 every check passed or was skipped, 1 one failed or crashed, 64 wrong usage,
// 66 a file cannot be read.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "check/kit.hpp"

namespace {

using namespace gatepost::check;

constexpr const char* usage =
    "usage: gatepost-check PLUGIN.so [--settings FILE.json] [--only NAME] [--json]\n"
    "       gatepost-check --list\n"
    "Runs a provider plugin against a host without network, disk or time.\n";

struct command {
    options how;
    std::string settings_file, only;
    bool json = false, list = false;
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
    if (out.how.plugin.empty() && !out.list) return std::nullopt;
    return out;
}

void print_row(const check_result& row) {
    fmt::print("{:<8} {:<24} {}\n", to_string(row.found.status), row.name, row.sentence);
    if (!row.found.text.empty()) fmt::print("{:>33} {}\n", "->", row.found.text);
}

nlohmann::json as_json(const check_result& row) {
    return {{"name", row.name},
            {"description", row.sentence},
            {"status", to_string(row.found.status)},
            {"text", row.found.text},
            {"milliseconds", row.took.count()}};
}

int run(const command& wanted) {
    size_t counts[4] = {};
    nlohmann::json rows = nlohmann::json::array();
    for (const check_case& which : all_checks()) {
        if (!wanted.only.empty() && which.name != wanted.only) continue;
        const check_result row = run_check(which, wanted.how);
        ++counts[static_cast<size_t>(row.found.status)];
        if (wanted.json)
            rows.push_back(as_json(row));
        else
            print_row(row);
    }
    if (wanted.json) {
        const nlohmann::json out = {{"plugin", wanted.how.plugin.string()},
                                    {"checks", rows},
                                    {"passed", counts[0]},
                                    {"failed", counts[1]},
                                    {"crashed", counts[2]},
                                    {"skipped", counts[3]}};
        fmt::print("{}\n", out.dump(2));
    } else {
        fmt::print("{} passed, {} failed, {} crashed, {} skipped\n", counts[0], counts[1],
                   counts[2], counts[3]);
    }
    const bool any = counts[0] + counts[1] + counts[2] + counts[3] > 0;
    return any && counts[1] + counts[2] == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
    auto wanted = parse(count, words);
    if (!wanted) {
        std::fputs(usage, stderr);
        return 64;
    }
    if (wanted->list) {
        for (const check_case& one : all_checks())
            fmt::print("{:<24} {}\n", one.name, one.sentence);
        return 0;
    }
    if (!wanted->settings_file.empty()) {
        auto text =
            gatepost::read_small_file(wanted->settings_file, gatepost::limits::config_bytes);
        if (!text) {
            fmt::print(stderr, "{}\n", text.error().detail);
            return 66;
        }
        wanted->how.settings_json = std::move(*text);
    }
    if (auto plugin = gatepost::open_file(wanted->how.plugin, 0); !plugin) {
        fmt::print(stderr, "{}\n", plugin.error().detail);
        return 66;
    }
    return run(*wanted);
}
