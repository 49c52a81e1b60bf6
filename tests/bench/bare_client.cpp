// bare-client: what pipelining SMTP can do without a queue. A few kept sessions from one thread,
// each mail in two groups: MAIL RCPT DATA, then the content with its dot (RFC 2920). Nothing is
// kept, checked or retried, so its rate is the ceiling that the gateway's is held against.
//
//     bare-client PORT --sessions 20 --mails 50000 --size 4096
//
// Prints one JSON object: mails, seconds, rate. Ends with 1 at the first reply that is not
// expected.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct plan {
    uint16_t port = 0;
    size_t sessions = 20, mails = 50'000, size = 4096;
};

enum class step { greeting, hello, envelope, content };

struct session {
    int fd = -1;
    step at = step::greeting;
    size_t replies = 1;  // that have to come before the next write
    std::string in;
};

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "bare-client: %s\n", why.c_str());
    std::exit(1);
}

int dial(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        die("connect");
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

void put(const session& who, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::send(who.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (done <= 0) die("send");
        bytes.remove_prefix(static_cast<size_t>(done));
    }
}

// Takes whole replies off the input; true when all that were asked for have come.
bool answered(session& who) {
    char bytes[8192];
    const ssize_t got = ::recv(who.fd, bytes, sizeof bytes, 0);
    if (got <= 0) die("the server hung up");
    who.in.append(bytes, static_cast<size_t>(got));
    size_t end = 0;
    while (who.replies > 0 && (end = who.in.find("\r\n")) != std::string::npos) {
        if (who.in[0] != '2' && who.in[0] != '3') die("refused: " + who.in.substr(0, end));
        if (end < 4 || who.in[3] != '-') --who.replies;
        who.in.erase(0, end + 2);
    }
    return who.replies == 0;
}

class client {
  public:
    explicit client(const plan& what) : what_(what) {
        content_ =
            "From: a@example.com\r\nTo: b@example.net\r\nSubject: bench\r\nMessage-ID: "
            "<1@example.com>\r\n\r\n";
        while (content_.size() < what.size)
            content_ += std::string(70, 'x') + "\r\n";
        content_ += ".\r\n";
    }

    double run() {
        const int poll = ::epoll_create1(EPOLL_CLOEXEC);
        std::vector<session> all(what_.sessions);
        for (session& who : all) {
            who.fd = dial(what_.port);
            epoll_event event{EPOLLIN, {.ptr = &who}};
            ::epoll_ctl(poll, EPOLL_CTL_ADD, who.fd, &event);
        }
        const auto begun = std::chrono::steady_clock::now();
        while (done_ < what_.mails) {
            epoll_event events[64];
            const int ready = ::epoll_wait(poll, events, 64, 10'000);
            if (ready <= 0) die("no answer for ten seconds");
            for (int i = 0; i < ready; ++i) {
                session& who = *static_cast<session*>(events[i].data.ptr);
                if (answered(who)) advance(who);
            }
        }
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    }

  private:
    void advance(session& who) {
        switch (who.at) {
            case step::greeting: ask(who, step::hello, "EHLO bare.example\r\n", 1); return;
            case step::content: ++done_; [[fallthrough]];
            case step::hello:
                if (begun_ == what_.mails) return;
                ++begun_;
                ask(who, step::envelope,
                    "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n", 3);
                return;
            case step::envelope: ask(who, step::content, content_, 1); return;
        }
    }

    static void ask(session& who, step next, std::string_view bytes, size_t replies) {
        who.at = next;
        who.replies = replies;
        put(who, bytes);
    }

    plan what_;
    std::string content_;
    size_t begun_ = 0, done_ = 0;
};

}  // namespace

int main(int argc, char* argv[]) {
    if (argc < 2) die("usage: bare-client PORT [--sessions N] [--mails N] [--size N]");
    plan what;
    what.port = static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10));
    for (int i = 2; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const size_t value = std::strtoul(argv[i + 1], nullptr, 10);
        if (name == "--sessions") what.sessions = value;
        if (name == "--mails") what.mails = value;
        if (name == "--size") what.size = value;
    }
    const double seconds = client(what).run();
    std::printf("{\"mails\": %zu, \"seconds\": %.3f, \"rate\": %.1f}\n", what.mails, seconds,
                static_cast<double>(what.mails) / seconds);
    return 0;
}
