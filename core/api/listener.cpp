// bind(2) under umask 0177, then group and mode, then listen(2): until the last step a connect is
// refused.
#include "api/listener.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace gatepost::api {
namespace {

constexpr int backlog = 512;

result<sockaddr_un> address_of(const std::filesystem::path& path) {
    sockaddr_un out{};
    const std::string& text = path.native();
    if (text.empty() || text.size() >= sizeof out.sun_path) {
        return error{error_kind::config, "the socket path " + text + " has more than " +
                                             std::to_string(sizeof out.sun_path - 1) +
                                             " bytes, which the kernel does not take"};
    }
    out.sun_family = AF_UNIX;
    std::memcpy(out.sun_path, text.data(), text.size());
    return out;
}

const sockaddr* plain(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

unique_fd new_socket() {
    return unique_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// Takes what lies at the path out of the way, if it may be.
status make_room(const std::filesystem::path& path, const sockaddr_un& address) {
    struct stat there{};
    if (::lstat(path.c_str(), &there) != 0) {
        return errno == ENOENT ? status(success{}) : error_from_errno(errno, path.native());
    }
    if (!S_ISSOCK(there.st_mode)) {
        return error{error_kind::config,
                     path.native() + " exists and is no socket; it is left as it is"};
    }
    const unique_fd probe = new_socket();
    if (!probe) return error_from_errno(errno, "socket");
    if (::connect(probe.get(), plain(address), sizeof address) == 0 || errno == EAGAIN) {
        return error{error_kind::conflict,
                     "another process listens on " + path.native() + "; stop it first"};
    }
    if (errno != ECONNREFUSED && errno != ENOENT) {
        return error_from_errno(errno, "cannot tell whether " + path.native() + " is in use");
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return error_from_errno(errno, "cannot remove the old socket " + path.native());
    }
    return success{};
}

result<gid_t> group_id(const std::string& name) {
    std::vector<char> room(16 * 1024);
    group entry{};
    group* found = nullptr;
    const int failed = ::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
    if (found == nullptr) {
        return error{error_kind::config,
                     "there is no group " + name +
                         (failed != 0 ? std::string(": ") + std::strerror(failed) : "")};
    }
    return entry.gr_gid;
}

status bind_private(int fd, const sockaddr_un& address) {
    const mode_t before = ::umask(0177);
    const int bound = ::bind(fd, plain(address), sizeof address);
    const int failed = errno;
    ::umask(before);
    if (bound == 0) return success{};
    return error_from_errno(failed, std::string("cannot bind ") + address.sun_path);
}

status set_rights(const config::listener& how) {
    if (!how.group.empty()) {
        auto group = group_id(how.group);
        if (!group) return group.error();
        if (::lchown(how.path.c_str(), static_cast<uid_t>(-1), *group) != 0) {
            return error_from_errno(errno,
                                    "cannot give " + how.path.native() + " to group " + how.group);
        }
    }
    if (::chmod(how.path.c_str(), how.mode) != 0) {
        return error_from_errno(errno, "cannot set the mode of " + how.path.native());
    }
    return success{};
}

}  // namespace

result<listener> listener::open(const config::listener& how) {
    auto address = address_of(how.path);
    if (!address) return address.error();
    if (how.path.has_parent_path()) {
        if (auto made = make_folders(how.path.parent_path(), 0755); !made) return made.error();
    }
    if (auto free = make_room(how.path, *address); !free) return free.error();
    listener out;
    out.fd_ = new_socket();
    if (!out.fd_) return error_from_errno(errno, "socket");
    if (auto bound = bind_private(out.fd_.get(), *address); !bound) return bound.error();
    out.path_ = how.path;
    out.rights_ = how.rights;
    struct stat there{};
    if (::lstat(how.path.c_str(), &there) != 0) return error_from_errno(errno, how.path.native());
    out.device_ = there.st_dev;
    out.inode_ = there.st_ino;
    if (auto set = set_rights(how); !set) {
        out.remove();
        return set.error();
    }
    if (::listen(out.fd_.get(), backlog) != 0) {
        out.remove();
        return error_from_errno(errno, "cannot listen on " + how.path.native());
    }
    return out;
}

result<listener> listener::adopt(unique_fd listening, config::role rights) {
    int answer = 0;
    socklen_t size = sizeof answer;
    if (::getsockopt(listening.get(), SOL_SOCKET, SO_ACCEPTCONN, &answer, &size) != 0 ||
        answer == 0) {
        return error{error_kind::config, "the descriptor handed in is no listening socket"};
    }
    int family = 0;
    size = sizeof family;
    if (::getsockopt(listening.get(), SOL_SOCKET, SO_DOMAIN, &family, &size) != 0 ||
        family != AF_UNIX) {
        return error{error_kind::config, "the descriptor handed in is no Unix socket"};
    }
    ::fcntl(listening.get(), F_SETFL, ::fcntl(listening.get(), F_GETFL) | O_NONBLOCK);
    ::fcntl(listening.get(), F_SETFD, FD_CLOEXEC);
    listener out;
    out.fd_ = std::move(listening);
    out.rights_ = rights;
    return out;
}

void listener::remove() {
    if (path_.empty()) return;
    struct stat there{};
    if (::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
    path_.clear();
}

int listener::release() {
    const int fd = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0);
    fd_ = {};
    return fd;
}

}  // namespace gatepost::api
