// See sign.hpp.
#include "sign.hpp"

#include <algorithm>

namespace ses {
namespace {

bool is_unreserved(char letter) noexcept {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_' || letter == '.' ||
           letter == '~';
}

std::string encoded(std::string_view text, bool keep_slashes) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char letter : text) {
        if (is_unreserved(letter) || (keep_slashes && letter == '/')) {
            out += letter;
            continue;
        }
        const auto byte = static_cast<unsigned char>(letter);
        out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return out;
}

// Without the spaces around it, and one space for many.
std::string folded(std::string_view value) {
    std::string out;
    for (const char letter : value) {
        const bool space = letter == ' ' || letter == '\t';
        if (!space) {
            out += letter;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

std::vector<header> sorted(const canonical& from) {
    std::vector<header> headers = from.headers;
    std::sort(headers.begin(), headers.end());
    return headers;
}

}  // namespace

std::string canonical_request(const canonical& from) {
    std::string out = from.method + '\n' + encoded(from.path, true) + '\n' + from.query + '\n';
    for (const header& one : sorted(from))
        out += one.first + ':' + folded(one.second) + '\n';
    return out + '\n' + signed_names(from) + '\n' + from.payload_hash;
}

std::string signed_names(const canonical& from) {
    std::string out;
    for (const header& one : sorted(from))
        out += (out.empty() ? "" : ";") + one.first;
    return out;
}

std::string scope_of(std::string_view amz_date, std::string_view region) {
    return std::string(amz_date.substr(0, 8)) + '/' + std::string(region) + "/ses/aws4_request";
}

std::string string_to_sign(std::string_view amz_date, std::string_view scope,
                           std::string_view canonical_hash) {
    return "AWS4-HMAC-SHA256\n" + std::string(amz_date) + '\n' + std::string(scope) + '\n' +
           std::string(canonical_hash);
}

std::string authorization(const credentials& by, std::string_view scope, std::string_view names,
                          std::string_view signature) {
    return "AWS4-HMAC-SHA256 Credential=" + by.key_id + '/' + std::string(scope) +
           ", SignedHeaders=" + std::string(names) + ", Signature=" + std::string(signature);
}

std::vector<std::string> key_chain(std::string_view amz_date, std::string_view region) {
    return {std::string(amz_date.substr(0, 8)), std::string(region), "ses", "aws4_request"};
}

std::string encoded_segment(std::string_view text) {
    return encoded(text, false);
}

}  // namespace ses
