// See payload.hpp. The host's address parser has looked at every address already; this file looks
// again, because it is the last to do so before the wire.
#include "payload.hpp"

#include <gatepost/abi.h>

#include <algorithm>

namespace smtp {
namespace {

constexpr std::size_t address_bytes = 254;
constexpr std::size_t name_bytes = 255;
constexpr std::size_t envid_bytes = 100;  // RFC 3461 4.4, as xtext
constexpr std::size_t orcpt_bytes = 500;  // RFC 3461 4.2

bool breaks_a_line(char letter) {
    const auto byte = static_cast<unsigned char>(letter);
    return byte <= 0x20 || byte == 0x7F;
}
bool is_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char letter) { return static_cast<unsigned char>(letter) > 0x7E; });
}

std::string_view chosen(std::string_view address, std::string_view ascii, bool utf8) {
    return utf8 && !is_ascii(address) ? address : ascii;
}

// "rfc822" of "rfc822;user@example.org"; empty if it has not that shape.
std::string_view type_of(std::string_view orcpt) {
    const std::size_t end = orcpt.find(';');
    if (end == orcpt.npos || end == 0) return {};
    const std::string_view type = orcpt.substr(0, end);
    const bool plain = std::all_of(type.begin(), type.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '-';
    });
    return plain ? type : std::string_view();
}

// RFC 6533 3: utf-8-addr-unitext stands as it is under SMTPUTF8, but for "\", "+", "=" and
// controls; without SMTPUTF8 every other letter is \x{HEX}.
void add_utf8_address(std::string& out, std::string_view address, bool utf8) {
    static constexpr char digits[] = "0123456789ABCDEF";
    const auto escape = [&out](uint32_t point) {
        std::string hex;
        for (; point != 0 || hex.size() < 2; point >>= 4)
            hex.insert(hex.begin(), digits[point & 15]);
        out += "\\x{" + hex + "}";
    };
    for (std::size_t at = 0; at < address.size();) {
        const auto lead = static_cast<unsigned char>(address[at]);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        const std::string_view letter = address.substr(at, size);
        at += size;
        uint32_t point = size == 1 ? lead : lead & (0xFFu >> (size + 1));
        for (const char next : letter.substr(1))
            point = (point << 6) | (static_cast<unsigned char>(next) & 0x3Fu);
        const bool special =
            point <= 0x20 || point == 0x7F || point == '\\' || point == '+' || point == '=';
        if (special || (!utf8 && point > 0x7F)) {
            escape(point);
        } else {
            out += letter;
        }
    }
}

// Nothing, where the recipient's original cannot be said: the notification then names the address
// of RCPT, which is the same.
void add_orcpt(std::string& out, const envelope_recipient& to, bool utf8) {
    const std::string_view type = type_of(to.orcpt);
    if (type.empty()) return;
    const std::string_view address = to.orcpt.substr(type.size() + 1);
    std::string made = " ORCPT=";
    if (is_ascii(address)) {
        made.append(type).append(";").append(xtext(address));
    } else {
        made += "utf-8;";
        add_utf8_address(made, address, utf8);
    }
    if (made.size() <= orcpt_bytes + 7) out += made;
}

void add_notify(std::string& out, uint32_t notify) {
    if (notify == 0) return;
    if ((notify & GATEPOST_NOTIFY_NEVER) != 0) {
        out += " NOTIFY=NEVER";
        return;
    }
    std::string names;
    const auto name = [&](uint32_t bit, std::string_view text) {
        if ((notify & bit) == 0) return;
        if (!names.empty()) names += ',';
        names += text;
    };
    name(GATEPOST_NOTIFY_SUCCESS, "SUCCESS");
    name(GATEPOST_NOTIFY_FAILURE, "FAILURE");
    name(GATEPOST_NOTIFY_DELAY, "DELAY");
    if (!names.empty()) out.append(" NOTIFY=").append(names);
}

void add_return(std::string& out, const envelope& mail) {
    if (mail.ret == GATEPOST_RET_FULL) out += " RET=FULL";
    if (mail.ret == GATEPOST_RET_HEADERS) out += " RET=HDRS";
    if (mail.envid.empty()) return;
    const std::string id = xtext(mail.envid);
    if (id.size() <= envid_bytes) out.append(" ENVID=").append(id);
}

}  // namespace

std::string xtext(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte > 32 && byte < 127 && letter != '+' && letter != '=') {
            out += letter;
        } else {
            out += '+';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

bool is_safe_address(std::string_view address) {
    if (address.empty() || address.size() > address_bytes) return false;
    return std::none_of(address.begin(), address.end(), [](char letter) {
        return breaks_a_line(letter) || letter == '<' || letter == '>';
    });
}

bool is_safe_name(std::string_view name) {
    if (name.empty() || name.size() > name_bytes) return false;
    return std::all_of(name.begin(), name.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '.' ||
               letter == '_' || letter == '[' || letter == ']' || letter == ':';
    });
}

bool add_hello(std::string& out, std::string_view verb, std::string_view name) {
    if (!is_safe_name(name)) return false;
    out.append(verb).append(" ").append(name).append("\r\n");
    return true;
}

bool add_mail(std::string& out, const envelope& mail, const parameters& with) {
    const std::string_view address = chosen(mail.from, mail.from_ascii, with.utf8);
    if (!mail.from.empty() && !is_safe_address(address)) return false;
    out.append("MAIL FROM:<").append(address).append(">");
    if (with.with_size) out.append(" SIZE=").append(std::to_string(with.size));
    if (with.eight_bit) out += " BODY=8BITMIME";
    if (with.utf8) out += " SMTPUTF8";
    if (with.dsn) add_return(out, mail);
    out += "\r\n";
    return true;
}

bool add_recipient(std::string& out, const envelope_recipient& to, const parameters& with) {
    const std::string_view address = chosen(to.address, to.ascii, with.utf8);
    if (!is_safe_address(address)) return false;
    out.append("RCPT TO:<").append(address).append(">");
    if (with.dsn) {
        add_notify(out, to.notify);
        add_orcpt(out, to, with.utf8);
    }
    out += "\r\n";
    return true;
}

void add_bdat(std::string& out, uint64_t size) {
    out.append("BDAT ").append(std::to_string(size)).append(" LAST\r\n");
}

}  // namespace smtp
