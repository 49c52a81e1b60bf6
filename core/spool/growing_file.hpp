// A content file while it is written: made under its final, random name; write-back starts while
// bytes arrive, so that the sync at the end finds little left. Failures are `storage`, also when
// only the reserve (folder.hpp) is left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"

namespace gatepost::spool {

class growing_file {
  public:
    static result<growing_file> make(const std::filesystem::path& folder);
    status append(std::string_view bytes);
    // The file, then its name in the folder; closes it, whatever came out.
    status sync();
    void unlink() const;
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] uint64_t size() const { return size_; }

  private:
    std::filesystem::path folder_;
    std::string name_;
    unique_fd fd_;
    uint64_t size_ = 0;
    uint64_t written_back_ = 0;
};

}  // namespace gatepost::spool
