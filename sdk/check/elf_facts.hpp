// What can be seen in a plugin file without running a line of it. Fails with `invalid` if the file
// is no 64-bit ELF shared object of this machine's byte order.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace gatepost::check {

struct elf_facts {
    std::vector<std::string> exported;  // defined, global or weak, visible from outside
    std::vector<std::string> unique;    // STB_GNU_UNIQUE: shared by the whole process
    bool relro = false, bind_now = false;
};

result<elf_facts> read_elf(const std::filesystem::path& file);

}  // namespace gatepost::check
