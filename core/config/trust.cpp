// Permission bits, in words with the command that puts them right.
#include "config/trust.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/file.hpp"

namespace gatepost::config {

namespace {

result<unique_fd> open_to_read(const std::filesystem::path& file) {
    int fd = -1;
    do {
        fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        const int why = errno;
        error failure = error_from_errno(why, "cannot open " + file.string());
        failure.detail += advice_of(why);
        if (why == ENOENT) failure.kind = error_kind::not_found;
        return failure;
    }
    return unique_fd(fd);
}

status read_up_to(int fd, size_t max_bytes, const std::string& name, std::string& out) {
    std::array<char, 16 * 1024> window;
    for (;;) {
        const ssize_t got = ::read(fd, window.data(), window.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_from_errno(errno, "cannot read " + name);
        if (got == 0) return success{};
        out.append(window.data(), static_cast<size_t>(got));
        if (out.size() > max_bytes)
            return error{error_kind::too_large,
                         name + " is larger than " + std::to_string(max_bytes) + " bytes"};
    }
}

}  // namespace

result<read_file> read_with_facts(const std::filesystem::path& file, size_t max_bytes) {
    auto fd = open_to_read(file);
    if (!fd) return std::move(fd).error();
    read_file out;
    if (::fstat(fd->get(), &out.facts) != 0)
        return error_from_errno(errno, "cannot look at " + file.string());
    if (!S_ISREG(out.facts.st_mode))
        return error{error_kind::io, file.string() + " is not a regular file"};
    if (status read = read_up_to(fd->get(), max_bytes, file.string(), out.text); !read)
        return std::move(read).error();
    return out;
}

std::string advice_of(int number) {
    if (number != EACCES) return {};
    return "; give the daemon's user (uid " + std::to_string(::geteuid()) +
           ") the right to read it, and all folders above it: chgrp them to its group and "
           "chmod g+rX";
}

std::optional<std::string> writable_by_others(const struct stat& facts) {
    if ((facts.st_mode & S_IWOTH) != 0) return "can be written by everyone; chmod o-w it";
    if ((facts.st_mode & S_IWGRP) != 0 && facts.st_gid != ::getegid())
        return "can be written by a group that is not the daemon's; chmod g-w it";
    return std::nullopt;
}

std::optional<std::string> readable_by_others(const struct stat& facts) {
    if ((facts.st_mode & (S_IROTH | S_IWOTH)) != 0) return "can be read by everyone; chmod 600 it";
    if ((facts.st_mode & (S_IRGRP | S_IWGRP)) != 0 && facts.st_gid != ::getegid())
        return "can be read by a group that is not the daemon's; chmod 600 it";
    return std::nullopt;
}

}  // namespace gatepost::config
