// What a caller may name a header.
#include "mail/message.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace gatepost::mail {
namespace {

// The gateway writes these, the envelope decides them, or a relay on the way does. A DKIM or ARC
// signature belongs to bytes that the caller of a structured mail never sees, so it could only be
// wrong; raw mail keeps its own.
constexpr std::string_view reserved_names[] = {"from",
                                               "sender",
                                               "to",
                                               "cc",
                                               "bcc",
                                               "reply-to",
                                               "subject",
                                               "date",
                                               "message-id",
                                               "mime-version",
                                               "return-path",
                                               "received",
                                               "delivered-to",
                                               "dkim-signature",
                                               "authentication-results"};
constexpr std::string_view reserved_fronts[] = {"content-", "resent-", "arc-"};

}  // namespace

bool is_reserved_header(std::string_view name) {
    const auto same = [&](std::string_view other) {
        return text::equal_ignoring_case(name, other);
    };
    const auto begins = [&](std::string_view front) {
        return text::equal_ignoring_case(name.substr(0, front.size()), front);
    };
    return std::ranges::any_of(reserved_names, same) ||
           std::ranges::any_of(reserved_fronts, begins);
}

bool is_header_name(std::string_view name) {
    return !name.empty() && name.size() <= 76 &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F && c != ':'; });
}

}  // namespace gatepost::mail
