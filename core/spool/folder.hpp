// The spool's folder: ours alone, on a disk of this machine, used by one daemon at a time.
//
// The lock is flock(2) on the file `lock`, which holds the owner's pid; it ends with the process,
// however that ends. Refusals: `conflict` with the other's pid; `config` for a foreign owner, open
// permissions, a network file system by its name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"

namespace gatepost::spool {

class folder_lock {
  public:
    // Makes the folder (0700) if it is missing, checks it, takes the lock.
    static result<folder_lock> take(const std::filesystem::path& folder);

  private:
    explicit folder_lock(unique_fd fd) : fd_(std::move(fd)) {}
    unique_fd fd_;
};

// The name of a file system whose sync cannot be relied on ("nfs", "fuse.sshfs"), or empty. `type`
// is statfs's f_type, `mount_type` what /proc/self/mountinfo says.
std::string refused_file_system(uint64_t type, std::string_view mount_type);

// Space and inodes that are kept back, so that verdicts can be written when accepting stopped:
// 16 MiB or an eighth of a small file system, 1 % of its inodes.
struct room {
    uint64_t bytes = 0;  // free beyond the reserve
    bool inodes = true;
};
room room_left(const std::filesystem::path& folder);

}  // namespace gatepost::spool
