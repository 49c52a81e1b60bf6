// Sentences complete "/pointer: ...", so they begin in the middle: "must be ...", "holds ...".
#include "api_types/send_fields.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost::api_types {
namespace {

using namespace std::string_literals;

constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               token_marks.find(c) != std::string_view::npos;
    });
}

// Where the value belongs instead, for the headers that people try first.
std::string_view home_of(std::string_view header) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 9> homes{{
        {"from", "the member from"},
        {"sender", "the member sender"},
        {"to", "the member to"},
        {"cc", "the member cc"},
        {"bcc", "the member bcc"},
        {"reply-to", "the member reply_to"},
        {"subject", "the member subject"},
        {"content-type", "the members text, html and attachments"},
        {"x-priority", "the member priority"},
    }};
    for (const auto& [name, home] : homes) {
        if (name == header) return home;
    }
    return {};
}

std::string mailbox_key(const mail::address& address) {
    return std::string(address.local()) + '@' + text::to_lower(address.domain());
}

}  // namespace

complaint check_line(std::string_view text, size_t max_bytes) {
    if (text.size() > max_bytes) {
        return "is longer than " + std::to_string(max_bytes) + " bytes";
    }
    if (text::has_control(text)) return "holds a line break or another control character"s;
    return {};
}

complaint check_header(std::string_view name) {
    if (!mail::is_header_name(name)) {
        return "is no header name: printable ASCII without a colon, at most 76 characters"s;
    }
    if (!mail::is_reserved_header(name)) return {};
    const std::string_view home = home_of(text::to_lower(name));
    if (home.empty()) return "is set by the gateway and cannot be given"s;
    return "is set by the gateway; use " + std::string(home);
}

complaint check_media_type(std::string_view type) {
    if (auto wrong = check_line(type, limits::tag_bytes)) return wrong;
    const std::string_view essence = text::trim(type.substr(0, type.find(';')));
    const size_t slash = essence.find('/');
    if (slash == std::string_view::npos || !is_token(essence.substr(0, slash)) ||
        !is_token(essence.substr(slash + 1)) || !text::is_ascii(type)) {
        return "must be a media type such as application/pdf"s;
    }
    if (text::to_lower(essence.substr(0, slash)) == "multipart") {
        return "cannot be multipart: an attachment is one part"s;
    }
    return {};
}

complaint check_filename(std::string_view name) {
    if (name.empty()) return "must not be empty"s;
    if (auto wrong = check_line(name, limits::filename_bytes)) return wrong;
    if (name.find_first_of("/\\") != std::string_view::npos || name == "." || name == "..") {
        return "must be a file's name without a path"s;
    }
    return {};
}

complaint set_label(std::string& into, std::string_view text) {
    if (auto wrong = check_line(text, limits::tag_bytes)) return wrong;
    if (text.empty()) return "must not be empty"s;
    into = text;
    return {};
}

complaint set_priority(mail::message& mail, std::string_view text) {
    if (text == "low") {
        mail.urgency = mail::priority::low;
    } else if (text == "normal") {
        mail.urgency = mail::priority::normal;
    } else if (text == "high") {
        mail.urgency = mail::priority::high;
    } else {
        return "must be low, normal or high"s;
    }
    return {};
}

complaint set_on_unknown(mail::message& mail, std::string_view text) {
    if (text == "retry") {
        mail.on_unknown = mail::unknown_rule::retry;
    } else if (text == "hold") {
        mail.on_unknown = mail::unknown_rule::hold;
    } else if (text == "failover") {
        return "failover does not exist yet: use retry or hold"s;
    } else {
        return "must be retry or hold"s;
    }
    return {};
}

complaint set_dsn_ret(mail::message& mail, std::string_view text) {
    if (text != "full" && text != "headers") return "must be full or headers"s;
    mail.ret = text == "full" ? mail::dsn_ret::full : mail::dsn_ret::headers;
    return {};
}

// RFC 3461 4.4: at most 100 characters once written as xtext; the mail room writes it.
complaint set_dsn_envid(mail::message& mail, std::string_view text) {
    const bool printable = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
    if (text.empty() || text.size() > 100 || !printable) {
        return "must be 1 to 100 printable ASCII characters"s;
    }
    mail.dsn_envid = text;
    return {};
}

complaint add_dsn_notify(uint8_t& bits, std::string_view text) {
    uint8_t bit = 0;
    if (text == "never") bit = mail::notify_never;
    if (text == "success") bit = mail::notify_success;
    if (text == "failure") bit = mail::notify_failure;
    if (text == "delay") bit = mail::notify_delay;
    if (bit == 0) return "must be never, success, failure or delay"s;
    bits = static_cast<uint8_t>(bits | bit);
    return {};
}

complaint set_time(std::optional<wall_time>& into, std::string_view text) {
    into = parse_rfc3339(text);
    if (!into) return "must be a time such as 2026-12-01T08:00:00Z (RFC 3339)"s;
    return {};
}

complaint add_tag(mail::message& mail, std::string_view text) {
    if (mail.tags.size() >= limits::tags) {
        return "is one more than " + std::to_string(limits::tags) + " tags";
    }
    return set_label(mail.tags.emplace_back(), text);
}

void check_rules(const mail::message& mail, uint8_t dsn_notify, std::string_view base,
                 std::vector<field_error>& problems) {
    const auto at = [&](std::string_view name) { return std::string(base) + std::string(name); };
    if (mail.expires_at && mail.send_at && *mail.expires_at <= *mail.send_at) {
        problems.push_back({at("/expires_at"), "must be later than send_at"});
    }
    if ((dsn_notify & mail::notify_never) != 0 && dsn_notify != mail::notify_never) {
        problems.push_back(
            {at(base.empty() ? "/dsn/notify" : "/notify"), "never stands alone (RFC 3461 4.1)"});
    }
}

void recipient_list::add(std::vector<mail::recipient>& recipients, mail::recipient who) {
    std::string key = mailbox_key(who.who.addr);
    const auto place = std::ranges::lower_bound(seen_, key);
    if (place != seen_.end() && *place == key) return;
    seen_.insert(place, std::move(key));
    recipients.push_back(std::move(who));
}

std::string unknown_name(std::string_view what, std::string_view name,
                         const std::vector<std::string>& names) {
    std::string out = "is not a " + std::string(what) + " known here";
    if (const auto near = text::nearest(name, names)) out += "; did you mean \"" + *near + "\"?";
    return out;
}

error invalid_request(std::vector<field_error> problems) {
    std::string detail;
    if (problems.size() == 1) {
        const auto& only = problems.front();
        detail = (only.pointer.empty() ? "the message" : only.pointer) + " " + only.detail;
    } else {
        detail = std::to_string(problems.size()) + " values are wrong; see errors";
    }
    return {error_kind::invalid, std::move(detail), std::move(problems)};
}

}  // namespace gatepost::api_types
