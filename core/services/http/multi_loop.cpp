// A socket is known to Asio from the moment libcurl asks for it until libcurl closes it: leaving
// and entering between two requests would cost two calls of the kernel each time. The descriptor is
// taken back from Asio before it is closed, because its number may return at once.
#include "services/http/multi_loop.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "base/limits.hpp"

namespace gatepost::services {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

namespace {

bool has_peer(curl_socket_t socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    return ::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
}

bool has_input(curl_socket_t socket) {
    char byte = 0;
    return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

void set_corked(curl_socket_t socket, int corked) {
    ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &corked, sizeof corked);
}

}  // namespace

struct multi_loop::watch {
    explicit watch(const boost::asio::any_io_executor& strand) : descriptor(strand) {}
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;
    ~watch() { let_go(); }
    void let_go() {
        wanted = 0;
        if (descriptor.is_open()) descriptor.release();
    }
    stream_descriptor descriptor;
    curl_socket_t socket = CURL_SOCKET_BAD;
    int wanted = 0;
    bool waits_input = false, waits_output = false;
};

std::shared_ptr<multi_loop> multi_loop::make(boost::asio::any_io_executor strand, marker mark) {
    auto made = std::make_shared<multi_loop>(std::move(strand), std::move(mark));
    return made->set_up() ? made : nullptr;
}

multi_loop::multi_loop(boost::asio::any_io_executor strand, marker mark)
    : strand_(std::move(strand)), timer_(strand_), mark_(std::move(mark)) {}

multi_loop::~multi_loop() {
    for (const auto& each : running_)
        ::curl_multi_remove_handle(multi_, each.first);
    running_.clear();
    if (multi_ != nullptr) ::curl_multi_cleanup(multi_);
}

bool multi_loop::set_up() {
    multi_ = ::curl_multi_init();
    if (multi_ == nullptr) return false;
    const auto set = [this](CURLMoption option, auto value) {
        return (::curl_multi_setopt)(multi_, option, value) == CURLM_OK;
    };
    return set(CURLMOPT_SOCKETFUNCTION, &on_socket) && set(CURLMOPT_SOCKETDATA, this) &&
           set(CURLMOPT_TIMERFUNCTION, &on_timer) && set(CURLMOPT_TIMERDATA, this) &&
           set(CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX}) &&
           set(CURLMOPT_MAX_HOST_CONNECTIONS, limits::http_connections_per_host) &&
           set(CURLMOPT_MAXCONNECTS, limits::http_connections_per_host);
}

bool multi_loop::add(CURL* handle, ended done) {
    running_[handle] = std::move(done);
    if (::curl_multi_add_handle(multi_, handle) == CURLM_OK) return true;
    running_.erase(handle);
    return false;
}

void multi_loop::remove(CURL* handle) {
    if (running_.erase(handle) > 0) ::curl_multi_remove_handle(multi_, handle);
}

void multi_loop::resume(CURL* handle) {
    if (!running_.contains(handle)) return;
    ::curl_easy_pause(handle, CURLPAUSE_CONT);
    deliver();
}

// ---- sockets ----------------------------------------------------------------------------------

void multi_loop::opened(curl_socket_t socket, std::shared_ptr<bool> stood) {
    open_[socket] = {mark_(), std::move(stood)};
}

void multi_loop::look(const std::shared_ptr<bool>& stood) {
    for (const auto& [socket, each] : open_)
        if (each.stood == stood && has_peer(socket)) *stood = true;
}

curl_socket_t multi_loop::find(const std::shared_ptr<bool>& stood, const std::string& ends) {
    for (auto& [socket, each] : open_) {
        if (each.stood == stood && each.ends.empty() && has_peer(socket)) each.ends = ends;
        if (each.ends == ends) return socket;
    }
    return CURL_SOCKET_BAD;
}

bool multi_loop::is_stale(curl_socket_t socket, const std::shared_ptr<bool>& stood) const {
    const auto known = open_.find(socket);
    return known != open_.end() && known->second.stood != stood && has_input(socket);
}

void multi_loop::cork(curl_socket_t socket) {
    if (socket == CURL_SOCKET_BAD) return;
    set_corked(socket, 1);
    corked_.push_back(socket);
}

