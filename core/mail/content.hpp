// Bytes of a message wherever they are: in memory, or in a file of the spool. A value: copying
// shares, nothing is ever changed once made. Reading is positional, so many attempts can read at
// once; any thread; it may block on a disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"

namespace gatepost::mail {

class content {
  public:
    content() = default;
    static content from_string(std::string bytes);
    // Part of a file; it is opened at the first read and stays open as long as a copy of this value
    // lives. `owner` lives as long: its end says that nobody holds the file any more.
    static content from_file(std::filesystem::path path, uint64_t offset, uint64_t size,
                             std::shared_ptr<const void> owner = nullptr);
    // A slice of this one; shares what this one shares.
    content slice(uint64_t offset, uint64_t size) const;

    uint64_t size() const { return size_; }
    bool in_memory() const { return file_ == nullptr; }
    // All bytes, if they are in memory; else empty.
    std::string_view view() const;
    // The file, if it is one; else empty.
    const std::filesystem::path& path() const;
    uint64_t offset() const { return offset_; }

    // Fills `out` from `at`; gives the number of bytes, less than asked only at the end.
    result<size_t> read(uint64_t at, std::span<char> out) const;
    // All of it in memory; for what is known to be small.
    result<std::string> read_all() const;

  private:
    struct open_file;
    std::shared_ptr<const std::string> bytes_;
    std::shared_ptr<open_file> file_;
    uint64_t offset_ = 0;
    uint64_t size_ = 0;
};

// Where arriving bytes go; the spool gives one that turns into a file above
// limits::inline_content_bytes.
class content_writer {
  public:
    virtual ~content_writer() = default;
    virtual status write(std::string_view bytes) = 0;
    // Ends the writing. Dropping a writer, or the last copy of a content that no message took,
    // leaves a file that the sweep at start removes (or removes it at once).
    virtual result<content> finish() = 0;
    virtual uint64_t size() const = 0;
};

using content_factory = std::function<std::unique_ptr<content_writer>()>;
// Keeps everything in memory.
content_factory memory_content();

}  // namespace gatepost::mail
