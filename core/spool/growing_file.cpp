// Names are random rather than counted: nothing has to remember a counter across a crash.
#include "spool/growing_file.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.hpp"
#include "spool/folder.hpp"

namespace gatepost::spool {
namespace {

constexpr uint64_t write_back_bytes = uint64_t{1} << 20;

std::string random_name() {
    char bytes[12];
    size_t got = 0;
    while (got < sizeof bytes) {
        const ssize_t more = ::getrandom(bytes + got, sizeof bytes - got, 0);
        if (more > 0) got += static_cast<size_t>(more);
    }
    return text::to_hex({bytes, sizeof bytes});
}

error no_room() {
    return {error_kind::storage, "the spool's disk is full", {}, std::chrono::seconds{5}};
}

error as_storage(error failure) {
    failure.kind = error_kind::storage;
    failure.retry_after = std::chrono::seconds{5};
    return failure;
}

}  // namespace

result<growing_file> growing_file::make(const std::filesystem::path& folder) {
    if (const room left = room_left(folder); left.bytes == 0 || !left.inodes) return no_room();
    growing_file made;
    made.folder_ = folder;
    made.name_ = random_name();
    auto fd = open_file(folder / made.name_, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!fd) return as_storage(fd.error());
    made.fd_ = std::move(*fd);
    return made;
}

status growing_file::append(std::string_view bytes) {
    if (auto put = write_all(fd_.get(), bytes); !put) return as_storage(put.error());
    size_ += bytes.size();
    if (size_ - written_back_ < write_back_bytes) return success{};
    ::sync_file_range(fd_.get(), static_cast<off_t>(written_back_),
                      static_cast<off_t>(size_ - written_back_), SYNC_FILE_RANGE_WRITE);
    written_back_ = size_;
    if (room_left(folder_).bytes == 0) return no_room();
    return success{};
}

status growing_file::sync() {
    const unique_fd fd = std::move(fd_);
    if (::fdatasync(fd.get()) != 0)
        return as_storage(error_from_errno(errno, "cannot sync the content " + name_));
    if (auto synced = sync_folder(folder_); !synced) return as_storage(synced.error());
    return success{};
}

void growing_file::unlink() const {
    ::unlink((folder_ / name_).c_str());
}

}  // namespace gatepost::spool
