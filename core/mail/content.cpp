// A file is opened once, at the first read, by whoever reads first; pread then serves any number of
// readers without a lock. A file that is shorter than it was promised to be is an error, never a
// short mail.
#include "mail/content.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

namespace gatepost::mail {

struct content::open_file {
    std::shared_ptr<const void> owner;
    std::filesystem::path path;
    std::mutex mutex;
    unique_fd fd;

    // A failure is not kept: the next read tries again.
    result<int> descriptor() {
        const std::lock_guard lock(mutex);
        if (fd) return fd.get();
        auto opened = gatepost::open_file(path, O_RDONLY);
        if (!opened) return std::move(opened).error();
        fd = std::move(*opened);
        return fd.get();
    }
};

content content::from_string(std::string bytes) {
    content made;
    made.size_ = bytes.size();
    made.bytes_ = std::make_shared<const std::string>(std::move(bytes));
    return made;
}

content content::from_file(std::filesystem::path path, uint64_t offset, uint64_t size,
                           std::shared_ptr<const void> owner) {
    content made;
    made.file_ = std::make_shared<open_file>();
    made.file_->owner = std::move(owner);
    made.file_->path = std::move(path);
    made.offset_ = offset;
    made.size_ = size;
    return made;
}

content content::slice(uint64_t offset, uint64_t size) const {
    content part = *this;
    const uint64_t begin = std::min(offset, size_);
    part.offset_ += begin;
    part.size_ = std::min(size, size_ - begin);
    return part;
}

std::string_view content::view() const {
    if (!bytes_) return {};
    return std::string_view(*bytes_).substr(offset_, size_);
}

const std::filesystem::path& content::path() const {
    static const std::filesystem::path none;
    return file_ ? file_->path : none;
}

result<size_t> content::read(uint64_t at, std::span<char> out) const {
    if (at >= size_ || out.empty()) return size_t{0};
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(out.size(), size_ - at));
    if (!file_) {
        std::memcpy(out.data(), view().data() + at, wanted);
        return wanted;
    }
    const auto fd = file_->descriptor();
    if (!fd) return fd.error();
    size_t got = 0;
    while (got < wanted) {
        const auto place = static_cast<off_t>(offset_ + at + got);
        const ssize_t count = ::pread(*fd, out.data() + got, wanted - got, place);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return error_from_errno(errno, "cannot read " + file_->path.string());
        if (count == 0) {
            return error{error_kind::io, file_->path.string() +
                                             " is shorter than the message says; it was changed "
                                             "behind the gateway's back."};
        }
        got += static_cast<size_t>(count);
    }
    return got;
}

result<std::string> content::read_all() const {
    std::string all(static_cast<size_t>(size_), '\0');
    const auto got = read(0, all);
    if (!got) return got.error();
    return all;
}

namespace {

class memory_writer final : public content_writer {
  public:
    status write(std::string_view bytes) override {
        bytes_ += bytes;
        return success{};
    }
    result<content> finish() override { return content::from_string(std::move(bytes_)); }
    uint64_t size() const override { return bytes_.size(); }

  private:
    std::string bytes_;
};

}  // namespace

content_factory memory_content() {
    return [] { return std::make_unique<memory_writer>(); };
}

}  // namespace gatepost::mail
