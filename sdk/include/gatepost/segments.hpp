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
        if (!pieces_.empty() && pieces_.back().body == 0) {
            pieces_.back().size += bytes.size();
        } else {
            pieces_.push_back({bytes.size(), 0, 0});
        }
        return *this;
    }

    // An opened body, or `length` bytes of it from `offset` (0: to its end); it must stay open
    // until the operation is done.
    segments& add_body(gatepost_handle body, uint64_t offset = 0, uint64_t length = 0) {
        pieces_.push_back({length, body, offset});
        return *this;
    }

    segments& add(const segments& more) {
        std::size_t offset = 0;
        for (const piece& part : more.pieces_) {
            if (part.body != 0) {
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
            if (part.body != 0) {
                segment.kind = GATEPOST_SEGMENT_BODY;
                segment.body = part.body;
                segment.offset = part.offset;
                segment.length = part.size;
            } else {
                segment.kind = GATEPOST_SEGMENT_BYTES;
                segment.bytes = abi_string(rest.substr(0, part.size));
                rest.remove_prefix(part.size);
            }
            abi_.push_back(segment);
        }
        return {abi_.data(), static_cast<uint32_t>(abi_.size()), sizeof(gatepost_segment)};
    }

  private:
    struct piece {
        uint64_t size;  // of bytes, which follow one another in text_; of a body: 0, the rest
        gatepost_handle body;  // 0: bytes
        uint64_t offset;       // into the body
    };
    std::string text_;
    std::vector<piece> pieces_;
    // Made late and kept here, because moving the list may move its text.
    mutable std::vector<gatepost_segment> abi_;
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
