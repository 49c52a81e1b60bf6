// The HMAC scheme of Azure Communication Services: the texts that are hashed and signed. The
// digests are made by the host (crypto/1). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace azure {

// "Sun, 22 Nov 2026 13:45:00 GMT" of milliseconds since 1970.
std::string mail_date_text(int64_t milliseconds);

// VERB LF path-and-query LF date;host;hash
std::string string_to_sign(std::string_view method, std::string_view path_and_query,
                           std::string_view date, std::string_view host,
                           std::string_view content_hash);
std::string authorization(std::string_view signature);

// Nothing, if it is no base64.
std::optional<std::string> from_base64(std::string_view text);

// A UUID (version 8, RFC 9562) out of the first 16 bytes of a digest or of chance.
std::string uuid_of(std::string_view bytes);

}  // namespace azure
