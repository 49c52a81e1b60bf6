// The path is walked step by step instead of asking realpath and looking at the result: a link in a
// folder that others may write is as good as a file there.
#include "plugin/trust.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <memory>
#include <vector>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "plugin/elf.hpp"

namespace gatepost::plugin {
namespace {

using std::filesystem::path;

error refusal(const path& what, std::string_view clause) {
    return {error_kind::forbidden, what.string() + " " + std::string(clause)};
}

// Why someone else could change or replace what `facts` describes; empty if nobody can.
std::string openness(const struct stat& facts) {
    if (facts.st_uid != 0 && facts.st_uid != ::geteuid())
        return "belongs to another user (uid " + std::to_string(facts.st_uid) +
               "); give it to root or to the daemon's user with chown";
    if (S_ISLNK(facts.st_mode)) return {};  // a link has no permissions of its own
    if (S_ISDIR(facts.st_mode) && (facts.st_mode & S_ISVTX) != 0) return {};
    if ((facts.st_mode & S_IWOTH) != 0)
        return "may be written by every user; take that away with chmod o-w";
    const bool own_group = facts.st_gid == 0 || facts.st_gid == ::getegid();
    if ((facts.st_mode & S_IWGRP) != 0 && !own_group)
        return "may be written by the group " + std::to_string(facts.st_gid) +
               "; take that away with chmod g-w";
    return {};
}

std::deque<path> steps_of(const path& of) {
    std::deque<path> steps;
    for (const path& step : of.relative_path()) {
        if (!step.empty() && step != ".") steps.push_back(step);
    }
    return steps;
}

result<path> link_target(const path& link) {
    std::array<char, 4096> buffer{};
    const ssize_t size = ::readlink(link.c_str(), buffer.data(), buffer.size());
    if (size < 0) return error_from_errno(errno, "cannot read the link " + link.string());
    if (static_cast<size_t>(size) == buffer.size())
        return refusal(link, "is a link that is too long");
    return path(std::string(buffer.data(), static_cast<size_t>(size)));
}

status check_step(const path& at, struct stat& facts) {
    if (::lstat(at.c_str(), &facts) != 0)
        return error_from_errno(errno, "cannot look at " + at.string());
    if (const std::string open = openness(facts); !open.empty()) return refusal(at, open);
    return success{};
}

using digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

digest start_digest() {
    digest made(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (made && EVP_DigestInit_ex(made.get(), EVP_sha256(), nullptr) != 1) made.reset();
    return made;
}

// Reads all of `from`, hashing; writes to `to` as well if it is not negative.
result<std::string> pump(int from, int to) {
    const digest hash = start_digest();
    if (!hash) return error{error_kind::internal, "no SHA-256 in the crypto library"};
    std::vector<char> window(256 * 1024);
    for (uint64_t at = 0;;) {
        const ssize_t got = ::pread(from, window.data(), window.size(), static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_from_errno(errno, "cannot read");
        if (got == 0) break;
        const std::string_view bytes(window.data(), static_cast<size_t>(got));
        EVP_DigestUpdate(hash.get(), bytes.data(), bytes.size());
        if (to >= 0) {
            if (auto written = write_all(to, bytes); !written) return written.error();
        }
        at += bytes.size();
        if (at > limits::plugin_file_bytes) return error{error_kind::too_large, "it grows"};
    }
    std::array<char, 32> sum{};
    unsigned size = sum.size();
    EVP_DigestFinal_ex(hash.get(), reinterpret_cast<unsigned char*>(sum.data()), &size);
    return text::to_hex({sum.data(), size});
}

bool is_good_copy(const path& copy, const std::string& sha256) {
    const auto fd = open_file(copy, O_RDONLY | O_NONBLOCK);
    struct stat facts{};
    if (!fd || ::fstat(fd->get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
    if (!openness(facts).empty()) return false;
    const auto found = sha256_of(fd->get());
    return found && *found == sha256;
}

// A copy that a crash left half written has the wrong hash and is written again, so nothing is
// synced.
status write_copy(int from, const path& copy, const std::string& sha256) {
    path temp = copy;
    temp += ".tmp" + std::to_string(::getpid());
    ::unlink(temp.c_str());
    const auto fd = open_file(temp, O_WRONLY | O_CREAT | O_EXCL, 0500);
    if (!fd) return fd.error();
    const auto written = pump(from, fd->get());
    const bool same = written && *written == sha256;
    if (same && ::rename(temp.c_str(), copy.c_str()) == 0) return success{};
    const int number = errno;
    ::unlink(temp.c_str());
    if (!written) return written.error();
    if (!same) return error{error_kind::conflict, "it was changed while it was being read"};
    return error_from_errno(number, "cannot rename " + temp.string());
}

}  // namespace

result<path> trusted_path(const path& given) {
    std::error_code problem;
    const path absolute = std::filesystem::absolute(given, problem);
    if (problem) return error_from_errno(problem.value(), "cannot find " + given.string());
    path at = "/";
    std::deque<path> left = steps_of(absolute);
    struct stat facts{};
    if (auto root = check_step(at, facts); !root) return root.error();
    for (int links = 0; !left.empty();) {
        const path step = left.front();
        left.pop_front();
        if (step == "..") {
            at = at.parent_path();
            continue;
        }
        const path next = at / step;
        if (auto checked = check_step(next, facts); !checked) return checked.error();
        if (!S_ISLNK(facts.st_mode)) {
            at = next;
            continue;
        }
        if (++links > 40) return refusal(given, "goes through too many links");
        const auto target = link_target(next);
        if (!target) return target.error();
        if (target->is_absolute()) at = "/";
        std::deque<path> more = steps_of(*target);
        left.insert(left.begin(), more.begin(), more.end());
    }
    return at;
}

result<unique_fd> open_trusted(const path& file) {
    const auto resolved = trusted_path(file);
    if (!resolved) return resolved.error();
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    auto fd = open_file(*resolved, O_RDONLY | O_NONBLOCK);
    if (!fd) return fd.error();
    struct stat facts{};
    if (::fstat(fd->get(), &facts) != 0)
        return error_from_errno(errno, "cannot look at " + file.string());
    if (!S_ISREG(facts.st_mode))
        return refusal(file, "is not a regular file; only .so files belong here");
    if (const std::string open = openness(facts); !open.empty()) return refusal(file, open);
    const auto size = static_cast<uint64_t>(facts.st_size);
    if (size == 0) return refusal(file, "is empty; copy it here again");
    if (size > limits::plugin_file_bytes)
        return refusal(file, "is larger than " + std::to_string(limits::plugin_file_bytes >> 20) +
                                 " MiB; strip its debug symbols");
    if (const std::string problem = elf_problem(fd->get(), size); !problem.empty())
        return refusal(file, problem);
    return fd;
}

result<std::string> sha256_of(int fd) {
    return pump(fd, -1);
}

result<trusted_file> make_trusted_copy(const path& file, const path& copies) {
    const auto fd = open_trusted(file);
    if (!fd) return fd.error();
    const auto sum = sha256_of(fd->get());
    if (!sum) return refusal(file, "cannot be read: " + sum.error().detail);
    if (auto made = make_folders(copies); !made) return made.error();
    const auto folder = trusted_path(copies);
    if (!folder)
        return error{error_kind::forbidden,
                     "the folder for checked copies is not safe: " + folder.error().detail};
    trusted_file trusted{*folder / (*sum + ".so"), *sum};
    if (is_good_copy(trusted.copy, *sum)) return trusted;
    if (auto written = write_copy(fd->get(), trusted.copy, *sum); !written)
        return refusal(file,
                       "cannot be copied to " + folder->string() + ": " + written.error().detail);
    return trusted;
}

}  // namespace gatepost::plugin
