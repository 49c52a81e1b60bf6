// From an envelope to the bytes of SMTP commands. Pure.
//
// Promise: nothing that is made here ends a line but the CRLF at its end. An address, a name or an
// identifier that holds CR, LF, NUL, another control, a space or an angle bracket makes no command:
// the functions answer false and add nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "extensions.hpp"

namespace smtp {

struct envelope_recipient {
    uint32_t index = 0;               // what results name
    std::string_view address, ascii;  // ascii is empty if the local part needs SMTPUTF8
    uint32_t notify = 0;              // GATEPOST_NOTIFY_*
    std::string_view orcpt;           // "rfc822;..."; may be empty
};

// Views of the message; they live as long as the call.
struct envelope {
    std::string_view from, from_ascii;  // empty: <>
    bool needs_utf8 = false;            // some address of the message needs SMTPUTF8
    std::vector<envelope_recipient> to;
    uint32_t ret = 0;  // GATEPOST_RET_*
    std::string_view envid;
};

// What stands behind an address in MAIL and RCPT.
struct parameters {
    bool utf8 = false;       // SMTPUTF8: addresses as they are; else their ASCII form
    bool eight_bit = false;  // BODY=8BITMIME
    bool dsn = false;
    bool with_size = false;
    uint64_t size = 0;
};

// An address that may stand between angle brackets, at most 254 bytes, not empty.
bool is_safe_address(std::string_view address);
// A domain or an address literal, as EHLO takes it.
bool is_safe_name(std::string_view name);

bool add_hello(std::string& out, std::string_view verb, std::string_view name);
bool add_mail(std::string& out, const envelope& mail, const parameters& with);
bool add_recipient(std::string& out, const envelope_recipient& to, const parameters& with);
void add_bdat(std::string& out, uint64_t size);  // LAST

// RFC 3461 4: '+', '=' and everything outside 33..126 as +HH.
std::string xtext(std::string_view text);

}  // namespace smtp
