// The checked copies of plugins in STATE/plugins (plugin/trust.hpp): those of earlier versions are
// of no use and would pile up.
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>

namespace gatepost::daemon {

// Removes every copy whose SHA-256 is not among `used`, and what a crash left of a half written
// one; gives how many. Touches no file with another kind of name, and no failure matters: the next
// start tries again. Only while the state folder is this process's own.
size_t remove_old_copies(const std::filesystem::path& folder, const std::set<std::string>& used);

}  // namespace gatepost::daemon
