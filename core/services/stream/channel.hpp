// One socket, with or without TLS: bytes read ahead into a bounded buffer, bytes out as far as the
// kernel takes them. It knows no call and no operation; stream.hpp does.
//
// Everything on the strand. One wait for input is pending at all times while there is room, so the
// end of the peer is noticed as soon as it comes, and an early answer is never lost behind a write
// that fails. After close() the input that came before can still be taken.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "services/stream/tls_session.hpp"

namespace gatepost::services {

class channel : public std::enable_shared_from_this<channel> {
  public:
    // `mark` is kept as long as the socket is open.
    channel(boost::asio::posix::stream_descriptor socket, std::shared_ptr<void> mark);
    ~channel();

    // ---- what comes
    std::function<void()> on_input;  // after bytes came, or the end
    void begin();                    // from here on it reads ahead
    std::string_view input() const { return {buffer_.get() + head_, tail_ - head_}; }
    // Of all input, from the beginning: what came, and what was consumed.
    uint64_t received() const { return received_; }
    uint64_t consumed() const { return received_ - (tail_ - head_); }
    void consume(size_t bytes);
    // The buffer holds as much as it may.
    bool full() const;
    bool ended() const { return ended_; }
    const std::string& end_text() const { return end_text_; }
    // Takes what is there now, without a wait.
    void look();
    // Gives back memory that an idle stream does not need.
    void shrink();

    // ---- what goes
    enum class sent { all, later, failed };
    std::function<void(sent)> on_output;  // after `later`
    // One at a time. In clear, `bytes` must stay until all of it is sent.
    sent send(std::string_view bytes);
    const std::string& send_problem() const { return send_problem_; }

    // ---- TLS
    // In clear so far, and nothing in the buffer. `done` gets the failure, or nothing.
    using secured = std::function<void(const tls_failure*)>;
    void secure(std::unique_ptr<tls_session> session, secured done);
    const tls_session* tls() const { return tls_.get(); }

    bool open() const { return descriptor_.is_open(); }
    void close(std::string why);

  private:
    bool make_room();
    void take_in();
    // Bytes, nothing now, or the end.
    bool take_clear(std::span<char> into, size_t& got);
    bool take_secret(std::span<char> into, size_t& got);
    void end(std::string why);
    void arm_input();
    void readable();
    void arm_output();
    sent flush();
    std::string_view unsent() const;
    void sent_some(size_t bytes);
    void shake_hands();
    void finish_securing(const tls_failure* failure);

    boost::asio::posix::stream_descriptor descriptor_;
    std::shared_ptr<void> mark_;
    std::unique_ptr<char[]> buffer_;
    size_t capacity_ = 0, head_ = 0, tail_ = 0;
    uint64_t received_ = 0;
    bool begun_ = false, ended_ = false, waiting_input_ = false, waiting_output_ = false;
    std::string end_text_;
    std::string_view clear_;  // not sent yet
    size_t secret_sent_ = 0;  // of tls_->out
    std::string send_problem_;
    std::unique_ptr<tls_session> tls_;
    bool securing_ = false;
    secured on_secured_;
};

}  // namespace gatepost::services
