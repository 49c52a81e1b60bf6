// A write in four steps, so that no thread waits for another's disk:
//   1. prepare  (blocking thread)  temp file, bytes in windows, fdatasync
//   2. decide   (strand)           still wanted? If it commits, the ledger says so from here on
//   3. place    (blocking thread)  rename, then wait for the folder's sync, shared with others
//   4. settle   (strand)           the ledger learns that the outcome is known; done
//
// Certainty: the ledger is marked begun *and* written before the rename is issued, because between
// the two no instant may exist in which the file is there and the ledger says "certainly not". The
// mark is made on the strand, where the call's end is decided too: a call that is over gets no
// rename any more. If the rename is refused, or the folder is synced, the outcome is known
// (answered); a failed sync leaves it unknown, which is the truth. Before the mark a write can be
// cancelled and leaves nothing; after it, it cannot.
#include "services/file_write.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/limits.hpp"
#include "plugin/strings.hpp"
#include "services/folder.hpp"
#include "services/segments.hpp"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

namespace gatepost::services {
namespace {

using answer = plugin::operation::answer;

constexpr size_t sync_bytes = size_t{1} << 20;

struct order {
    place target, temp;  // temp.name empty: a name of ours beside the target
    segment_list content;
    mode_t mode = 0600;
    bool replace = false, commits = false;
};

class write_job : public std::enable_shared_from_this<write_job> {
  public:
    write_job(order what, backstage& house, call_link link)
        : what_(std::move(what)), house_(house), link_(std::move(link)) {}

    void start(std::shared_ptr<plugin::operation> operation);

  private:
    // What went wrong; nothing if all went well.
    using failure = std::optional<error>;

    void prepare();
    failure prepare_file();
    failure open_temp();
    failure create_temp(const std::string& name);
    failure fill(int fd);
    failure sync(int fd) const;
    void decide(plugin::call_context* context);
    void put_in_place();
    int rename_temp();
    int link_temp();
    void settle(answer with, bool known);
    void drop_temp();
    void finish_early(answer with);
    bool on_disk(void (write_job::*step)());
    std::string cannot_write() const { return "cannot write " + what_.target.path(); }

