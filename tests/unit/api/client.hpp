// A plain HTTP client over a Unix socket that says exactly the bytes it is given, and waits for
// answers with a deadline instead of sleeping.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/file.hpp"
#include "base/text.hpp"

namespace testing {

struct answer {
    int status = 0;
    std::string head;
    std::string body;

    std::string header(std::string_view name) const {
        size_t at = head.find("\r\n");
        while (at != std::string::npos && at + 2 < head.size()) {
            const size_t end = head.find("\r\n", at + 2);
            const std::string line = head.substr(at + 2, end - at - 2);
            const size_t colon = line.find(':');
            if (colon != std::string::npos &&
                gatepost::text::equal_ignoring_case(line.substr(0, colon), name)) {
                return std::string(gatepost::text::trim(std::string_view(line).substr(colon + 1)));
            }
            at = end;
        }
        return {};
    }
};

class client {
  public:
    explicit client(const std::filesystem::path& path)
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        connected_ =
            ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }

    bool connected() const { return connected_; }

    // False if the other side does not take it any more.
    bool send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t done = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (done <= 0) return false;
            bytes.remove_prefix(static_cast<size_t>(done));
        }
        return true;
    }

    // Status 0: the connection ended, or nothing came in time.
    answer read() {
        answer out;
        size_t end = std::string::npos;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
            if (!more()) return out;
        out.head = take(end + 4);
        out.status = std::stoi(out.head.substr(9, 3));
        if (out.status == 100) return out;
        if (out.header("transfer-encoding") == "chunked") {
            read_chunks(out.body);
            return out;
        }
        const size_t length = std::stoul("0" + out.header("content-length"));
        while (buffer_.size() < length)
            if (!more()) break;
        out.body = take(std::min(length, buffer_.size()));
        return out;
    }

    answer ask(std::string_view bytes) {
        send(bytes);
        return read();
    }

    // One piece of a chunked answer.
    std::string read_chunk() {
        size_t end = std::string::npos;
        while ((end = buffer_.find("\r\n")) == std::string::npos)
            if (!more()) return {};
        const size_t size = std::stoul(take(end + 2), nullptr, 16);
        while (buffer_.size() < size + 2)
            if (!more()) return {};
        return take(size + 2).substr(0, size);
    }

    // True once the other side has closed; what it still says is dropped.
    bool closed() {
        while (more()) {
        }
        return ended_;
    }

    void end_sending() const { ::shutdown(fd_.get(), SHUT_WR); }
    void close() { fd_ = {}; }
    int fd() const { return fd_.get(); }

  private:
    void read_chunks(std::string& into) {
        while (true) {
            const std::string piece = read_chunk();
            if (piece.empty()) return;
            into += piece;
        }
    }

    std::string take(size_t count) {
        std::string out = buffer_.substr(0, count);
        buffer_.erase(0, count);
        return out;
    }

    bool more() {
        if (ended_) return false;
        pollfd look{fd_.get(), POLLIN, 0};
        if (::poll(&look, 1, 20'000) <= 0) return false;
        char room[65536];
        const ssize_t got = ::recv(fd_.get(), room, sizeof room, 0);
        if (got <= 0) {
            ended_ = true;
            return false;
        }
        buffer_.append(room, static_cast<size_t>(got));
        return true;
    }

    gatepost::unique_fd fd_;
    bool connected_ = false, ended_ = false;
    std::string buffer_;
};

inline std::string get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: gatepost\r\n\r\n";
}

inline std::string post(const std::string& path, const std::string& body,
                        const std::string& headers = {}) {
    return "POST " + path + " HTTP/1.1\r\nHost: gatepost\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Waits for something that happens on another thread; false if it does not come.
inline bool comes_true(const std::function<bool()>& what) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
        if (what()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
}

// A folder of its own that goes away with it.
class temporary_folder {
  public:
    temporary_folder() {
        char name[] = "/tmp/gatepost-api-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    std::filesystem::path operator/(const char* name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace testing
