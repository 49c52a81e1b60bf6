// Who may have touched a file, and who may look into it. What is read is what was judged: the
// descriptor, not the name.
//
// The rule: configuration must not be writable by others, secrets must not be readable by them, and
// a group has these rights only if it is the daemon's own (so that a clone made under umask 002
// works).
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace gatepost::config {

struct read_file {
    std::string text;
    struct stat facts{};
};

// At most `max_bytes` of a regular file; never waits on a FIFO. `not_found` if it is not there.
result<read_file> read_with_facts(const std::filesystem::path& file, size_t max_bytes);

// Behind "Permission denied": what to do about it. Nothing if `number` is another errno.
std::string advice_of(int number);

// Why a file or folder may not be trusted, or nothing: "can be written by everyone; ..."
std::optional<std::string> writable_by_others(const struct stat& facts);
// Why a file may not hold a secret, or nothing.
std::optional<std::string> readable_by_others(const struct stat& facts);

}  // namespace gatepost::config
