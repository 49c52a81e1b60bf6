// Sizes are believed only after they were held against a cap, and before memory is touched.
#include "services/segments.hpp"

#include <algorithm>
#include <cstring>

#include "base/limits.hpp"
#include "plugin/strings.hpp"

namespace gatepost::services {
namespace {

bool is_inside(const gatepost_segment& window, uint64_t size) {
    return window.offset <= size && window.length <= size - window.offset;
}

}  // namespace

gatepost_status segment_list::take(gatepost_array segments, plugin::call_context& context) {
    if (segments.count > limits::segments_per_request) return GATEPOST_LIMIT;
    if (!plugin::is_array_of<gatepost_segment>(segments)) return GATEPOST_INVALID;
    pieces_.reserve(pieces_.size() + segments.count);
    for (uint32_t i = 0; i < segments.count; ++i) {
        const auto status = add(plugin::item_of<gatepost_segment>(segments, i), context);
        if (status != GATEPOST_OK) return status;
    }
    return GATEPOST_OK;
}

gatepost_status segment_list::add(const gatepost_segment& segment, plugin::call_context& context) {
    const bool window = segment.kind == GATEPOST_SEGMENT_WINDOW;
    if (window || segment.kind == GATEPOST_SEGMENT_BODY) {
        auto body = find_body(context, segment.body);
        if (!body) return GATEPOST_NOT_FOUND;
        if (window && !is_inside(segment, body->size())) return GATEPOST_INVALID;
        const uint64_t length = window ? segment.length : body->size();
        size_ += length;
        in_memory_ = in_memory_ && body->in_memory();
        pieces_.push_back({window ? segment.offset : 0, length, std::move(body)});
        return GATEPOST_OK;
    }
    if (segment.kind != GATEPOST_SEGMENT_BYTES) return GATEPOST_UNSUPPORTED;
    if (segment.bytes.size == 0) return GATEPOST_OK;
    if (segment.bytes.data == nullptr) return GATEPOST_INVALID;
    if (segment.bytes.size > limits::message_bytes - bytes_.size()) return GATEPOST_LIMIT;
    append(plugin::view_of(segment.bytes));
    return GATEPOST_OK;
}

void segment_list::append(std::string_view bytes) {
    if (bytes.empty()) return;
    pieces_.push_back({bytes_.size(), bytes.size(), nullptr});
    bytes_ += bytes;
    size_ += bytes.size();
}

std::string_view segment_list::only_bytes() const {
    return bytes_.size() == size_ ? std::string_view(bytes_) : std::string_view();
}

result<size_t> segment_reader::read(std::span<char> window) {
    size_t filled = 0;
    while (filled < window.size() && piece_ < list_.pieces_.size()) {
        const auto& piece = list_.pieces_[piece_];
        const auto most =
            static_cast<size_t>(std::min<uint64_t>(window.size() - filled, piece.size - at_));
        size_t got = most;
        if (piece.body) {
            const auto read = piece.body->read(piece.offset + at_, window.subspan(filled, most));
            if (!read) return read.error();
            got = *read;
        } else {
            std::memcpy(window.data() + filled, list_.bytes_.data() + piece.offset + at_, most);
        }
        filled += got;
        at_ += got;
        if (at_ == piece.size) ++piece_, at_ = 0;
    }
    return filled;
}

}  // namespace gatepost::services
