// Small text work of this provider: hex, header values, mailboxes, and the dates of SigV4 and of a
// role's keys. Pure; nothing here fails but what returns an optional.
#pragma once

#include <gatepost/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ses {

std::string hex(std::string_view bytes);  // lower case

// 32..126 only.
bool is_printable(std::string_view text) noexcept;

// As it is, if it is printable ASCII that nobody could take for an encoded word; else RFC 2047
// encoded words in UTF-8, cut between letters, at most 75 letters each.
std::string header_value(std::string_view text);
// "Name <address>": the name plain, quoted, or in encoded words. The address is the ASCII one.
std::string mailbox_text(const gatepost::sdk::mailbox& who);
// The part behind the last '@'.
std::string_view domain_of(std::string_view address) noexcept;

// "20261122T134500Z" of milliseconds since 1970.
std::string amz_date(int64_t milliseconds);
// Milliseconds of "2026-11-22T19:45:00Z", also with a fraction.
std::optional<int64_t> iso_date(std::string_view text) noexcept;

}  // namespace ses
