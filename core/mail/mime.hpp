// RFC 5322 and MIME. What others wrote is decoded by GMime (encoded words, RFC 2231, dates,
// transfer encodings), which only .cpp files of this room see; what leaves is written by this room
// itself, so that an upgrade of GMime between two attempts changes no byte.
//
// Rendering gives a plan, not bytes: literal pieces and encoded parts in order, whose exact length
// is known before a byte is made and which can be read from any offset in windows. A 25 MB
// attachment never stands in memory. The same message gives the same bytes at every attempt: Date,
// Message-ID and boundaries depend on the accepted message alone. Bcc never leaves.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "mail/address_book.hpp"
#include "mail/message.hpp"

namespace gatepost::mail {

// Bytes that are made when they are read. Thread: one reader at a time.
class byte_source {
  public:
    virtual ~byte_source() = default;
    virtual uint64_t size() const = 0;
    // Fills `out` from `at`, less than asked only at the end. Cheap when `at` continues where the
    // last read ended.
    virtual result<size_t> read(uint64_t at, std::span<char> out) = 0;
};

enum class form : uint8_t { identity = 1, base64 = 2, json = 3, dot_stuffed = 4 };

struct render_options {
    bool seven_bit = false;     // no 8bit content-transfer-encoding
    bool utf8_headers = false;  // RFC 6532 instead of encoded words
};

// The whole message as RFC 5322 with CRLF lines; `form` identity, base64 or dot_stuffed. The source
// keeps what it needs of the message alive. `invalid` if raw mail needs 8 bits and seven_bit is
// asked for and it cannot be re-encoded.
result<std::unique_ptr<byte_source>> open_whole(const message& mail, form as,
                                                render_options options);
// One part's content, decoded, in a form: identity, base64 (one line) or json (escaped, without
// quotes).
result<std::unique_ptr<byte_source>> open_part(const part& which, form as);

// Takes raw mail apart into parts (text, html, inline, attachment), from what render would give.
// Decoded contents above limits::inline_content_bytes go where `contents` says. Depth, number of
// parts and sizes are capped.
result<std::vector<part>> take_apart(const raw_mail& raw, const content_factory& contents);

// What the header block of raw mail says, decoded; for acceptance and for the view that plugins
// get.
struct raw_headers {
    std::optional<mailbox> from;
    std::optional<mailbox> sender;
    std::vector<mailbox> reply_to, to, cc, bcc;
    std::string subject;
    std::string message_id;  // empty if there was none
    std::optional<wall_time> date;
    std::vector<header> others;  // neither of the above nor MIME's own
    std::string content_type;    // lower case, without parameters
};
result<raw_headers> read_headers(std::string_view header_block);

// Receives raw mail in pieces: normalises lines, holds the header block back (capped), streams the
// body into a content. finish() drops Bcc, Resent-Bcc and Return-Path, adds Date and Message-ID
// where they are missing, and fills the fields of `mail` that headers state (from, sender,
// reply_to, subject, message_id, date, headers, raw). Recipients are the caller's business:
// `headers` says what the mail names.
class raw_receiver {
  public:
    explicit raw_receiver(content_factory contents);
    ~raw_receiver();
    status feed(std::string_view piece);
    struct received {
        message mail;
        raw_headers headers;
    };
    // Completes and expands names without a domain in the address fields, before anything else
    // reads them; without a book they are refused.
    void use(std::shared_ptr<const address_book> book);
    // `id`, `now`: for the Message-ID and Date that are missing; `host` stands behind the @ of a
    // made Message-ID.
    result<received> finish(mail_id id, wall_time now, std::string_view host);

  private:
    class state;
    std::unique_ptr<state> state_;
};

// A Message-ID without angle brackets: id@host, where host is the From domain if it has one, else
// `host`.
std::string make_message_id(mail_id id, const std::optional<mailbox>& from, std::string_view host);

}  // namespace gatepost::mail
