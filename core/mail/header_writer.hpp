// Writes header fields: RFC 5322 folding, RFC 2047 encoded words, RFC 2231 parameters, or UTF-8 as
// it is (RFC 6532). Private to this room.
//
// The bytes are made here and not by GMime's formatter, because the same message must give the same
// bytes at every attempt, also after the system's GMime was upgraded between two of them; GMime
// reads them back in the tests. Every value is held against controls and bad UTF-8 once more: a
// breach is `internal`, and nothing of the field is written.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "mail/address.hpp"

namespace gatepost::mail {

using parameters = std::vector<std::pair<std::string, std::string>>;

class header_writer {
  public:
    explicit header_writer(bool utf8) : utf8_(utf8) {}

    // Free text: Subject and whatever a caller sends along.
    status text(std::string_view name, std::string_view value);
    status boxes(std::string_view name, std::span<const mailbox> list);
    status box(std::string_view name, const mailbox& one) { return boxes(name, {&one, 1}); }
    // "Content-Type: value; name=...", where value is ASCII of the gateway's making.
    status structured(std::string_view name, std::string_view value, const parameters& with = {});
    // The empty line, or bytes that are whole fields already.
    void literal(std::string_view bytes) { out_ += bytes; }

    std::string take() { return std::exchange(out_, {}); }

  private:
    void begin(std::string_view name);
    void end();
    void put(std::string_view bytes);
    void word(std::string_view bytes);
    void folded(std::string_view text, bool at_start);
    void encoded(std::string_view text);
    void phrase(std::string_view name, bool utf8);
    void parameter(std::string_view name, std::string_view value);
    [[nodiscard]] bool needs_encoding(std::string_view text, bool utf8) const;

    std::string out_;
    size_t column_ = 0;
    bool utf8_;
};

}  // namespace gatepost::mail
