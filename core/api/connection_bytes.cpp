// The bytes of a connection: reading while there is room, writing at once what the socket takes,
// and the clock's part. What the bytes mean stands in connection.cpp.
#include <poll.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <cstring>
#include <utility>

#include "api/connection.hpp"

namespace gatepost::api {

void connection::read_more() {
    if (reading_ || input_ended_ || phase_ == phase::closed) return;
    if (begin_ == end_) {
        begin_ = end_ = 0;
    } else if (input_bytes - end_ < least_room && begin_ > 0) {
        end_ -= begin_;
        std::memmove(in_.get(), in_.get() + begin_, end_);
        begin_ = 0;
    }
    if (end_ == input_bytes) return;  // enough was pipelined: the rest waits in the kernel
    reading_ = true;
    socket_.async_read_some(boost::asio::buffer(in_.get() + end_, input_bytes - end_),
                            [self = shared_from_this()](const auto& failed, size_t bytes) {
                                self->on_read(failed, bytes);
                            });
}

void connection::on_read(const boost::system::error_code& failed, size_t bytes) {
    reading_ = false;
    if (phase_ == phase::closed) return;
    if (failed == boost::asio::error::eof) {
        input_ended_ = true;
        on_end_of_input();
        return;
    }
    if (failed) {
        close();
        return;
    }
    end_ += bytes;
    process();
    // Full, and nothing hinders the parser: it waits for the end of a line that does not come.
    if (phase_ != phase::closed && !reading_ && !writing_ && begin_ == 0 && end_ == input_bytes &&
        (phase_ == phase::head || phase_ == phase::body)) {
        refuse({error_kind::malformed, "this is not HTTP/1.1: a line is too long"});
        process();
    }
}

// Half a request is answered as such if the client still listens; a whole one is still carried out.
void connection::on_end_of_input() {
    if (phase_ == phase::linger || peer_left()) {
        close();
        return;
    }
    process();
}

// A client that only ended its sending (shutdown) shows no POLLHUP; one that closed does.
bool connection::peer_left() const {
    pollfd look{const_cast<socket&>(socket_).native_handle(), 0, 0};
    return ::poll(&look, 1, 0) > 0 && (look.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void connection::flush() {
    if (writing_ || phase_ == phase::closed) return;
    if (out_.empty()) {
        after_output();
        return;
    }
    boost::system::error_code failed;
    const size_t written = socket_.write_some(boost::asio::buffer(out_), failed);
    if (failed && failed != boost::asio::error::would_block) {
        close();
        return;
    }
    if (!failed && written == out_.size()) {
        out_.clear();
        after_output();
        return;
    }
    writing_ = true;
    written_ = failed ? 0 : written;
    sending_.swap(out_);  // what is in flight must not move while answers are appended
    write_rest();
}

void connection::write_rest() {
    write_deadline_ = std::chrono::steady_clock::now() + host_.limits.write_time;
    socket_.async_write_some(
        boost::asio::buffer(sending_.data() + written_, sending_.size() - written_),
        [self = shared_from_this()](const auto& failed, size_t bytes) {
            self->on_written(failed, bytes);
        });
}

void connection::on_written(const boost::system::error_code& failed, size_t bytes) {
    if (phase_ == phase::closed) return;
    if (failed) {
        close();
        return;
    }
    written_ += bytes;
    if (written_ < sending_.size()) {
        write_rest();
        return;
    }
    writing_ = false;
    write_deadline_.reset();
    sending_.clear();
    process();
}

// All is written: is that the end?
void connection::after_output() {
    if (phase_ == phase::head && input_ended_ && begin_ == end_) {
        close();
        return;
    }
    if (phase_ != phase::linger || deadline_) return;
    if (!body_open_ || input_ended_) {
        close();
        return;
    }
    set_deadline(host_.limits.linger_time);
    boost::system::error_code ignored;
    socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
}

void connection::tick(mono_time now) {
    const auto keep = shared_from_this();
    if (write_deadline_ && now > *write_deadline_) {
        close();
        return;
    }
    if (input_ended_ && peer_left()) {
        close();
        return;
    }
    if (!deadline_ || now <= *deadline_) return;
    deadline_.reset();
    if ((phase_ == phase::head && parser_.started()) || phase_ == phase::body) {
        refuse({error_kind::request_timeout, "the request was not complete in time"});
        process();
    } else if ((phase_ == phase::head && !writing_) || phase_ == phase::linger) {
        close();
    }
}

void connection::close() {
    if (phase_ == phase::closed) return;
    phase_ = phase::closed;
    const auto keep = shared_from_this();
    boost::system::error_code ignored;
    socket_.close(ignored);
    handler_.reset();
    source_.reset();
    leave_turn();
    host_.closed(keep);
}

}  // namespace gatepost::api
