// The single values of a send, checked in one place for both forms: members of the JSON body and
// parameters of the query. Each gives the sentence that says what is wrong, or nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "mail/message.hpp"

namespace gatepost::api_types {

using complaint = std::optional<std::string>;

// One line, no controls, at most `max_bytes`.
complaint check_line(std::string_view text, size_t max_bytes);
complaint check_header(std::string_view name);
complaint check_media_type(std::string_view type);
complaint check_filename(std::string_view name);

complaint set_label(std::string& into, std::string_view text);  // connection, organization
complaint set_priority(mail::message& mail, std::string_view text);
complaint set_on_unknown(mail::message& mail, std::string_view text);
complaint set_dsn_ret(mail::message& mail, std::string_view text);
complaint set_dsn_envid(mail::message& mail, std::string_view text);
complaint add_dsn_notify(uint8_t& bits, std::string_view text);
complaint set_time(std::optional<wall_time>& into, std::string_view text);
complaint add_tag(mail::message& mail, std::string_view text);

// What only shows once everything is known: times in order, `never` alone. Pointers begin with
// `base`, which is empty for JSON. Whether it is too late already is for admit to say: a repetition
// of what was accepted (Idempotency-Key) must still be readable then.
void check_rules(const mail::message& mail, uint8_t dsn_notify, std::string_view base,
                 std::vector<field_error>& problems);

// Adds to `recipients`, but only the first place of an address: one mailbox gets one copy.
class recipient_list {
  public:
    void add(std::vector<mail::recipient>& recipients, mail::recipient who);

  private:
    std::vector<std::string> seen_;  // sorted
};

std::string unknown_name(std::string_view what, std::string_view name,
                         const std::vector<std::string>& known);
error invalid_request(std::vector<field_error> problems);

}  // namespace gatepost::api_types
