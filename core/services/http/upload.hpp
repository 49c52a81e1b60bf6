// A request's body on its way out, in windows: from memory at once, from a disk through the
// blocking pool. It never goes back: a body is given once, and who wants it again is refused.
//
// Strand only; what the blocking thread touches is a window of its own.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "services/blocking_pool.hpp"
#include "services/segments.hpp"

namespace gatepost::services {

class upload : public std::enable_shared_from_this<upload> {
  public:
    upload(segment_list content, blocking_pool& pool, boost::asio::any_io_executor strand);

    uint64_t size() const { return content_.size(); }
    uint64_t given() const { return given_; }
    bool whole() const { return given_ == content_.size(); }
    // Not empty: the content could not be read.
    const std::string& problem() const { return problem_; }
    // Once after `later`.
    std::function<void()> on_ready;

    enum class step { bytes, later, failed };
    step read(std::span<char> out, size_t& got);

  private:
    struct window {
        std::unique_ptr<char[]> bytes;
        size_t size = 0;  // to read, then read
        std::string problem;
    };
    bool load();
    void loaded(const std::shared_ptr<window>& with);
    step give_from_memory(std::span<char> out, size_t& got);

    segment_list content_;
    segment_reader reader_{content_};
    blocking_pool& pool_;
    boost::asio::any_io_executor strand_;
    std::shared_ptr<window> ready_;
    size_t taken_ = 0;  // of the window
    bool loading_ = false, awaited_ = false;
    uint64_t given_ = 0, loaded_ = 0;
    std::string problem_;
};

}  // namespace gatepost::services
