// AWS Signature Version 4 without a digest of its own: the texts that are hashed and signed. The
// digests are made by the host (crypto/1), because the body is longer than memory likes.
//
//     canonical_request -> SHA-256 -> string_to_sign -> HMAC by the day's key -> authorization
//
// Pure. Signed are host, content-type, x-amz-content-sha256, x-amz-date and the session token:
// nothing that a proxy may change.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ses {

struct credentials {
    std::string key_id, secret, session_token;
    bool operator==(const credentials&) const = default;
};

using header = std::pair<std::string, std::string>;

struct canonical {
    std::string method, path, query;  // as on the wire; the query is sorted already
    std::vector<header> headers;      // all signed; names in lower case, in any order
    std::string payload_hash;         // hex
};

std::string canonical_request(const canonical& from);
// "content-type;host;x-amz-date"
std::string signed_names(const canonical& from);
// "20261122/eu-west-1/ses/aws4_request"
std::string scope_of(std::string_view amz_date, std::string_view region);
std::string string_to_sign(std::string_view amz_date, std::string_view scope,
                           std::string_view canonical_hash);
std::string authorization(const credentials& by, std::string_view scope, std::string_view names,
                          std::string_view signature);

// What the signing key is made of, in order: key = HMAC("AWS4" + secret, first), then each text is
// signed with the key before.
std::vector<std::string> key_chain(std::string_view amz_date, std::string_view region);

// One path segment, percent-encoded once, for the wire.
std::string encoded_segment(std::string_view text);

}  // namespace ses
