// openat2 says in one call what takes a loop of openat otherwise; both are kept, because container
// runtimes of the last years filter the new one out. Both are tested against the same rules.
#include "services/folder.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>

#include "base/limits.hpp"

namespace gatepost::services {
namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// The steps of an absolute path; nothing if it is not one, or leads upwards.
std::optional<std::vector<std::string_view>> steps_of(std::string_view path) {
    std::vector<std::string_view> steps;
    if (path.empty() || path.front() != '/' || path.size() > limits::path_bytes ||
        path.find('\0') != std::string_view::npos)
        return std::nullopt;
    while (!path.empty()) {
        const size_t end = std::min(path.find('/'), path.size());
        const std::string_view step = path.substr(0, end);
        if (step == "..") return std::nullopt;
        if (!step.empty() && step != ".") steps.push_back(step);
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return steps;
}

std::string joined(const std::vector<std::string_view>& steps, size_t begin, size_t end) {
    std::string out;
    for (size_t i = begin; i < end; ++i) {
        if (i > begin) out += '/';
        out += steps[i];
    }
    return out;
}

// openat2 with the rules above; -1 and errno.
int open_beneath(int root, const std::string& path) {
    open_how how{};
    how.flags = folder_flags;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    long fd = -1;
    do {
        fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    return static_cast<int>(fd);
}

// ENOTDIR where a symlink stands: O_NOFOLLOW with O_DIRECTORY says so.
int errno_of_step(int folder, const char* step) {
    const int number = errno;
    struct stat facts{};
    if (number == ENOTDIR && ::fstatat(folder, step, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(facts.st_mode))
        return ELOOP;
    return number;
}

result<unique_fd> open_root(const place& where) {
    unique_fd root(::open(where.root.c_str(), folder_flags));
    if (!root) return file_error(errno, "cannot open the folder " + where.root);
    return root;
}

result<unique_fd> open_step(int folder, const std::string& step, const std::string& path) {
    unique_fd next(::openat(folder, step.c_str(), folder_flags | O_NOFOLLOW));
    if (!next)
        return file_error(errno_of_step(folder, step.c_str()), "cannot open the folder " + path);
    return next;
}

// Makes one folder; a new name is synced, an old one is left as it is.
status make_step(int folder, const std::string& step, const std::string& path) {
    if (::mkdirat(folder, step.c_str(), 0700) == 0) {
        if (::fsync(folder) == 0) return success{};
    } else if (errno == EEXIST) {
        return success{};  // what it is shows when it is opened
    }
    return file_error(errno, "cannot make the folder " + path);
}

// The root is the owner's word: symlinks above it are followed.
result<unique_fd> make_root(const place& where) {
    unique_fd at(::open("/", folder_flags));
    const auto steps = steps_of(where.root);
    if (!at || !steps) return file_error(errno, "cannot open the folder /");
    std::string path;
    for (const std::string_view each : *steps) {
        const std::string step(each);
        path += '/' + step;
        unique_fd next(::openat(at.get(), step.c_str(), folder_flags));
        if (!next && errno == ENOENT) {
            if (auto made = make_step(at.get(), step, path); !made) return made.error();
            next = unique_fd(::openat(at.get(), step.c_str(), folder_flags));
        }
        // A folder above that may be passed through but not listed is no obstacle.
        if (!next && errno == EACCES)
            next = unique_fd(::openat(at.get(), step.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!next) return file_error(errno, "cannot open the folder " + path);
        at = std::move(next);
    }
    return at;
}

}  // namespace

std::string place::folder_path() const {
    return folder.empty() ? root : (root == "/" ? "" : root) + "/" + folder;
}

std::string place::path() const {
    if (name.empty()) return root;
    const std::string above = folder_path();
    return (above == "/" ? "" : above) + "/" + name;
}

result<place> locate(std::string_view path, const std::vector<std::string>& folders) {
    const auto steps = steps_of(path);
    if (!steps)
        return error{error_kind::plugin_fault, "the path is not absolute, or leads upwards"};
    std::optional<std::vector<std::string_view>> best;
    for (const std::string& each : folders) {
        auto root = steps_of(each);
        if (!root || root->size() > steps->size() || (best && best->size() >= root->size()))
            continue;
        if (std::equal(root->begin(), root->end(), steps->begin())) best = std::move(root);
    }
    if (!best) {
        return error{
            error_kind::forbidden,
            std::string(path) + " is not below a folder that the settings of this connection name"};
    }
    place found;
    found.root = "/" + joined(*best, 0, best->size());
    if (steps->size() == best->size()) return found;
    found.folder = joined(*steps, best->size(), steps->size() - 1);
    found.name = steps->back();
    return found;
}

result<unique_fd> open_folder(const place& where) {
    static std::atomic<bool> have_openat2{true};
    if (where.folder.empty()) return open_root(where);
    if (!have_openat2.load(std::memory_order_relaxed)) return open_folder_by_steps(where);
    const unique_fd root(::open(where.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return file_error(errno, "cannot open the folder " + where.root);
    unique_fd folder(open_beneath(root.get(), where.folder));
    if (folder) return folder;
    if (errno == ENOSYS || errno == EPERM) {  // EPERM: a container's system call filter
        have_openat2 = false;
        return open_folder_by_steps(where);
    }
    return file_error(errno, "cannot open the folder " + where.folder_path());
}

result<unique_fd> open_folder_by_steps(const place& where) {
    auto at = open_root(where);
    const std::string path = where.folder_path();
    for (const auto& step : std::filesystem::path(where.folder)) {
        if (!at) break;
        at = open_step(at->get(), step.string(), path);
    }
    return at;
}

status make_place(const place& where) {
    auto at = make_root(where);
    const std::string path = where.path();
    for (const auto& each : std::filesystem::path(where.folder) / where.name) {
        if (!at) break;
        const std::string step = each.string();
        if (step.empty()) continue;
        if (auto made = make_step(at->get(), step, path); !made) return made.error();
        at = open_step(at->get(), step, path);
    }
    if (!at) return at.error();
    return success{};
}

error file_error(int number, std::string_view what) {
    error failure = error_from_errno(number, what);
    if (number == ENOENT) failure.kind = error_kind::not_found;
    if (number == EEXIST) failure.kind = error_kind::conflict;
    if (number == ELOOP || (number == EXDEV && what.starts_with("cannot open")))
        failure.kind = error_kind::forbidden;
    if (number == ELOOP) failure.detail += " (symbolic links are not followed below the folder)";
    return failure;
}

}  // namespace gatepost::services
