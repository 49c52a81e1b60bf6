// Looks at an ELF file before anything loads it. The loader of the C library trusts what it maps: a
// truncated library ends the process with SIGBUS, and headers of 2^60 bytes make a reader allocate
// them. So whatever a header claims is held against the size of the file first.
#pragma once

#include <cstdint>
#include <string>

namespace gatepost::plugin {

// Empty if the open file is a complete shared library for this machine; else a clause that follows
// the file's name: "is not a plugin: ...". Reads with pread, so the file position does not matter.
std::string elf_problem(int fd, uint64_t size);

}  // namespace gatepost::plugin
