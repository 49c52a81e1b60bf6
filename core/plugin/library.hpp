// From a checked file to a checked table: the one place that sees Boost.DLL.
//
// A library that was loaded stays loaded to the end of the process, also when its table is refused:
// code of it may be on a stack, in a thread-local destructor or in an exception (DESIGN section 2,
// Loading). Fails with one sentence for people.
#pragma once

#include <gatepost/abi.h>

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace gatepost::plugin {

// `file` is absolute. Refused without running any of its code if it does not export the entry.
result<const gatepost_plugin*> load_table(const std::filesystem::path& file,
                                          const std::string& host_version);

// Is this a table this host can work with? The words of the error follow the file's name.
status check_table(const gatepost_plugin* table);

// [a-z][a-z0-9-]{0,31}
bool is_plugin_id(std::string_view id);

}  // namespace gatepost::plugin
