// FUSE has one magic number for all; which one it is stands in mountinfo, found by device number.
#include "spool/folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"

namespace gatepost::spool {
namespace {

constexpr uint64_t fuse_magic = 0x65735546;
constexpr uint64_t plan9_magic = 0x01021997;

constexpr std::array<std::pair<uint64_t, std::string_view>, 9> network_magics = {{
    {0x6969, "nfs"},
    {0x517b, "smb"},
    {0xff534d42, "cifs"},
    {0xfe534d42, "smb2"},
    {0x5346414f, "afs"},
    {0x00c36400, "ceph"},
    {0x73757245, "coda"},
    {0x564c, "ncpfs"},
    {0x19830326, "fhgfs"},
}};
constexpr std::array<std::string_view, 12> network_fuse = {
    "sshfs",     "glusterfs", "ceph",    "s3fs",   "rclone",     "davfs",
    "curlftpfs", "moosefs",   "gcsfuse", "goofys", "gvfsd-fuse", "smbnetfs"};

// "fuse.sshfs" for the device the folder is on; empty if it is not found.
std::string mount_type_of(dev_t device) {
    std::ifstream mounts("/proc/self/mountinfo");
    const std::string wanted = std::to_string(major(device)) + ":" + std::to_string(minor(device));
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string id, parent, number, word;
        words >> id >> parent >> number;
        if (number != wanted) continue;
        while (words >> word && word != "-") {
        }
        words >> word;
        return word;
    }
    return {};
}

status check_file_system(const std::filesystem::path& folder, dev_t device) {
    struct statfs facts{};
    if (::statfs(folder.c_str(), &facts) != 0)
        return error_from_errno(errno, "cannot look at the file system of " + folder.string());
    const auto type = static_cast<uint64_t>(facts.f_type) & 0xffffffff;
    const std::string name =
        refused_file_system(type, type == fuse_magic ? mount_type_of(device) : "");
    if (!name.empty()) {
        return error{error_kind::config,
                     "the spool " + folder.string() + " lies on a network file system (" + name +
                         "), which does not keep what it acknowledged; give it a local disk"};
    }
    if (type == plan9_magic) {
        log::warn("spool.file_system",
                  "the spool lies on 9p: what it keeps through a power cut "
                  "depends on the host",
                  {{"folder", folder.string()}});
    }
    return success{};
}

status check_folder(const std::filesystem::path& folder) {
    struct stat facts{};
    if (::lstat(folder.c_str(), &facts) != 0)
        return error_from_errno(errno, "cannot look at " + folder.string());
    const std::string name = "the spool " + folder.string();
    if (!S_ISDIR(facts.st_mode)) return error{error_kind::config, name + " is not a folder"};
    if (facts.st_uid != ::geteuid()) {
        return error{error_kind::config, name + " belongs to the user " +
                                             std::to_string(facts.st_uid) + ", not to " +
                                             std::to_string(::geteuid()) + " who runs gatepostd"};
    }
    if ((facts.st_mode & 077) != 0) {
        return error{error_kind::config, name + " is open to others: chmod 700 " + folder.string()};
    }
    return check_file_system(folder, facts.st_dev);
}

error in_use(const std::filesystem::path& folder, int fd) {
    char text[32] = {};
    const ssize_t got = ::pread(fd, text, sizeof text - 1, 0);
    const auto pid = text::parse_unsigned(
        text::trim(std::string_view(text, static_cast<size_t>(std::max<ssize_t>(got, 0)))));
    return {error_kind::conflict,
            "the spool " + folder.string() + " is in use by another gatepostd" +
                (pid ? " (pid " + std::to_string(*pid) + ")" : std::string())};
}

}  // namespace

std::string refused_file_system(uint64_t type, std::string_view mount_type) {
    for (const auto& [magic, name] : network_magics) {
        if (magic == type) return std::string(name);
    }
    if (type != fuse_magic || !mount_type.starts_with("fuse.")) return {};
    const std::string_view kind = mount_type.substr(5);
    const bool found =
        std::find(network_fuse.begin(), network_fuse.end(), kind) != network_fuse.end();
    return found ? std::string(mount_type) : std::string();
}

result<folder_lock> folder_lock::take(const std::filesystem::path& folder) {
    if (auto made = make_folders(folder, 0700); !made) return made.error();
    if (auto good = check_folder(folder); !good) return good.error();
    auto fd = open_file(folder / "lock", O_RDWR | O_CREAT | O_NONBLOCK, 0600);
    if (!fd) return fd.error();
    if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return in_use(folder, fd->get());
        return error_from_errno(errno, "cannot lock the spool " + folder.string());
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd->get(), 0) != 0 ||
        ::pwrite(fd->get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        // Only for the message of a second daemon; a full disk must not stop the first.
        log::debug("spool.pid", "the pid could not be written into the lock file");
    }
    return folder_lock(std::move(*fd));
}

room room_left(const std::filesystem::path& folder) {
    constexpr uint64_t reserve = 16ULL << 20;
    struct statvfs facts{};
    if (::statvfs(folder.c_str(), &facts) != 0) return {};
    const uint64_t unit = facts.f_frsize;
    const uint64_t total = facts.f_blocks * unit;
    const uint64_t kept = std::min(reserve, total / 8);
    const uint64_t available = facts.f_bavail * unit;
    room left;
    left.bytes = available > kept ? available - kept : 0;
    left.inodes = facts.f_files == 0 || facts.f_favail > facts.f_files / 100;
    return left;
}

}  // namespace gatepost::spool
