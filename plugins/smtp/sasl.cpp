// See sasl.hpp. LOGIN goes by the order of the challenges and never by their words, which differ
// from server to server.
#include "sasl.hpp"

#include <array>

namespace smtp {
namespace {

constexpr std::size_t auth_line_bytes = 12288;  // RFC 4954 4; a longer one waits to be asked
constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct mechanism_row {
    mechanism which;
    std::string_view name, setting;
    mechanism_bit bit;
    bool by_token;
};
// In the order of preference, for a token and for a password.
constexpr std::array<mechanism_row, 5> rows{
    {{mechanism::oauthbearer, "OAUTHBEARER", "oauthbearer", offers_oauthbearer, true},
     {mechanism::xoauth2, "XOAUTH2", "xoauth2", offers_xoauth2, true},
     {mechanism::plain, "PLAIN", "plain", offers_plain, false},
     {mechanism::login, "LOGIN", "login", offers_login, false},
     {mechanism::cram_md5, "CRAM-MD5", "cram-md5", offers_cram_md5, false}}};

// GS2 names write "=" and "," in words (RFC 5801 4).
std::string gs2_name(std::string_view name) {
    std::string out;
    for (const char letter : name) {
        if (letter == '=') {
            out += "=3D";
        } else if (letter == ',') {
            out += "=2C";
        } else {
            out += letter;
        }
    }
    return out;
}

std::string hex_of(std::string_view raw) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const char letter : raw) {
        const auto byte = static_cast<unsigned char>(letter);
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

}  // namespace

bool takes_token(mechanism which) noexcept {
    return which == mechanism::xoauth2 || which == mechanism::oauthbearer;
}

std::string_view name_of(mechanism which) noexcept {
    for (const mechanism_row& row : rows) {
        if (row.which == which) return row.name;
    }
    return "none";
}

mechanism mechanism_named(std::string_view setting) noexcept {
    for (const mechanism_row& row : rows) {
        if (row.setting == setting) return row.which;
    }
    return mechanism::none;
}

mechanism choose_mechanism(const offered& what, const credentials& with) noexcept {
    for (const mechanism_row& row : rows) {
        if ((what.mechanisms & row.bit) == 0) continue;
        if (with.wanted == row.which) return row.which;
        const bool fits = row.by_token == with.by_token();
        if (with.wanted == mechanism::none && fits) return row.which;
    }
    return mechanism::none;
}

std::string base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t left = bytes.size() - at;
        uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8 | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0u);
        out += base64_letters[group >> 18];
        out += base64_letters[group >> 12 & 63];
        out += left > 1 ? base64_letters[group >> 6 & 63] : '=';
        out += left > 2 ? base64_letters[group & 63] : '=';
    }
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += 4) {
        std::string_view group = text.substr(at, 4);
        const bool last = at + 4 == text.size();
        while (last && group.ends_with('=') && group.size() > 2)
            group.remove_suffix(1);
        uint32_t bits = 0;
        for (const char letter : group) {
            const std::size_t value = base64_letters.find(letter);
            if (value == base64_letters.npos) return std::nullopt;
            bits = bits << 6 | static_cast<uint32_t>(value);
        }
        bits <<= 6 * (4 - group.size());
        for (std::size_t i = 0; i + 1 < group.size(); ++i)
            out += static_cast<char>(static_cast<unsigned char>(bits >> (16 - 8 * i)));
    }
    return out;
}

// The initial response, raw; LOGIN and CRAM-MD5 have none.
std::string sasl_exchange::initial() const {
    const std::string end(2, '\x01');
    switch (which_) {
        case mechanism::plain: {
            std::string out(1, '\0');
            out.append(with_->username).append(1, '\0').append(with_->password);
            return out;
        }
        case mechanism::xoauth2:
            return "user=" + with_->username +
                   "\x01"
                   "auth=Bearer " +
                   with_->token + end;
        case mechanism::oauthbearer:
            return "n,a=" + gs2_name(with_->username) +
                   ",\x01"
                   "host=" +
                   with_->host +
                   "\x01"
                   "port=" +
                   std::to_string(with_->port) +
                   "\x01"
                   "auth=Bearer " +
                   with_->token + end;
        default: return {};
    }
}

std::string sasl_exchange::first_line() const {
    std::string line = "AUTH ";
    line += name_of(which_);
    const std::string response = initial();
    const std::string encoded = base64(response);
    const bool fits = line.size() + encoded.size() + 3 <= auth_line_bytes;
    if (!encoded.empty() && fits) line += ' ' + encoded;
    line += "\r\n";
    return line;
}

sasl_exchange::answer sasl_exchange::challenged(std::string_view text, std::string& out) {
    const int number = ++challenges_;
    while (text.ends_with(' '))
        text.remove_suffix(1);
    switch (which_) {
        case mechanism::login:
            if (number > 2) break;
            out = base64(number == 1 ? with_->username : with_->password) + "\r\n";
            return answer::line;
        case mechanism::cram_md5: {
            const auto challenge = from_base64(text);
            if (number > 1 || !challenge || challenge->empty()) break;
            out = *challenge;
            return answer::digest;
        }
        case mechanism::plain:
            // A server that did not take the initial response asks for it with an empty challenge.
            if (number > 1 || !text.empty()) break;
            out = base64(initial()) + "\r\n";
            return answer::line;
        case mechanism::xoauth2:
        case mechanism::oauthbearer: {
            if (number > 2) break;
            if (text.empty() && number == 1) {
                out = base64(initial()) + "\r\n";
                return answer::line;
            }
            // The refusal: it comes as a challenge, and the 535 only after this answer.
            explanation_ = from_base64(text).value_or(std::string());
            out = which_ == mechanism::xoauth2 ? "\r\n" : "AQ==\r\n";
            return answer::line;
        }
        case mechanism::none: break;
    }
    out = "*\r\n";
    cancelled_ = true;
    return answer::cancel;
}

std::string sasl_exchange::digested(std::string_view raw) const {
    return base64(with_->username + " " + hex_of(raw)) + "\r\n";
}

}  // namespace smtp
