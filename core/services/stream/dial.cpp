// A socket that is on its way says so by becoming writable; SO_ERROR then tells whether it stands.
#include "services/stream/dial.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "base/limits.hpp"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

namespace gatepost::services {
namespace {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

std::string words_for(int number) {
    switch (number) {
        case ECONNREFUSED: return "refused the connection";
        case ETIMEDOUT: return "did not answer";
        case ENETUNREACH: return "cannot be reached: no route from this machine";
        case EHOSTUNREACH: return "cannot be reached: no route to the host";
        case ENOENT: return "is not there";
        case EADDRNOTAVAIL: return "cannot be reached from the bind address";
        default: return std::string("failed: ") + std::strerror(number);
    }
}

void set_on(int socket, int level, int option) {
    const int on = 1;
    ::setsockopt(socket, level, option, &on, sizeof on);  // a nicety: a failure changes nothing
}

// Small writes leave at once; a peer that vanished is noticed while its answer is awaited.
void tune(int socket, int family) {
    if (family == AF_UNIX) return;
    set_on(socket, IPPROTO_TCP, TCP_NODELAY);
    set_on(socket, SOL_SOCKET, SO_KEEPALIVE);
}

// errno, or 0.
int connect_to(int socket, const socket_address& to, const socket_address* bind) {
    tune(socket, to.family());
    if (bind != nullptr) {
        set_on(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
        if (::bind(socket, bind->get(), bind->size()) != 0) return errno;
    }
    if (::connect(socket, to.get(), to.size()) == 0) return 0;
    return errno == EINPROGRESS || errno == EINTR ? 0 : errno;
}

}  // namespace

std::shared_ptr<dial> dial::start(boost::asio::any_io_executor strand,
                                  std::vector<socket_address> to,
                                  std::optional<socket_address> bind, handler done) {
    auto made =
        std::make_shared<dial>(std::move(strand), std::move(to), std::move(bind), std::move(done));
    made->next();
    return made;
}

dial::dial(boost::asio::any_io_executor strand, std::vector<socket_address> to,
           std::optional<socket_address> bind, handler done)
    : strand_(std::move(strand)),
      to_(std::move(to)),
      bind_(std::move(bind)),
      done_(std::move(done)),
      stagger_(strand_) {
    if (!bind_) return;
    const size_t before = to_.size();
    std::erase_if(to_, [&](const auto& each) { return each.family() != bind_->family(); });
    if (to_.empty() && before > 0)
        problems_ = "it has no address of the bind address's kind (IPv4 or IPv6)";
}

void dial::cancel() {
    done_ = nullptr;
    stagger_.cancel();
    running_.clear();
}

std::string dial::so_far() const {
    std::string text = problems_;
    for (const attempt& each : running_)
        text += (text.empty() ? "no answer from " : "; no answer from ") + each.to.text();
    return text;
}

void dial::note(const socket_address& to, int number) {
    if (!problems_.empty()) problems_ += "; ";
    problems_ += to.text() + " " + words_for(number);
}

void dial::next() {
    while (done_ && next_ < to_.size()) {
        const socket_address to = to_[next_++];
        if (const int number = begin(to); number != 0) {
            note(to, number);
            continue;
        }
        if (next_ == to_.size()) return;
        stagger_.expires_after(limits::connect_stagger);
        stagger_.async_wait([self = shared_from_this()](error_code stopped) {
            if (!stopped) self->next();
        });
        return;
    }
    if (running_.empty()) finish({std::nullopt, {}, problems_});
}

int dial::begin(const socket_address& to) {
    const int socket = ::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return errno;
    // Watched only once it is on its way: before, it would look like one that was hung up.
    const int number = connect_to(socket, to, bind_ ? &*bind_ : nullptr);
    error_code problem(number, boost::system::system_category());
    stream_descriptor descriptor(strand_);
    if (!problem) descriptor.assign(socket, problem);
    if (problem) {
        ::close(socket);
        return problem.value();
    }
    running_.push_front({std::move(descriptor), to});
    running_.front().socket.async_wait(
        stream_descriptor::wait_write,
        [self = shared_from_this(), which = running_.begin()](error_code stopped) {
            if (!stopped && self->done_) self->settle(which);
        });
    return 0;
}

void dial::settle(place which) {
    int number = 0;
    socklen_t size = sizeof number;
    ::getsockopt(which->socket.native_handle(), SOL_SOCKET, SO_ERROR, &number, &size);
    if (number == 0) return stand(which);
    note(which->to, number);
    running_.erase(which);
    stagger_.cancel();
    next();
}

void dial::stand(place which) {
    dialled with;
    with.peer = which->to;
    with.socket = std::move(which->socket);
    finish(std::move(with));
}

void dial::finish(dialled with) {
    stagger_.cancel();
    running_.clear();
    if (!done_) return;
    auto shared = std::make_shared<dialled>(std::move(with));
    boost::asio::post(strand_, [self = shared_from_this(), shared] {
        if (const auto done = std::exchange(self->done_, nullptr)) done(std::move(*shared));
    });
}

}  // namespace gatepost::services
