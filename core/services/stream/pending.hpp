// A write that runs. Internal to stream.cpp and write.cpp.
#pragma once

#include <memory>
#include <string>

#include "services/stream/stream.hpp"

namespace gatepost::services {

struct stream::pending_write {
    std::shared_ptr<plugin::operation> operation;
    segment_list content;
    segment_reader reader{content};
    std::unique_ptr<char[]> window;  // none, if the content is bytes only
    size_t piece_bytes = 0;          // of what was given to the channel last
    uint64_t left = 0;               // not handed to the kernel yet
    uint64_t heard = 0;              // what had come when it began
    bool commits = false;
    bool waiting = false;  // for the channel to be rid of the piece
    mono_time due = mono_time::max();
};

}  // namespace gatepost::services
