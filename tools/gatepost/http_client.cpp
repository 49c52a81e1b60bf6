#include "gatepost/http_client.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "base/file.hpp"
#include "base/text.hpp"

namespace gatepost::cli {
namespace {

constexpr size_t max_head = 64 * 1024;

result<unique_fd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return error{error_kind::not_running,
                     "the socket's path is too long for a Unix socket: " + path};
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return error_from_errno(errno, "cannot make a socket");
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int why = errno;
        if (why == EACCES || why == EPERM) {
            return error{error_kind::forbidden,
                         "you may not open " + path +
                             ": ask for its group, or have the daemon listen on a socket for you "
                             "([[listen]] in gatepost.toml), named with --socket or "
                             "GATEPOST_SOCKET"};
        }
        const std::string reason = std::strerror(why);
        return error{error_kind::not_running,
                     "no gatepostd answers at " + path + " (" + reason +
                         "); start it, or name its socket with --socket or GATEPOST_SOCKET"};
    }
    return fd;
}

status send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        // The daemon may answer and hang up before it has read all (413): the answer still counts.
        if (put < 0 && (errno == EPIPE || errno == ECONNRESET)) return success{};
        if (put < 0) return error_from_errno(errno, "cannot send the request");
        bytes.remove_prefix(static_cast<size_t>(put));
    }
    return success{};
}

// The connection's bytes with a buffer in front.
class reader {
  public:
    explicit reader(int fd) : fd_(fd) {}

    // A line without its CRLF.
    result<std::string> line() {
        size_t end = 0;
        while ((end = buffer_.find("\r\n")) == std::string::npos) {
            if (buffer_.size() > max_head)
                return error{error_kind::io, "the daemon's answer has an endless line"};
            if (!fill())
                return error{error_kind::io, "the daemon hung up in the middle of its answer"};
        }
        std::string text = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return text;
    }

    // What is there, at most `most`; empty at the end.
    std::string some(size_t most) {
        if (buffer_.empty() && !fill()) return {};
        std::string piece = buffer_.substr(0, most);
        buffer_.erase(0, piece.size());
        return piece;
    }

  private:
    bool fill() {
        char bytes[16 * 1024];
        ssize_t got = 0;
        do {
            got = ::recv(fd_, bytes, sizeof bytes, 0);
        } while (got < 0 && errno == EINTR);
        if (got <= 0) return false;
        buffer_.append(bytes, static_cast<size_t>(got));
        return true;
    }

    int fd_;
    std::string buffer_;
};

std::string write_head(const http_request& request) {
    std::string head = request.method + " " + request.target +
                       " HTTP/1.1\r\nHost: gatepost\r\nConnection: close\r\n";
    for (const auto& [name, value] : request.headers)
        head += name + ": " + value + "\r\n";
    if (!request.content_type.empty()) head += "Content-Type: " + request.content_type + "\r\n";
    if (!request.body.empty() || request.method != "GET") {
        head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    return head + "\r\n";
}

result<http_response> read_head(reader& from) {
    http_response answer;
    do {  // 100 Continue may come first
        answer = {};
        auto first = from.line();
        if (!first) return first.error();
        if (first->size() < 12 || !first->starts_with("HTTP/1.")) {
            return error{error_kind::io, "what answers there does not speak HTTP"};
        }
        answer.status = static_cast<int>(text::parse_unsigned(first->substr(9, 3)).value_or(0));
        for (;;) {
            auto header = from.line();
            if (!header) return header.error();
            if (header->empty()) break;
            const size_t colon = header->find(':');
            if (colon == std::string::npos)
                return error{error_kind::io, "the daemon's answer has a header without a colon"};
            answer.headers.emplace_back(text::to_lower(header->substr(0, colon)),
                                        std::string(text::trim(header->substr(colon + 1))));
        }
    } while (answer.status / 100 == 1);
    return answer;
}

using piece_handler = std::function<void(std::string_view)>;

status read_exactly(reader& from, uint64_t size, const piece_handler& give) {
    while (size > 0) {
        const std::string piece =
            from.some(static_cast<size_t>(std::min<uint64_t>(size, 64 * 1024)));
        if (piece.empty())
            return error{error_kind::io, "the daemon hung up in the middle of its answer"};
        size -= piece.size();
        give(piece);
    }
    return success{};
}

status read_chunks(reader& from, const piece_handler& give) {
    for (;;) {
        auto line = from.line();
        if (!line) return line.error();
        const unsigned long size = std::strtoul(line->c_str(), nullptr, 16);
        if (size == 0) return success{};
        if (auto read = read_exactly(from, size, give); !read) return read;
        if (auto end = from.line(); !end) return end.error();
    }
}

status read_body(reader& from, const http_response& answer, const piece_handler& give) {
    if (answer.status == 204) return success{};
    if (text::equal_ignoring_case(answer.header("transfer-encoding"), "chunked"))
        return read_chunks(from, give);
    const auto length = text::parse_unsigned(answer.header("content-length"));
    if (length) return read_exactly(from, *length, give);
    for (std::string piece = from.some(64 * 1024); !piece.empty(); piece = from.some(64 * 1024))
        give(piece);
    return success{};
}

}  // namespace

std::string_view http_response::header(std::string_view name) const {
    for (const auto& [known, value] : headers) {
        if (known == name) return value;
    }
    return {};
}

result<http_response> ask(const std::string& socket, const http_request& request,
                          const piece_handler& on_piece) {
    auto fd = connect_to(socket);
    if (!fd) return fd.error();
    if (auto sent = send_all(fd->get(), write_head(request)); !sent) return sent.error();
    if (auto sent = send_all(fd->get(), request.body); !sent) return sent.error();
    reader from(fd->get());
    auto answer = read_head(from);
    if (!answer) return answer.error();
    const bool streamed = on_piece && answer->status / 100 == 2;
    const auto keep = [&](std::string_view piece) { answer->body += piece; };
    if (auto read = read_body(from, *answer, streamed ? on_piece : piece_handler(keep)); !read)
        return read.error();
    return answer;
}

}  // namespace gatepost::cli
