// The head of an answer is the hot path's only text: appended, never formatted through a stream.
#include "api/http_text.hpp"

#include <ctime>

#include "api_types/problem.hpp"

namespace gatepost::api {
namespace {

// RFC 9110 5.6.7; made once a second.
std::string_view date_field() {
    thread_local std::time_t second = 0;
    thread_local std::string text;
    const std::time_t now = std::time(nullptr);
    if (now != second) {
        second = now;
        std::tm parts{};
        ::gmtime_r(&now, &parts);
        char buffer[64];
        const size_t size =
            std::strftime(buffer, sizeof buffer, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
        text.assign(buffer, size);
    }
    return text;
}

}  // namespace

std::string_view reason_of(int status) {
    switch (status) {
        case 200: return "OK";
        case 202: return "Accepted";
        case 400: return "Bad Request";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 422: return "Unprocessable Content";
        case 500: return "Internal Server Error";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        default: return "Unknown";
    }
}

void append_head(std::string& out, const response& with, std::optional<uint64_t> length,
                 bool chunked, bool closing) {
    out += "HTTP/1.1 ";
    out += std::to_string(with.status);
    out += ' ';
    out += reason_of(with.status);
    out += "\r\n";
    out += date_field();
    out += "Content-Type: ";
    out += with.type;
    out += "\r\n";
    if (length) {
        out += "Content-Length: ";
        out += std::to_string(*length);
        out += "\r\n";
    } else if (chunked) {
        out += "Transfer-Encoding: chunked\r\n";
    }
    out += with.headers;
    if (closing) out += "Connection: close\r\n";
    out += "\r\n";
}

void append_chunk(std::string& out, std::string_view piece) {
    constexpr std::string_view digits = "0123456789abcdef";
    char size[16];
    size_t at = sizeof size;
    for (size_t rest = piece.size(); rest > 0; rest >>= 4)
        size[--at] = digits[rest & 15];
    out.append(size + at, sizeof size - at);
    out += "\r\n";
    out += piece;
    out += "\r\n";
}

void append_last_chunk(std::string& out) {
    out += "0\r\n\r\n";
}

error body_too_large(uint64_t limit) {
    return {error_kind::too_large, "the body is larger than " + std::to_string(limit) + " bytes"};
}

response problem(const error& failure) {
    response out;
    out.status = facts_of(failure.kind).http_status;
    out.type = "application/problem+json";
    out.body = api_types::write_problem(failure);
    if (const unsigned seconds = api_types::retry_after_seconds(failure); seconds > 0) {
        out.headers = "Retry-After: " + std::to_string(seconds) + "\r\n";
    }
    return out;
}

}  // namespace gatepost::api
