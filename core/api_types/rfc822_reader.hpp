// A send as message/rfc822: the mail in the body, the envelope in the query.
//
//     POST /v1/messages?from=bounce@example.com&to=a@example.net&to=b@example.net&tag=weekly
//
// `from` is the envelope sender (absent: the Sender or From of the mail; `from=` or `from=<>`: the
// null reverse-path); `to`, repeated, the recipients (absent: everyone in To, Cc and Bcc). A
// recipient's role is where the mail names it, else bcc. The other parameters are those of the JSON
// form: connection, organization, priority, on_unknown, tag (repeated), notify (repeated), ret,
// envid, send_at, expires_at. Unknown ones are refused by name; pointers begin with /query.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api_types/send_request.hpp"
#include "base/mail_id.hpp"
#include "base/result.hpp"

namespace gatepost::api_types {

class rfc822_reader {
  public:
    // Checks the query, so that a wrong one is answered before the body comes.
    static result<rfc822_reader> begin(std::string_view query, send_options how);
    rfc822_reader(rfc822_reader&&) noexcept;
    ~rfc822_reader();

    status feed(std::string_view bytes);
    // The raw form needs its name now: Message-ID and Date are added where they are missing.
    result<send_request> finish(mail_id id, wall_time now, std::string_view host_name);

  private:
    class state;
    explicit rfc822_reader(std::unique_ptr<state> made);
    std::unique_ptr<state> state_;
};

}  // namespace gatepost::api_types
