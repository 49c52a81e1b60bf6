// Strict by intent: what two mail programs may read differently is refused here, once, for the
// whole product. Plain ASCII addresses, nearly all there are, take one pass over their characters
// and no allocation but their two strings.
#include "mail/address.hpp"

#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "mail/code_points.hpp"
#include "mail/domain.hpp"

namespace gatepost::mail {
namespace {

// RFC 5322 atext.
constexpr std::array<bool, 256> atext = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789!#$%&'*+-/=?^_`{|}~")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

error refuse(std::string_view text, std::string_view sentence) {
    std::string detail = "The address \"";
    detail += text::escape_for_log(text::truncate_utf8(text, 100));
    detail += "\" cannot be used: ";
    detail += sentence;
    return {error_kind::invalid, std::move(detail)};
}

std::string describe_forbidden(char32_t value) {
    switch (value) {
        case '"': return "a local part in quotes (U+0022) is not supported.";
        case '(':
        case ')': return "comments (U+0028) are not allowed in an address.";
        case '@': return "there is more than one @ (U+0040).";
        case ' ': return "it holds a space (U+0020).";
        case ',':
        case ';': return name_code_point(value) + " separates addresses; give one at a time.";
        default: break;
    }
    const bool control = value < 0x20 || (value >= 0x7F && value < 0xA0);
    if (control) return "it holds the control character " + name_code_point(value) + ".";
    return "it holds " + name_code_point(value) + ", which is not allowed before the @.";
}

// Dot-atom in the sense of RFC 6531: atext or anything above ASCII that can be seen. Gives whether
// all of it was ASCII.
result<bool> check_local(std::string_view whole, std::string_view local) {
    if (local.empty()) return refuse(whole, "there is nothing before the @.");
    if (local.size() > limits::local_part_bytes) {
        return refuse(whole, "what stands before the @ is longer than 64 bytes.");
    }
    bool ascii = true;
    for (size_t i = 0; i < local.size();) {
        const auto byte = static_cast<unsigned char>(local[i]);
        if (atext[byte]) {
            ++i;
        } else if (byte == '.') {
            if (i == 0 || i + 1 == local.size() || local[i + 1] == '.') {
                return refuse(whole, "before the @, a dot (U+002E) stands only between letters.");
            }
            ++i;
        } else {
            const code_point c = first_code_point(local.substr(i));
            if (c.value == bad_code_point) return refuse(whole, "it is not well-formed UTF-8.");
            if (c.value < 0x80 || is_hostile(c.value)) {
                return refuse(whole, describe_forbidden(c.value));
            }
            ascii = false;
            i += c.length;
        }
    }
    return ascii;
}

}  // namespace

result<address> address::parse(std::string_view text) {
    if (text.size() > limits::address_bytes) {
        return refuse(text, "it is longer than 254 bytes.");
    }
    const size_t at = text.rfind('@');
    if (at == std::string_view::npos) return refuse(text, "there is no @ (U+0040) in it.");
    const auto local_is_ascii = check_local(text, text.substr(0, at));
    if (!local_is_ascii) return local_is_ascii.error();

    address made;
    const std::string_view domain = text.substr(at + 1);
    if (*local_is_ascii && is_plain_domain(domain)) {
        made.ascii_.assign(text);
    } else {
        auto ascii_domain = domain_to_ascii(domain);
        if (!ascii_domain) return refuse(text, ascii_domain.error().detail);
        if (at + 1 + ascii_domain->size() > limits::address_bytes) {
            return refuse(text, "with its domain in ASCII it is longer than 254 bytes.");
        }
        if (*local_is_ascii) made.ascii_ = std::string(text.substr(0, at + 1)) + *ascii_domain;
    }
    made.text_.assign(text);
    made.at_ = at;
    return made;
}

bool address::operator==(const address& other) const {
    if (local() != other.local()) return false;
    if (text::equal_ignoring_case(domain(), other.domain())) return true;
    if (text::is_ascii(domain()) && text::is_ascii(other.domain())) return false;
    const auto mine = domain_to_ascii(domain());
    const auto theirs = domain_to_ascii(other.domain());
    return mine && theirs && text::equal_ignoring_case(*mine, *theirs);
}

}  // namespace gatepost::mail
