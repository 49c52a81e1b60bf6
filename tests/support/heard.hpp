// What is written to standard error while a test does something: the log, as its reader sees it.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>

#include "base/file.hpp"
#include "support/temp_folder.hpp"

namespace gatepost::tests {

inline std::string heard(const std::function<void()>& work) {
    const temp_folder folder;
    std::fflush(stderr);
    const unique_fd before(::dup(STDERR_FILENO));
    {
        const unique_fd file(::open((folder / "log").c_str(), O_WRONLY | O_CREAT, 0600));
        ::dup2(file.get(), STDERR_FILENO);
    }
    work();
    std::fflush(stderr);
    ::dup2(before.get(), STDERR_FILENO);
    return read_file(folder / "log");
}

}  // namespace gatepost::tests
