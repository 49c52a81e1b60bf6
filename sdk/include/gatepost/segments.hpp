// What is written, hashed or posted: a list of bytes and opened bodies. A body passes through the
// host in windows and is never copied into the plugin; bytes added here are owned by the list.
#pragma once

#include <gatepost/namespace.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

class segments {
  public:
    segments() = default;
    explicit segments(std::string_view bytes) { add(bytes); }

    segments& add(std::string_view bytes) {
        if (bytes.empty()) return *this;
        text_.append(bytes);
        if (!pieces_.empty() && pieces_.back().kind == GATEPOST_SEGMENT_BYTES) {
            pieces_.back().size += bytes.size();
        } else {
            pieces_.push_back({GATEPOST_SEGMENT_BYTES, bytes.size(), 0, 0});
        }
        return *this;
    }

    // The whole of an opened body; it must stay open until the operation is done.
    segments& add_body(gatepost_handle body) {
        pieces_.push_back({GATEPOST_SEGMENT_BODY, 0, body, 0});
        return *this;
    }

    // `length` bytes of it from `offset`.
    segments& add_window(gatepost_handle body, uint64_t offset, uint64_t length) {
        pieces_.push_back({GATEPOST_SEGMENT_WINDOW, length, body, offset});
        return *this;
    }

    segments& add(const segments& more) {
        std::size_t offset = 0;
        for (const piece& part : more.pieces_) {
            if (part.kind != GATEPOST_SEGMENT_BYTES) {
                pieces_.push_back(part);
            } else {
                add(std::string_view(more.text_).substr(offset, part.size));
                offset += part.size;
            }
        }
        return *this;
    }

    bool empty() const noexcept { return pieces_.empty(); }
    // All bytes of the list, one after another, without the bodies.
    std::string_view bytes() const noexcept { return text_; }

    // For the ABI. Valid until the list is changed or moved.
    gatepost_array array() const {
        abi_.clear();
        abi_.reserve(pieces_.size());
        std::string_view rest = text_;
        for (const piece& part : pieces_) {
            gatepost_segment segment{};
            segment.kind = part.kind;
            segment.body = part.body;
            if (part.kind == GATEPOST_SEGMENT_WINDOW) {
                segment.offset = part.offset;
                segment.length = part.size;
            } else if (part.kind == GATEPOST_SEGMENT_BYTES) {
                segment.bytes = abi_string(rest.substr(0, part.size));
                rest.remove_prefix(part.size);
            }
            abi_.push_back(segment);
        }
        return {abi_.data(), static_cast<uint32_t>(abi_.size()), sizeof(gatepost_segment)};
    }

  private:
    struct piece {
        uint32_t kind;
        uint64_t size;  // of a window, or of bytes, which follow one another in text_
        gatepost_handle body;
        uint64_t offset;  // into the body
    };
    std::string text_;
    std::vector<piece> pieces_;
    // Made late and kept here, because moving the list may move its text.
    mutable std::vector<gatepost_segment> abi_;
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
