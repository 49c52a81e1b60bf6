// The few things every room does with files, once: a descriptor that closes itself, reading a small
// file, replacing a file atomically and durably. Paths are used as given; what is opened for
// writing follows no symlink at the last step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace gatepost {

class unique_fd {
  public:
    unique_fd() = default;
    explicit unique_fd(int fd) : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~unique_fd();

    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

// open(2) with O_CLOEXEC and O_NOFOLLOW; EINTR is retried.
result<unique_fd> open_file(const std::filesystem::path& path, int flags, unsigned mode = 0600);
// Whole regular file, at most `max_bytes`, also through a symlink; a FIFO, device or folder is
// refused without blocking.
result<std::string> read_small_file(const std::filesystem::path& path, size_t max_bytes);
status write_all(int fd, std::string_view bytes);
// Temp file in the same folder, fdatasync, rename, fsync folder.
status replace_file(const std::filesystem::path& path, std::string_view bytes,
                    unsigned mode = 0600);
status sync_folder(const std::filesystem::path& folder);
// mkdir -p with the mode for what is created; an existing folder is left as it is, anything else in
// the way is an error.
status make_folders(const std::filesystem::path& folder, unsigned mode = 0700);

}  // namespace gatepost
