// The JSON body of POST /v1/messages, read while it arrives. There is no tree: short values are
// checked and put into the message at once, the long ones (text, html, an attachment's content)
// stream into content writers, base64 decoded on the way, so that a 50 MB attachment never stands
// in memory.
//
// Fails with `malformed` (not JSON), `too_large`, `storage` (a content could not be written), or
// `invalid` with every wrong field at once (at most 50) and its RFC 6901 pointer. Unknown members
// are refused by name. Decisions:
//  - an address named twice gets one copy, at its first place in the order to, cc, bcc;
//  - a mail needs a recipient, and a subject, a text, an html or an attachment; an empty text
//  beside
//    an html (or the reverse) is left out;
//  - an attachment with a content_id and no disposition is inline; an inline one needs a
//  content_id;
//  - null is not "absent": leave the member out.
#pragma once

#include <memory>
#include <string_view>

#include "api_types/send_request.hpp"
#include "base/result.hpp"

namespace gatepost::api_types {

class send_reader {
  public:
    explicit send_reader(send_options how);
    send_reader(send_reader&&) noexcept;
    ~send_reader();

    // After an error nothing more may be fed.
    status feed(std::string_view bytes);
    result<send_request> finish();

  private:
    class state;
    std::unique_ptr<state> state_;
};

}  // namespace gatepost::api_types
