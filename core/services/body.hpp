// body/1 behind its table: opened bodies of a call, which segments of other services may name.
//
// Bodies end with their call; a body that other work still reads lives until that work is over.
// Nothing ever makes more than limits::body_window_bytes of a body at once.
#pragma once

#include <gatepost/abi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "base/result.hpp"
#include "mail/mime.hpp"
#include "plugin/services.hpp"

namespace gatepost::services {

class open_body {
  public:
    open_body(std::unique_ptr<mail::byte_source> source, bool in_memory);

    uint64_t size() const { return size_; }
    // Reading it waits for no disk.
    bool in_memory() const { return in_memory_; }
    // At most one window, less only at the end; any thread. An error if the source ends early.
    result<size_t> read(uint64_t at, std::span<char> out);
    // Of the whole process.
    static size_t largest_window();

  private:
    std::mutex mutex_;  // a plugin may read a body that a write is carrying on another thread
    std::unique_ptr<mail::byte_source> source_;
    uint64_t size_;
    bool in_memory_;
};

// The opened body of that handle; null if the call has none. Strand.
std::shared_ptr<open_body> find_body(plugin::call_context& context, gatepost_handle handle);

}  // namespace gatepost::services