int multi_loop::close_socket(void* loop, curl_socket_t socket) {
    auto& self = *static_cast<multi_loop*>(loop);
    self.forget(socket);
    std::erase(self.corked_, socket);
    const auto known = self.open_.find(socket);
    if (known != self.open_.end()) {
        if (has_peer(socket)) *known->second.stood = true;
        self.open_.erase(known);
    }
    return ::close(socket);
}

int multi_loop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    try {
        static_cast<multi_loop*>(self)->follow(socket, what);
        return 0;
    } catch (const std::exception&) {
        return -1;  // the transfers end as failed
    }
}

void multi_loop::forget(curl_socket_t socket) {
    const auto known = watches_.find(socket);
    if (known == watches_.end()) return;
    known->second->let_go();
    watches_.erase(known);
}

void multi_loop::follow(curl_socket_t socket, int what) {
    // What libcurl opened by itself, it also closes by itself.
    if (what == CURL_POLL_REMOVE && !open_.contains(socket)) return forget(socket);
    auto& which = watches_[socket];
    if (!which) {
        which = std::make_shared<watch>(strand_);
        which->descriptor.assign(socket);
        which->socket = socket;
    }
    which->wanted = what == CURL_POLL_REMOVE ? 0 : what;
    if ((which->wanted & CURL_POLL_IN) != 0) wait(which, true);
    if ((which->wanted & CURL_POLL_OUT) != 0) wait(which, false);
}

void multi_loop::wait(const std::shared_ptr<watch>& which, bool for_input) {
    bool& waits = for_input ? which->waits_input : which->waits_output;
    if (waits) return;
    waits = true;
    const auto kind = for_input ? stream_descriptor::wait_read : stream_descriptor::wait_write;
    which->descriptor.async_wait(
        kind, [weak = weak_from_this(), which, for_input](error_code stopped) {
            (for_input ? which->waits_input : which->waits_output) = false;
            const auto self = weak.lock();
            const int mine = for_input ? CURL_POLL_IN : CURL_POLL_OUT;
            if (!self || (which->wanted & mine) == 0) return;
            const int event = for_input ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
            self->act(which->socket, stopped ? CURL_CSELECT_ERR : event);
            if ((which->wanted & mine) != 0) self->wait(which, for_input);
        });
}

// ---- time -------------------------------------------------------------------------------------

int multi_loop::on_timer(CURLM*, long milliseconds, void* self) {
    try {
        static_cast<multi_loop*>(self)->set_timer(milliseconds);
        return 0;
    } catch (const std::exception&) {
        return -1;
    }
}

// libcurl changes its mind several times a request, and setting a timer costs a call of the kernel:
// so one that is set too early stays, and "at once" is no timer.
void multi_loop::set_timer(long milliseconds) {
    due_ = milliseconds < 0 ? never : steady::now() + std::chrono::milliseconds(milliseconds);
    if (milliseconds == 0) {
        boost::asio::post(strand_, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->time_has_come();
        });
    } else if (due_ < armed_) {
        arm();
    }
}

void multi_loop::arm() {
    armed_ = due_;
    timer_.expires_at(armed_);
    timer_.async_wait([weak = weak_from_this()](error_code stopped) {
        const auto self = weak.lock();
        if (!self || stopped) return;
        self->armed_ = never;
        self->time_has_come();
    });
}

void multi_loop::time_has_come() {
    if (due_ > steady::now()) {
        if (due_ < armed_) arm();
        return;
    }
    due_ = never;
    act(CURL_SOCKET_TIMEOUT, 0);
}

void multi_loop::act(curl_socket_t socket, int what) {
    int running = 0;
    ::curl_multi_socket_action(multi_, socket, what, &running);
    for (const curl_socket_t each : std::exchange(corked_, {}))
        set_corked(each, 0);
    deliver();
}

void multi_loop::deliver() {
    const auto keep = shared_from_this();
    std::vector<std::pair<CURL*, CURLcode>> over;
    int left = 0;
    while (const CURLMsg* message = ::curl_multi_info_read(multi_, &left)) {
        if (message->msg == CURLMSG_DONE)
            over.emplace_back(message->easy_handle, message->data.result);
    }
    for (const auto& [handle, code] : over) {
        const auto at = running_.find(handle);
        if (at == running_.end()) continue;  // removed by the one before
        const ended done = std::move(at->second);
        remove(handle);
        done(code);
    }
}

}  // namespace gatepost::services
