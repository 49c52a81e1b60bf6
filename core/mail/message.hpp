// A message as values: what a caller handed in, checked, with Date and Message-ID fixed. Nothing
// here changes after acceptance; the state of its recipients lives in the spool.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/mail_id.hpp"
#include "mail/address.hpp"
#include "mail/content.hpp"

namespace gatepost::mail {

enum class role : uint8_t { to = 1, cc = 2, bcc = 3 };
enum class part_role : uint8_t { text = 1, html = 2, attachment = 3, inline_ = 4 };
enum class priority : uint8_t { low = 1, normal = 2, high = 3 };
enum class unknown_rule : uint8_t { retry = 1, failover = 2, hold = 3 };
enum class dsn_ret : uint8_t { none = 0, full = 1, headers = 2 };

// RFC 3461 4.1, as bits.
inline constexpr uint8_t notify_never = 1, notify_success = 2, notify_failure = 4, notify_delay = 8;

struct recipient {
    mailbox who;
    role kind = role::to;
    uint8_t dsn_notify = 0;
    std::string dsn_orcpt;
};

struct header {
    std::string name;
    std::string value;  // decoded, one line
};

struct part {
    part_role kind = part_role::text;
    std::string type;        // media type with parameters, no line breaks
    std::string filename;    // a label, never a path
    std::string content_id;  // without angle brackets
    content body;
};

// Mail that was handed in as RFC 5322. The header block ends with an empty line, has CRLF lines, no
// Bcc, and a Date and Message-ID; the body has CRLF lines too (mail/lines).
struct raw_mail {
    std::string header_block;
    content body;
    bool raw_only = false;  // signed or encrypted: parts cannot express it
    bool has_8bit = false;  // a byte above 127 in the body
};

struct message {
    mail_id id;
    std::string message_id;  // without angle brackets
    wall_time date{};
    std::optional<address> envelope_from;  // nothing: the null reverse-path <>
    std::optional<mailbox> from;           // nothing: the connection's
    std::optional<mailbox> sender;
    std::vector<mailbox> reply_to;
    std::vector<recipient> recipients;
    std::string subject;
    std::vector<header> headers;
    std::vector<std::string> tags;
    std::vector<std::pair<std::string, std::string>> metadata;
    std::map<std::string, std::string> provider_options;  // plugin id -> JSON object
    std::vector<part> parts;  // text, html, then files as they were given; empty for raw mail
                              // until taken apart
    std::optional<raw_mail> raw;
    dsn_ret ret = dsn_ret::none;
    std::string dsn_envid;
    priority urgency = priority::normal;
    std::string connection;    // asked for by the caller; may be empty
    std::string organization;  // may be empty
    std::optional<unknown_rule> on_unknown;
    std::optional<wall_time> send_at;
    std::optional<wall_time> expires_at;
};

// Header names a caller may not set, because the gateway or the envelope does (lower case): from,
// to, bcc, date, ...
bool is_reserved_header(std::string_view name);
// RFC 5322 3.6.8: printable ASCII without colon, at most 76 characters.
bool is_header_name(std::string_view name);

}  // namespace gatepost::mail
