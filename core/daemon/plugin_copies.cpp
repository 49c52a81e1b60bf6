#include "daemon/plugin_copies.hpp"

#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace gatepost::daemon {
namespace {

constexpr size_t sha256_digits = 64;

// <sha256>.so, or <sha256>.so.tmp<pid>
bool is_copy(const std::string& name) {
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (name.size() < sha256_digits) return false;
    const std::string rest = name.substr(sha256_digits);
    return std::all_of(name.begin(), name.begin() + sha256_digits, is_digit) &&
           (rest == ".so" || rest.starts_with(".so.tmp"));
}

}  // namespace

size_t remove_old_copies(const std::filesystem::path& folder, const std::set<std::string>& used) {
    size_t removed = 0;
    std::error_code failed;
    for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed)) {
        const std::string name = at->path().filename().string();
        const bool whole = name.ends_with(".so");
        if (!is_copy(name) || (whole && used.contains(name.substr(0, sha256_digits)))) continue;
        removed += ::unlink(at->path().c_str()) == 0 ? 1 : 0;
    }
    return removed;
}

}  // namespace gatepost::daemon
