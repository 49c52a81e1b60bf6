// Decides whether a plugin file may be loaded, and gives a copy that cannot change any more.
//
// A plugin is code that runs with the daemon's rights, so nobody but root and the daemon's own user
// may be able to put it there: the file and every folder on the way to it must belong to one of
// the two and be closed to others. Write permission of a group counts as closed if it is the
// daemon's own group (or root's): under umask 002 a person's files belong to the person's own group
// and are writable by it. A sticky folder such as /tmp may stand above. Symlinks are followed, and
// each link is held to the same rule.
//
// The file is opened once and judged by that descriptor. What is loaded is COPIES/<sha256>.so, so
// that `cp new.so old.so` over a plugin in use harms nothing. A refusal is one sentence: what, and
// what to do.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"

namespace gatepost::plugin {

struct trusted_file {
    std::filesystem::path copy;
    std::string sha256;  // hex, of the copy
};

result<trusted_file> make_trusted_copy(const std::filesystem::path& file,
                                       const std::filesystem::path& copies);

// The parts of it.
// The path without links, if nobody else can replace what it names.
result<std::filesystem::path> trusted_path(const std::filesystem::path& path);
// Open and judged: a regular file of a size, owner and mode that are allowed.
result<unique_fd> open_trusted(const std::filesystem::path& path);
// Hex, of the whole file behind the descriptor.
result<std::string> sha256_of(int fd);

}  // namespace gatepost::plugin
