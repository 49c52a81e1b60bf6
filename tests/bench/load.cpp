// gatepost-load: keep-alive HTTP clients over a Unix socket, from one thread, so that on two cores
// the daemon keeps one and a half. Every client sends its next request when the answer to the last
// is there (a closed loop).
//
//     gatepost-load SOCKET BODY-FILE --clients 20 --requests 20000 [--type message/rfc822]
//     [--target PATH] [--seconds 30]
//
// Prints one JSON object: requests, accepted, other, seconds, rate, and the latency's p50, p99 and
// max in milliseconds. Bounded by requests and seconds, whichever ends first. Exit 1 if an answer
// was not 202.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

struct plan {
    std::string socket, request;
    size_t clients = 20, requests = 20'000;
    double seconds = 60;
};

struct client {
    int fd = -1;
    size_t written = 0;
    std::string answer;
    steady::time_point begun;
    bool running = false;
};

struct tally {
    size_t begun = 0, accepted = 0, other = 0;
    std::vector<double> milliseconds;
    std::map<std::string, size_t> statuses;
};

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "gatepost-load: %s: %s\n", why.c_str(), std::strerror(errno));
    std::exit(1);
}

int connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        die("connect " + path);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

// The whole answer's size, once its header block is there; 0 before.
size_t answer_size(const std::string& answer) {
    const size_t head = answer.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    const size_t field = answer.find("Content-Length: ");
    const size_t body = field < head ? std::strtoul(answer.c_str() + field + 16, nullptr, 10) : 0;
    return head + 4 + body;
}

void begin(client& who, tally& all) {
    who.written = 0;
    who.answer.clear();
    who.begun = steady::now();
    who.running = true;
    ++all.begun;
}

// False when the socket takes no more now.
void write_some(client& who, const plan& what) {
    while (who.written < what.request.size()) {
        const ssize_t put = ::send(who.fd, what.request.data() + who.written,
                                   what.request.size() - who.written, MSG_NOSIGNAL);
        if (put < 0 && errno == EAGAIN) return;
        if (put < 0) die("send");
        who.written += static_cast<size_t>(put);
    }
}

// True when the answer is complete.
bool read_some(client& who) {
    char bytes[16 * 1024];
    for (;;) {
        const ssize_t got = ::recv(who.fd, bytes, sizeof bytes, 0);
        if (got < 0 && errno == EAGAIN) return false;
        if (got <= 0) die("the daemon hung up");
        who.answer.append(bytes, static_cast<size_t>(got));
        const size_t size = answer_size(who.answer);
        if (size != 0 && who.answer.size() >= size) return true;
    }
}

void count(client& who, tally& all) {
    who.running = false;
    all.milliseconds.push_back(
        std::chrono::duration<double, std::milli>(steady::now() - who.begun).count());
    const std::string status = who.answer.substr(9, 3);
    ++all.statuses[status];
    ++(status == "202" ? all.accepted : all.other);
}

tally run(const plan& what) {
    tally all;
    all.milliseconds.reserve(what.requests);
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<client> clients(what.clients);
    const auto deadline = steady::now() + std::chrono::duration_cast<steady::duration>(
                                              std::chrono::duration<double>(what.seconds));
    for (client& who : clients) {
        who.fd = connect_to(what.socket);
        epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {.ptr = &who}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, who.fd, &event);
        if (all.begun < what.requests) begin(who, all);
        write_some(who, what);
    }
    while (all.milliseconds.size() < all.begun) {
        epoll_event events[64];
        const int ready = ::epoll_wait(poll, events, 64, 10'000);
        if (ready <= 0) die("no answer for ten seconds");
        for (int i = 0; i < ready; ++i) {
            client& who = *static_cast<client*>(events[i].data.ptr);
            if (!who.running) continue;
            write_some(who, what);
            if (!read_some(who)) continue;
            count(who, all);
            if (all.begun >= what.requests || steady::now() > deadline) continue;
            begin(who, all);
            write_some(who, what);
        }
    }
    for (const client& who : clients)
        ::close(who.fd);
    ::close(poll);
    return all;
}

double percentile(const std::vector<double>& sorted, double share) {
    if (sorted.empty()) return 0;
    return sorted[std::min(sorted.size() - 1,
                           static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

plan read_plan(int argc, char* argv[]) {
    if (argc < 3) {
        std::fprintf(
            stderr,
            "usage: gatepost-load SOCKET BODY-FILE [--clients N] [--requests N] [--seconds S] "
            "[--type TYPE] [--target PATH]\n");
        std::exit(64);
    }
    plan what;
    what.socket = argv[1];
    std::ifstream file(argv[2], std::ios::binary);
    const std::string body(std::istreambuf_iterator<char>(file), {});
    std::string type = "application/json", target = "/v1/messages";
    for (int i = 3; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        if (name == "--clients") what.clients = std::strtoul(argv[i + 1], nullptr, 10);
        if (name == "--requests") what.requests = std::strtoul(argv[i + 1], nullptr, 10);
        if (name == "--seconds") what.seconds = std::strtod(argv[i + 1], nullptr);
        if (name == "--type") type = argv[i + 1];
        if (name == "--target") target = argv[i + 1];
    }
    what.request = "POST " + target + " HTTP/1.1\r\nHost: gatepost\r\nContent-Type: " + type +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    return what;
}

}  // namespace

int main(int argc, char* argv[]) {
    const plan what = read_plan(argc, argv);
    const auto begun = steady::now();
    tally all = run(what);
    const double seconds = std::chrono::duration<double>(steady::now() - begun).count();
    std::sort(all.milliseconds.begin(), all.milliseconds.end());
    std::string statuses;
    for (const auto& [status, number] : all.statuses) {
        statuses +=
            (statuses.empty() ? "" : ", ") + ("\"" + status + "\": " + std::to_string(number));
    }
    std::printf(
        "{\"requests\": %zu, \"accepted\": %zu, \"other\": %zu, \"seconds\": %.3f, \"rate\": %.1f, "
        "\"p50_ms\": %.3f, "
        "\"p99_ms\": %.3f, \"max_ms\": %.3f, \"statuses\": {%s}}\n",
        all.begun, all.accepted, all.other, seconds, static_cast<double>(all.accepted) / seconds,
        percentile(all.milliseconds, 0.5), percentile(all.milliseconds, 0.99),
        percentile(all.milliseconds, 1), statuses.c_str());
    return all.other == 0 ? 0 : 1;
}
