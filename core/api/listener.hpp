// A Unix socket in the file system, bound so that nobody can talk to it before its rights are set.
//
// A socket that another process answers on is never taken over (`conflict`); one that nobody
// answers on is replaced; anything else at the path is left alone and refused (`config`). Missing
// folders are made, 0755: the socket's own mode says who may talk.
#pragma once

#include <filesystem>
#include <string>

#include "base/file.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

namespace gatepost::api {

class listener {
  public:
    static result<listener> open(const config::listener& how);
    // One that was handed in by systemd; it listens already, and its path is not ours to remove.
    static result<listener> adopt(unique_fd listening, config::role rights);

    listener(listener&&) = default;
    listener& operator=(listener&&) = default;
    // Removes the socket from the file system if it is still this one. To be called while it is
    // open: its inode's number may belong to another as soon as it is closed.
    void remove();

    int fd() const { return fd_.get(); }
    int release();
    config::role rights() const { return rights_; }

  private:
    listener() = default;

    unique_fd fd_;
    std::filesystem::path path_;  // empty if adopted
    uint64_t device_ = 0, inode_ = 0;
    config::role rights_ = config::role::send;
};

}  // namespace gatepost::api
