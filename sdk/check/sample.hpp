// Messages and settings as plain values, and the views of them that abi.h describes. The samples
// are what every provider should be able to look at without harm.
#pragma once

#include <gatepost/abi.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "check/view_memory.hpp"

namespace gatepost::check {

struct mailbox {
    std::string address, name;
    bool needs_smtputf8 = false;  // then the view has no ascii_address
};

struct recipient {
    mailbox who;
    uint32_t role = GATEPOST_TO;
    uint32_t dsn_notify = 0;
    std::string dsn_orcpt = {};
};

struct part {
    uint32_t role = GATEPOST_PART_TEXT;
    std::string type, filename, content_id, content;
};

struct message {
    std::string id = "01hfakehost0000000000000000";
    std::string message_id = "01hfakehost0000000000000000@example.org";
    uint32_t flags = 0;
    int64_t date = 1'796'112'000'000;
    int64_t accepted_at = 1'796'112'000'500;
    mailbox envelope_from{"sender@example.org", ""};
    mailbox from{"sender@example.org", "Sender"};
    mailbox sender = {};
    std::vector<mailbox> reply_to = {};
    std::vector<recipient> recipients = {};
    std::string subject = "Hello";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::vector<std::string> tags = {};
    std::vector<std::pair<std::string, std::string>> metadata = {};
    std::string options_json = "{}";
    std::vector<part> parts = {};
    uint32_t dsn_ret = GATEPOST_RET_NONE;
    uint32_t priority = 2;
    std::string dsn_envid = {};
    std::string whole = {};  // RFC 5322; empty: made from from, subject and the first part
};

message simple_message();  // one recipient, one text
message rich_message();    // every field filled; UTF-8, Bcc, inline image, attachment, DSN
message raw_message();     // handed in as RFC 5322, signed: parts cannot express it
message large_message();   // 1000 recipients, names that look like paths, 1 MiB attachment

// What body/1 gives for the whole.
std::string whole_of(const message& mail);

// `carry` empty: all recipients. The view lives as long as `memory`.
const gatepost_message* view_of(const message& mail, const std::vector<uint32_t>& carry,
                                view_memory& memory);

struct setting {
    std::string path;
    uint32_t type = GATEPOST_STRING;
    bool secret = false;
    std::string text = {};
    int64_t integer = 0;
    double number = 0;
};

struct settings {
    std::string json = "{}";
    std::vector<setting> values = {};
    std::string connection = "check";
};

// `invalid` if the text is no JSON object. `secret_paths` as schema::secret_paths gives them.
result<settings> settings_from_json(std::string_view json,
                                    const std::vector<std::string>& secret_paths = {});

const gatepost_settings* view_of(const settings& given, view_memory& memory);

}  // namespace gatepost::check
