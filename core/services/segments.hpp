// A list of segments {bytes | opened body}, taken over from a plugin, and its bytes in windows.
//
// The plugin's bytes are copied when the list is taken: a call that ends at its deadline, or a
// plugin that breaks the rules, can then never pull memory away from under a thread of ours. What
// is large belongs into a body, which is shared and made in windows while it is read.
#pragma once

#include <gatepost/abi.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "plugin/services.hpp"
#include "services/body.hpp"

namespace gatepost::services {

class segment_list {
  public:
    // On the strand; again adds to the end. GATEPOST_OK, or what to refuse the request with.
    gatepost_status take(gatepost_array segments, plugin::call_context& context);

    // The host's own bytes, at the end.
    void append(std::string_view bytes);

    uint64_t size() const { return size_; }
    // Reading them waits for no disk.
    bool in_memory() const { return in_memory_; }
    // All of it, if there is no body among the segments; else nothing.
    std::string_view only_bytes() const;
    // Every segment in order: its bytes, or of a body the number of them.
    template <class Visitor>
    void each(Visitor visit) const {
        for (const piece& one : pieces_) {
            const auto bytes =
                one.body ? std::string_view()
                         : std::string_view(bytes_).substr(static_cast<size_t>(one.offset),
                                                           static_cast<size_t>(one.size));
            visit(bytes, one.body ? one.size : 0);
        }
    }

  private:
    friend class segment_reader;
    struct piece {
        uint64_t offset;  // into the body, or into bytes_
        uint64_t size;
        std::shared_ptr<open_body> body;
    };
    gatepost_status add(const gatepost_segment& segment, plugin::call_context& context);

    std::string bytes_;
    std::vector<piece> pieces_;
    uint64_t size_ = 0;
    bool in_memory_ = true;
};

// Reads a list from its beginning to its end; any one thread. The list must live longer.
class segment_reader {
  public:
    explicit segment_reader(const segment_list& list) : list_(list) {}
    // Fills the window across segments; less only at the end, where it is 0.
    result<size_t> read(std::span<char> window);

  private:
    const segment_list& list_;
    size_t piece_ = 0;
    uint64_t at_ = 0;  // in that piece
};

}  // namespace gatepost::services
