// Reads what others wrote into headers: encoded words, odd charsets, RFC 2231 parameters, dates.
// Done by GMime, which has seen more broken mail than anybody. Whatever comes in, what comes out is
// one line of valid UTF-8 without controls: an encoded word can smuggle neither CR nor LF. Private
// to this room.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "mail/header_writer.hpp"

namespace gatepost::mail {

// `unfolded` comes from unfold().
std::string decode_text(std::string_view unfolded);
std::string decode_phrase(std::string_view unfolded);
std::optional<wall_time> decode_date(std::string_view unfolded);

struct decoded_field {
    std::string value;  // lower case: "text/html", "attachment"
    parameters with;    // names in lower case, values decoded
    [[nodiscard]] std::string parameter(std::string_view name) const;
};
decoded_field decode_content_type(std::string_view unfolded);
decoded_field decode_disposition(std::string_view unfolded);

// Bytes in, bytes out, in pieces.
class byte_filter {
  public:
    virtual ~byte_filter() = default;
    virtual void feed(std::string_view in, std::string& out) = 0;
    virtual void finish(std::string& out) = 0;
};

// Undoes a Content-Transfer-Encoding; null if there is nothing to undo.
std::unique_ptr<byte_filter> transfer_decoder(std::string_view encoding);
// From a charset to valid UTF-8; what cannot be read becomes U+FFFD. An unknown charset is read as
// UTF-8.
std::unique_ptr<byte_filter> charset_decoder(std::string_view charset);

}  // namespace gatepost::mail
