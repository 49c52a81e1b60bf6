// See verdict.hpp.
#include "verdict.hpp"

#include <gatepost/abi.h>
#include <gatepost/letters.hpp>

#include <algorithm>
#include <array>

#include "verdict_table.hpp"

namespace smtp {
namespace {

using gatepost::sdk::blame;
using gatepost::sdk::verdict;

bool fits_enhanced(const enhanced_code& said, std::string_view wanted) {
    if (wanted.empty()) return true;
    if (said.type == 0) return false;
    const std::string text = std::to_string(said.type) + "." + std::to_string(said.subject) + "." +
                             std::to_string(said.detail);
    return wanted.ends_with('.') ? std::string_view(text).starts_with(wanted) : text == wanted;
}

bool fits(const peculiar& row, phase where, const reply& said) {
    if ((row.where & at(where)) == 0) return false;
    const bool code = row.code == 0 || row.code == said.code || row.code == said.code / 100;
    return code && fits_enhanced(said.enhanced, row.enhanced) &&
           gatepost::sdk::has_letters(said.text, row.words);
}

// Whom RFC 5321's plain reading blames.
blame usual_blame(phase where, bool permanent) {
    switch (where) {
        case phase::sender: return permanent ? blame::sender : blame::provider;
        case phase::recipient: return blame::recipient;
        case phase::data:
        case phase::message: return permanent ? blame::message : blame::provider;
        default: return blame::provider;
    }
}

// Before MAIL nothing was said about a mail, so nothing rejects one.
verdict usual_verdict(phase where, bool permanent) {
    const bool about_mail = (at_mail & at(where)) != 0;
    return permanent && about_mail ? verdict::rejected : verdict::deferred;
}

std::string_view usual_advice(phase where) {
    if (where == phase::greeting)
        return "The server takes no mail from here now. Check host and port: mail is handed in on "
               "587 or 465, and port 25 is often closed to clients.";
    return {};
}

// The host names the file that it cannot use; of a handshake it names the server alone.
bool names_file(std::string_view why, std::string_view file) {
    return !file.empty() && why.find(file) != why.npos;
}

// What follows `before`, up to a space or a closing bracket.
std::string_view word_after(std::string_view text, std::string_view before) {
    const std::size_t found = text.find(before);
    if (found == text.npos) return {};
    text.remove_prefix(found + before.size());
    return text.substr(0, text.find_first_of(" \t\n)>;,"));
}

}  // namespace

ruling judge(phase where, const reply& said) {
    ruling out;
    out.code = said.code;
    out.text = in_words(said);
    for (const peculiar& row : table::rows) {
        if (!fits(row, where, said)) continue;
        out.verdict = row.verdict;
        out.blame = row.blame;
        out.retry_after = std::chrono::seconds(row.retry_seconds);
        out.advice = row.advice;
        return out;
    }
    // A positive answer where none was possible is the server's mistake.
    const bool permanent = said.code >= 500;
    if (said.closing() || said.code < 400) {
        out.blame = blame::provider;
        return out;
    }
    out.verdict = usual_verdict(where, permanent);
    out.blame = usual_blame(where, permanent);
    out.advice = usual_advice(where);
    return out;
}

std::string_view token_advice(const ruling& refusal) noexcept {
    const bool ours =
        refusal.blame == blame::credential && refusal.advice != table::smtp_auth_disabled;
    return ours ? table::wrong_token : refusal.advice;
}

bool is_too_many_recipients(const reply& said) {
    if (said.code == 452 && said.enhanced.type == 0)
        return gatepost::sdk::has_letters(said.text, "too many recipients");
    return said.code / 100 == 4 && said.enhanced == enhanced_code{4, 5, 3};
}

std::string_view queue_id(std::string_view text) {
    for (const std::string_view before : {"queued as ", "id="}) {
        const std::string_view found = word_after(text, before);
        if (!found.empty()) return found;
    }
    // SES says nothing but "Ok <id>".
    constexpr std::string_view plain = "250 Ok ";
    if (text.starts_with(plain) && text.find(' ', plain.size()) == text.npos)
        return text.substr(plain.size());
    return {};
}

std::string_view stage_of(phase where) noexcept {
    switch (where) {
        case phase::greeting: return "greeting";
        case phase::hello: return "ehlo";
        case phase::starttls: return "starttls";
        case phase::login: return "login";
        case phase::sender: return "sender";
        case phase::recipient: return "recipient";
        case phase::data:
        case phase::message: break;
    }
    return "message";
}

std::string_view advice_at(uint32_t failed_at) noexcept {
    switch (failed_at) {
        case GATEPOST_AT_NAME: return "Check host: no address is known for this name.";
        case GATEPOST_AT_CONNECT:
            return "Check host and port, and that a firewall lets the gateway out: 587 with "
                   "security = \"starttls\", 465 with \"tls\"; port 25 is often closed.";
        case GATEPOST_AT_PROXY: return "Check proxy: it could not be used.";
        case GATEPOST_AT_TLS:
            return "Check port and security: \"tls\" belongs to port 465, \"starttls\" to 587. The "
                   "server must speak TLS 1.2 or newer, and no older one than minimum_tls.";
        case GATEPOST_AT_CERTIFICATE:
            return "The server's certificate was not accepted. Set host to the name that stands in "
                   "it, or ca_file to the authority that signed it.";
        default: return {};
    }
}

blame blame_at(uint32_t failed_at, gatepost::sdk::service_status status, bool newest) noexcept {
    using gatepost::sdk::service_status;
    if (failed_at == GATEPOST_AT_CERTIFICATE) return blame::config;
    if (failed_at != GATEPOST_AT_TLS) return gatepost::sdk::blame_of(status);
    const bool agreed_on_none = status == service_status::failed;
    if (agreed_on_none) return newest ? blame::config : blame::provider;
    return blame::network;
}

ruling judge_connection(uint32_t failed_at, gatepost::sdk::service_status status, std::string why,
                        const options& how) {
    ruling out;
    out.blame = blame_at(failed_at, status, how.wants_newest_tls());
    out.advice = advice_at(failed_at);
    if (failed_at == GATEPOST_AT_TLS && names_file(why, how.ca_file)) {
        out.blame = blame::config;
        out.advice =
            "Check ca_file: the gateway must be able to read it, and it holds "
            "certificates in PEM form.";
    } else if (failed_at == GATEPOST_AT_TLS &&
               (names_file(why, how.certificate_file) || names_file(why, how.key_file))) {
        out.blame = blame::config;
        out.advice =
            "Check certificate_file and key_file: the gateway must be able to read both, "
            "they hold PEM, and the key has no password and belongs to the certificate.";
    }
    out.text = std::move(why);
    return out;
}

}  // namespace smtp
