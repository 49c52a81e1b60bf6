// file/1 but for write: small, rare, and each on a blocking thread. Nothing that could block for
// ever is opened: a FIFO or a device is seen for what it is and refused.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/limits.hpp"
#include "plugin/strings.hpp"
#include "services/backstage.hpp"
#include "services/file_write.hpp"
#include "services/folder.hpp"

namespace gatepost::services {
namespace {

using answer = plugin::operation::answer;
using disk_work = answer (*)(const place& where);

answer make_folder(const place& where) {
    const auto made = make_place(where);
    return made ? answer{} : answer_of(made.error());
}

result<unique_fd> open_regular(const place& where) {
    auto folder = open_folder(where);
    if (!folder) return folder;
    constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    unique_fd fd(::openat(folder->get(), where.name.c_str(), flags));
    if (!fd) return file_error(errno, "cannot open " + where.path());
    struct stat facts{};
    if (::fstat(fd.get(), &facts) != 0) return file_error(errno, "cannot look at " + where.path());
    if (!S_ISREG(facts.st_mode))
        return error{error_kind::io, where.path() + " is not a regular file"};
    return fd;
}

answer read_file(const place& where) {
    const auto fd = open_regular(where);
    if (!fd) return answer_of(fd.error());
    std::string bytes(limits::small_file_bytes + 1, '\0');
    size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t got = ::read(fd->get(), bytes.data() + size, bytes.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return answer_of(file_error(errno, "cannot read " + where.path()));
        if (got == 0) break;
        size += static_cast<size_t>(got);
    }
    if (size > limits::small_file_bytes) {
        return answer_of({error_kind::too_large, where.path() + " is larger than " +
                                                     std::to_string(limits::small_file_bytes) +
                                                     " bytes"});
    }
    bytes.resize(size);
    return {GATEPOST_OK, {}, 0, size, std::move(bytes), nullptr};
}

answer remove_file(const place& where) {
    const auto folder = open_folder(where);
    if (!folder) return answer_of(folder.error());
    if (::unlinkat(folder->get(), where.name.c_str(), 0) != 0 || ::fsync(folder->get()) != 0)
        return answer_of(file_error(errno, "cannot remove " + where.path()));
    return {};
}

// `below`: the folder itself is not meant.
gatepost_status on_place(const gatepost_host* host, gatepost_call call, gatepost_string path,
                         const caller& who, bool below, disk_work work) {
    return serve(host, call, who.done, [&](plugin::call_context& context, backstage& house) {
        auto found = locate(plugin::view_of(path), context.owner().folders());
        if (!found && found.error().kind == error_kind::plugin_fault)
            return gatepost_status{GATEPOST_INVALID};
        if (found && below && found->name.empty())
            found = error{error_kind::forbidden, found->root + " is the folder itself"};
        return answer_with(context, house, who, found ? where::on_disk : where::here,
                           [found = std::move(found), work](const auto&) {
                               return found ? work(*found) : answer_of(found.error());
                           });
    });
}

gatepost_status file_write(const gatepost_host* host, gatepost_call call,
                           const gatepost_file_write* request, gatepost_done done, void* user,
                           gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        return start_write(host, call, context, house, {done, user, operation}, request);
    });
}

gatepost_status file_mkdir(const gatepost_host* host, gatepost_call call, gatepost_string path,
                           gatepost_done done, void* user, gatepost_operation* operation) {
    return on_place(host, call, path, {done, user, operation}, false, make_folder);
}

gatepost_status file_read(const gatepost_host* host, gatepost_call call, gatepost_string path,
                          gatepost_done done, void* user, gatepost_operation* operation) {
    return on_place(host, call, path, {done, user, operation}, true, read_file);
}

gatepost_status file_remove(const gatepost_host* host, gatepost_call call, gatepost_string path,
                            gatepost_done done, void* user, gatepost_operation* operation) {
    return on_place(host, call, path, {done, user, operation}, true, remove_file);
}

}  // namespace

const gatepost_file file_table{
    sizeof(gatepost_file), 0, file_write, file_mkdir, file_read, file_remove};

}  // namespace gatepost::services
