// The socket is tried first and waited for only when it has nothing: a wait is armed anew each
// time, and the kernel then tells of what has come since, so nothing is missed between two looks.
#include "services/stream/channel.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/limits.hpp"

namespace gatepost::services {
namespace {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

constexpr size_t first_buffer_bytes = 4 * 1024;  // most replies fit, and most streams are idle
constexpr size_t least_room_bytes = 1024;        // less is not worth a system call
constexpr size_t record_bytes = 16 * 1024;       // of TLS, in the clear

}  // namespace

channel::channel(stream_descriptor socket, std::shared_ptr<void> mark)
    : descriptor_(std::move(socket)), mark_(std::move(mark)) {}

channel::~channel() = default;

void channel::begin() {
    begun_ = true;
    arm_input();
}

// ---- what comes -------------------------------------------------------------------------------

bool channel::full() const {
    return tail_ - head_ + least_room_bytes > limits::stream_read_ahead_bytes;
}

bool channel::make_room() {
    if (head_ == tail_) head_ = tail_ = 0;
    if (capacity_ - tail_ >= least_room_bytes) return true;
    if (full()) return false;
    const size_t held = tail_ - head_;
    const size_t wanted = std::max(first_buffer_bytes, capacity_ * (held * 2 > capacity_ ? 2 : 1));
    const size_t size = std::min(wanted, limits::stream_read_ahead_bytes);
    if (size != capacity_) {
        auto larger = std::make_unique_for_overwrite<char[]>(size);
        if (held > 0) std::memcpy(larger.get(), buffer_.get() + head_, held);
        buffer_ = std::move(larger);
        capacity_ = size;
    } else {
        std::memmove(buffer_.get(), buffer_.get() + head_, held);
    }
    head_ = 0;
    tail_ = held;
    return true;
}

void channel::consume(size_t bytes) {
    const bool was_full = full();
    head_ += bytes;
    if (!was_full || !open()) return;
    take_in();  // TLS may hold bytes that no wait would ever tell of
    arm_input();
}

void channel::shrink() {
    if (head_ != tail_ || capacity_ <= first_buffer_bytes) return;
    buffer_.reset();
    capacity_ = head_ = tail_ = 0;
}

void channel::look() {
    if (!begun_ || securing_ || !open()) return;
    take_in();
    arm_input();
}

void channel::take_in() {
    while (!ended_ && make_room()) {
        const std::span room(buffer_.get() + tail_, capacity_ - tail_);
        size_t got = 0;
        const bool more = tls_ ? take_secret(room, got) : take_clear(room, got);
        tail_ += got;
        received_ += got;
        if (!more) break;
    }
    // OpenSSL may have something to say of its own: an answer to a key update.
    if (tls_ && !tls_->out.empty() && !waiting_output_) flush();
}

// True: there may be more.
bool channel::take_clear(std::span<char> into, size_t& got) {
    const ssize_t bytes = ::recv(descriptor_.native_handle(), into.data(), into.size(), 0);
    if (bytes > 0) {
        got = static_cast<size_t>(bytes);
        return got == into.size();
    }
    if (bytes == 0)
        end("the peer closed the connection");
    else if (errno == EINTR)
        return true;
    else if (errno != EAGAIN && errno != EWOULDBLOCK)
        end(std::strerror(errno));
    return false;
}

bool channel::take_secret(std::span<char> into, size_t& got) {
    switch (tls_->read(into.first(std::min(into.size(), record_bytes)), got)) {
        case tls_session::input::bytes: return true;
        case tls_session::input::nothing_yet: return false;
        default: break;
    }
    end(tls_->end_text().empty() ? "the peer closed the connection" : tls_->end_text());
    return false;
}

void channel::end(std::string why) {
    if (std::exchange(ended_, true)) return;
    end_text_ = std::move(why);
}

void channel::arm_input() {
    if (waiting_input_ || ended_ || !open() || (!securing_ && full())) return;
    waiting_input_ = true;
    descriptor_.async_wait(stream_descriptor::wait_read,
                           [self = shared_from_this()](error_code stopped) {
                               self->waiting_input_ = false;
                               if (!stopped && self->open()) self->readable();
                           });
}

void channel::readable() {
    if (securing_) return shake_hands();
    const uint64_t before = received_;
    take_in();
    arm_input();
    if ((received_ != before || ended_) && on_input) {
        const auto tell = on_input;
        tell();
    }
}

// ---- what goes --------------------------------------------------------------------------------

channel::sent channel::send(std::string_view bytes) {
    if (send_problem_.empty() && !open()) send_problem_ = end_text_;
    if (!send_problem_.empty()) return sent::failed;
    if (!tls_) {
        clear_ = bytes;
    } else if (!tls_->write(bytes)) {
        send_problem_ = "TLS could not take the bytes";
        return sent::failed;
    }
    return waiting_output_ ? sent::later : flush();
}

std::string_view channel::unsent() const {
    return tls_ ? std::string_view(tls_->out).substr(secret_sent_) : clear_;
}

void channel::sent_some(size_t bytes) {
    if (!tls_) return clear_.remove_prefix(bytes);
    secret_sent_ += bytes;
    if (secret_sent_ < tls_->out.size()) return;
    tls_->out.clear();
    secret_sent_ = 0;
}

channel::sent channel::flush() {
    while (!unsent().empty()) {
        const std::string_view bytes = unsent();
        const ssize_t done =
            ::send(descriptor_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (done >= 0) {
            sent_some(static_cast<size_t>(done));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            arm_output();
            return sent::later;
        } else if (errno != EINTR) {
            send_problem_ = errno == EPIPE || errno == ECONNRESET ? "the peer closed the connection"
                                                                  : std::strerror(errno);
            clear_ = {};
            return sent::failed;
        }
    }
    return sent::all;
}

void channel::arm_output() {
    if (waiting_output_) return;
    waiting_output_ = true;
    descriptor_.async_wait(stream_descriptor::wait_write,
                           [self = shared_from_this()](error_code stopped) {
                               self->waiting_output_ = false;
                               if (stopped || !self->open()) return;
                               const sent now = self->flush();
                               if (now == sent::later || !self->on_output) return;
                               const auto tell = self->on_output;
                               tell(now);
                           });
}

// ---- TLS --------------------------------------------------------------------------------------

void channel::secure(std::unique_ptr<tls_session> session, secured done) {
    tls_ = std::move(session);
    tls_->attach(descriptor_.native_handle());
    securing_ = true;
    on_secured_ = std::move(done);
    shake_hands();
}

void channel::shake_hands() {
    const auto step = tls_->shake_hands();
    flush();
    switch (step) {
        case tls_session::step::wants_input: return arm_input();
        case tls_session::step::failed: return finish_securing(&tls_->failure());
        case tls_session::step::done: break;
    }
    finish_securing(nullptr);
    // What came in one piece with the end of the handshake is in OpenSSL's hands already.
    if (open()) readable();
}

void channel::finish_securing(const tls_failure* failure) {
    securing_ = false;
    if (const auto done = std::exchange(on_secured_, nullptr)) done(failure);
}

void channel::close(std::string why) {
    on_input = nullptr;
    on_output = nullptr;
    on_secured_ = nullptr;
    end(std::move(why));
    if (!open()) return;
    if (tls_ && !securing_ && send_problem_.empty() && unsent().empty()) {
        tls_->end();
        flush();
    }
    error_code ignored;
    descriptor_.close(ignored);
    clear_ = {};
    mark_.reset();
}

}  // namespace gatepost::services