    order what_;
    backstage& house_;
    call_link link_;
    std::shared_ptr<plugin::operation> operation_;
    std::atomic<bool> cancelled_{false};
    unique_fd target_folder_, temp_folder_, file_;
    std::string temp_name_;  // not empty: it is there and ours
};

bool write_job::on_disk(void (write_job::*step)()) {
    return house_.pool.post([self = shared_from_this(), step] {
        try {
            (self.get()->*step)();
        } catch (const std::exception& thrown) {
            // Not known where it stopped: the ledger stays as it is.
            self->operation_->finish({GATEPOST_FAILED, thrown.what(), 0, 0, {}, nullptr});
        }
    });
}

void write_job::start(std::shared_ptr<plugin::operation> operation) {
    operation_ = std::move(operation);
    operation_->on_cancel([weak = weak_from_this()] {
        if (const auto running = weak.lock()) running->cancelled_ = true;
    });
    if (!on_disk(&write_job::prepare))
        operation_->finish(answer_of({error_kind::busy, "the gateway is shutting down"}));
}

// ---- 1. prepare -----------------------------------------------------------------------------

void write_job::prepare() {
    if (auto failed = prepare_file()) return finish_early(answer_of(*failed));
    if (cancelled_) return finish_early(cancelled_answer());
    if (!what_.commits) return put_in_place();
    link_.on_strand(
        [self = shared_from_this()](plugin::call_context* context) { self->decide(context); });
}

write_job::failure write_job::prepare_file() {
    auto target = open_folder(what_.target);
    if (!target) return target.error();
    target_folder_ = std::move(*target);
    const bool beside = what_.temp.name.empty() || (what_.temp.root == what_.target.root &&
                                                    what_.temp.folder == what_.target.folder);
    if (!beside) {
        auto temp = open_folder(what_.temp);
        if (!temp) return temp.error();
        temp_folder_ = std::move(*temp);
    }
    if (auto failed = open_temp()) return failed;
    auto failed = fill(file_.get());
    file_ = unique_fd();
    return failed;
}

// A temp name that is taken is what an attempt before a crash left behind. It is nobody's business
// to remove it here, and no reason to fail: another name will do.
write_job::failure write_job::open_temp() {
    static std::atomic<uint64_t> counter{0};
    constexpr int tries = 100;
    std::string name = what_.temp.name;
    for (int i = 0; i < tries; ++i) {
        if (name.empty() || i > 0) {
            name = ".gatepost-" + std::to_string(::getpid()) + "-" + std::to_string(++counter);
        }
        auto failed = create_temp(name);
        if (!failed || failed->kind != error_kind::conflict) return failed;
    }
    return error{error_kind::io, cannot_write() + ": every temporary name is taken"};
}

write_job::failure write_job::create_temp(const std::string& name) {
    const int folder = temp_folder_ ? temp_folder_.get() : target_folder_.get();
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    unique_fd fd(::openat(folder, name.c_str(), flags, what_.mode));
    if (!fd) return file_error(errno, cannot_write());
    temp_name_ = name;
    file_ = std::move(fd);
    // The umask may have taken bits that were asked for by name.
    if (what_.mode != 0600 && ::fchmod(file_.get(), what_.mode) != 0)
        return file_error(errno, cannot_write());
    return std::nullopt;
}

// Small mail is one window: one write, one fdatasync. A large one is synced as it goes: a device
// that has to flush 30 MB at once lets every commit of the spool wait for it.
write_job::failure write_job::fill(int fd) {
    segment_reader reader(what_.content);
    std::vector<char> window(
        static_cast<size_t>(std::min<uint64_t>(what_.content.size(), limits::body_window_bytes)));
    uint64_t left = what_.content.size();
    size_t unsynced = 0;
    while (left > 0 && !cancelled_) {
        const auto got = reader.read(window);
        if (!got) return got.error();
        if (const auto put = write_all(fd, {window.data(), *got}); !put)
            return error{put.error().kind, what_.target.path() + ": " + put.error().detail};
        left -= *got;
        if ((unsynced += *got) < sync_bytes) continue;
        if (auto failed = sync(fd)) return failed;
        unsynced = 0;
    }
    return cancelled_ ? std::nullopt : sync(fd);
}

write_job::failure write_job::sync(int fd) const {
    if (::fdatasync(fd) != 0) return file_error(errno, cannot_write());
    return std::nullopt;
}

// ---- 2. decide ------------------------------------------------------------------------------

void write_job::decide(plugin::call_context* context) {
    if (context != nullptr && !cancelled_) {
        context->ledger_begun();
        context->ledger_written();
        if (on_disk(&write_job::put_in_place)) return;
        context->ledger_answered();  // shutting down: no rename was issued
    }
    // The temp is removed on a blocking thread, or here if there is none any more.
    const auto drop = [self = shared_from_this()] { self->finish_early(cancelled_answer()); };
    if (!house_.pool.post(drop)) drop();
}

// ---- 3. place -------------------------------------------------------------------------------

void write_job::put_in_place() {
    if (const int number = rename_temp(); number != 0) {
        drop_temp();
        // After these a network file system may have done it all the same.
        const bool known = number != EIO && number != ETIMEDOUT && number != ESTALE;
        return settle(answer_of(file_error(number, cannot_write())), known);
    }
    temp_name_.clear();
    house_.folders.sync(std::move(target_folder_), [self = shared_from_this()](int number) {
        if (number == 0)
            return self->settle({GATEPOST_OK, {}, 0, self->what_.content.size(), {}, {}}, true);
        const std::string what = "cannot sync the folder " + self->what_.target.folder_path();
        self->settle(answer_of(error_from_errno(number, what)), false);
    });
}

// errno, or 0.
int write_job::rename_temp() {
    const int from = temp_folder_ ? temp_folder_.get() : target_folder_.get();
    const unsigned flags = what_.replace ? 0 : RENAME_NOREPLACE;
    const char* const name = what_.target.name.c_str();
    if (::syscall(SYS_renameat2, from, temp_name_.c_str(), target_folder_.get(), name, flags) == 0)
        return 0;
    if (!what_.replace && (errno == EINVAL || errno == ENOSYS)) return link_temp();
    return errno;
}

// For file systems without RENAME_NOREPLACE: a link never replaces either.
int write_job::link_temp() {
    const int from = temp_folder_ ? temp_folder_.get() : target_folder_.get();
    const char* const name = what_.target.name.c_str();
    if (::linkat(from, temp_name_.c_str(), target_folder_.get(), name, 0) != 0) return errno;
    ::unlinkat(from, temp_name_.c_str(), 0);
    return 0;
}

void write_job::drop_temp() {
    if (temp_name_.empty()) return;
    const int folder = temp_folder_ ? temp_folder_.get() : target_folder_.get();
    ::unlinkat(folder, temp_name_.c_str(), 0);
    temp_name_.clear();
}

void write_job::finish_early(answer with) {
    drop_temp();
    operation_->finish(std::move(with));
}

// ---- 4. settle ------------------------------------------------------------------------------

void write_job::settle(answer with, bool known) {
    if (!what_.commits) return operation_->finish(std::move(with));
    if (!known) with.status = GATEPOST_UNCERTAIN;
    link_.on_strand(
        [self = shared_from_this(), with = std::move(with), known](plugin::call_context* context) {
            if (context != nullptr && known) context->ledger_answered();
            self->operation_->finish(with);
        });
}

// ---- the request ----------------------------------------------------------------------------

gatepost_status read_order(const gatepost_file_write& request, plugin::call_context& context,
                           order& what) {
    constexpr uint32_t known = uint32_t{GATEPOST_COMMITS} | uint32_t{GATEPOST_FILE_REPLACE};
    if ((request.required & ~known) != 0) return GATEPOST_UNSUPPORTED;
    if ((request.mode & ~0777U) != 0) return GATEPOST_INVALID;
    what.commits = (request.required & GATEPOST_COMMITS) != 0;
    what.replace = ((request.flags | request.required) & GATEPOST_FILE_REPLACE) != 0;
    if (request.mode != 0) what.mode = request.mode;
    return what.content.take(request.segments, context);
}

result<place> locate_file(gatepost_string path, plugin::call_context& context) {
    const std::string_view text = plugin::view_of(path);
    if (text.ends_with('/')) return error{error_kind::plugin_fault, "the path names a folder"};
    auto found = locate(text, context.owner().folders());
    if (found && found->name.empty())
        return error{error_kind::forbidden, std::string(text) + " is the folder itself"};
    return found;
}

// A path outside is answered with a text, because it is the settings' fault as often as the
// plugin's.
result<success> read_places(const gatepost_file_write& request, plugin::call_context& context,
                            order& what) {
    auto target = locate_file(request.path, context);
    if (!target) return target.error();
    what.target = std::move(*target);
    if (request.temp.size == 0) return success{};
    auto temp = locate_file(request.temp, context);
    if (!temp) return temp.error();
    what.temp = std::move(*temp);
    return success{};
}

}  // namespace

gatepost_status start_write(const gatepost_host* host, gatepost_call call,
                            plugin::call_context& context, backstage& house, const caller& who,
                            const gatepost_file_write* request) {
    if (request == nullptr) return GATEPOST_INVALID;
    const auto copy = plugin::copy_sized(request);
    order what;
    if (const auto status = read_order(copy, context, what); status != GATEPOST_OK) return status;
    const auto places = read_places(copy, context, what);
    if (!places && places.error().kind == error_kind::plugin_fault) return GATEPOST_INVALID;
    if (!places) {
        return answer_with(context, house, who, where::here,
                           [&](const auto&) { return answer_of(places.error()); });
    }
    auto job = std::make_shared<write_job>(std::move(what), house, call_link(host, call, context));
    gatepost_status refused = GATEPOST_FAILED;
    auto operation = context.begin(who.done, who.user, who.operation, refused);
    if (!operation) return refused;
    job->start(std::move(operation));
    return GATEPOST_OK;
}

}  // namespace gatepost::services
