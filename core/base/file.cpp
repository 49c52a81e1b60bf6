#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace gatepost {
namespace {

int open_retrying(const std::filesystem::path& path, int flags, unsigned mode) {
    int fd = -1;
    do {
        fd = ::open(path.c_str(), flags, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

}  // namespace

unique_fd::~unique_fd() {
    if (fd_ >= 0) ::close(fd_);
}

result<unique_fd> open_file(const std::filesystem::path& path, int flags, unsigned mode) {
    const int fd = open_retrying(path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) return error_from_errno(errno, "cannot open " + path.string());
    return unique_fd(fd);
}

result<std::string> read_small_file(const std::filesystem::path& path, size_t max_bytes) {
    // O_NONBLOCK: opening a FIFO must not wait for its writer. Symlinks are followed: /etc is full
    // of good ones.
    const unique_fd fd(open_retrying(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0));
    if (!fd) return error_from_errno(errno, "cannot open " + path.string());
    struct stat facts{};
    if (::fstat(fd.get(), &facts) != 0)
        return error_from_errno(errno, "cannot look at " + path.string());
    if (!S_ISREG(facts.st_mode))
        return error{error_kind::io, path.string() + " is not a regular file"};
    std::string bytes(max_bytes + 1, '\0');
    size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t got = ::read(fd.get(), bytes.data() + size, bytes.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_from_errno(errno, "cannot read " + path.string());
        if (got == 0) break;
        size += static_cast<size_t>(got);
    }
    if (size > max_bytes) {
        return error{error_kind::too_large,
                     path.string() + " is larger than " + std::to_string(max_bytes) + " bytes"};
    }
    bytes.resize(size);
    return bytes;
}

status write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return error_from_errno(errno, "cannot write");
        bytes.remove_prefix(static_cast<size_t>(put));
    }
    return success{};
}

status replace_file(const std::filesystem::path& path, std::string_view bytes, unsigned mode) {
    static std::atomic<uint64_t> counter{0};  // two threads may replace one file
    std::filesystem::path temp = path;
    temp += ".tmp" + std::to_string(::getpid()) + "-" + std::to_string(++counter);
    ::unlink(temp.c_str());
    auto fd = open_file(temp, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (!fd) return fd.error();
    if (auto written = write_all(fd->get(), bytes); !written) {
        ::unlink(temp.c_str());
        return error{written.error().kind, temp.string() + ": " + written.error().detail};
    }
    if (::fdatasync(fd->get()) != 0 || ::rename(temp.c_str(), path.c_str()) != 0) {
        const error failure = error_from_errno(errno, "cannot replace " + path.string());
        ::unlink(temp.c_str());
        return failure;
    }
    return sync_folder(path.parent_path());
}

status sync_folder(const std::filesystem::path& folder) {
    // The folder's own name may be a symlink: the files in it were reached through it, too.
    const char* const name = folder.empty() ? "." : folder.c_str();
    const unique_fd fd(open_retrying(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
    if (!fd) return error_from_errno(errno, "cannot open " + folder.string());
    if (::fsync(fd.get()) != 0) return error_from_errno(errno, "cannot sync " + folder.string());
    return success{};
}

status make_folders(const std::filesystem::path& folder, unsigned mode) {
    std::filesystem::path so_far;
    for (const auto& step : folder) {
        so_far /= step;
        if (::mkdir(so_far.c_str(), mode) == 0) continue;
        // There already, or behind a parent that is read-only (EROFS, EACCES); or it is no folder.
        const int number = errno == EEXIST ? ENOTDIR : errno;
        struct stat facts{};
        if (::stat(so_far.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) continue;
        return error_from_errno(number, "cannot make the folder " + so_far.string());
    }
    return success{};
}

}  // namespace gatepost
