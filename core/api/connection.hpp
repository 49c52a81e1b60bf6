// One client: bytes in, requests in order, answers out. Private to the server; api thread only.
//
// A read is always outstanding while there is room, also while an answer is awaited, so that one
// request costs one read and one write, and a client that leaves is noticed. Answers that are ready
// together leave in one write. An answer given before the body was read ends the connection, after
// the rest was read past for a while: closing at once would throw the answer away.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/http.hpp"
#include "api/http_parser.hpp"
#include "api/http_server.hpp"
#include "base/clock.hpp"

namespace gatepost::api {

class connection;

// What a connection needs of its server.
struct connection_host {
    http_limits limits;
    request_begin begin;
    std::function<void(const std::shared_ptr<connection>&)> closed;
};

class connection final : public std::enable_shared_from_this<connection> {
  public:
    using socket = boost::asio::basic_stream_socket<boost::asio::local::stream_protocol,
                                                    boost::asio::io_context::executor_type>;

    connection(const connection_host& host, socket with, const peer& who);

    void start();
    void tick(mono_time now);
    // Nothing is under way; the server stops these first.
    bool idle() const { return phase_ == phase::head && !parser_.started() && !writing_; }
    void close();

  private:
    class turn;  // the exchange of the present request
    enum class phase { head, body, answer, streaming, linger, closed };

    void process();
    bool advance();
    bool half_a_request() const;
    bool read_head();
    bool read_body();
    bool begin_request(bool without_body);
    bool end_body();
    bool send_answer();
    status take_piece(std::string_view piece);
    void refuse(const error& why);
    void put_head(const response& with, std::optional<uint64_t> length);
    bool pump_source();
    bool end_request();
    void leave_turn();

    void begin_stream(std::string_view type);
    void write_stream(std::string_view piece);
    void end_stream();

    void read_more();
    void on_read(const boost::system::error_code& failed, size_t bytes);
    void on_end_of_input();
    bool peer_left() const;
    void flush();
    void write_rest();
    void on_written(const boost::system::error_code& failed, size_t bytes);
    void after_output();
    void set_deadline(std::chrono::milliseconds from_now);

    static constexpr size_t input_bytes = 32 * 1024;  // over the cap on a head: one always fits
    static constexpr size_t least_room = 4096;  // below it, what is left is moved to the front
    static_assert(input_bytes >= limits::request_header_bytes + least_room);

    const connection_host& host_;
    socket socket_;
    http_parser parser_;
    request request_;
    phase phase_ = phase::head;
    bool processing_ = false;
    bool closing_ = false;    // after this answer
    bool body_open_ = false;  // the client may still send some of the present request
    bool reading_ = false;
    bool input_ended_ = false;
    bool writing_ = false;
    bool chunked_out_ = false;

    std::unique_ptr<char[]> in_;
    size_t begin_ = 0, end_ = 0;
    std::string out_;      // answers that wait
    std::string sending_;  // what an outstanding write was given
    size_t written_ = 0;   // of sending_
    std::string window_;   // for sources

    std::shared_ptr<turn> turn_;
    std::unique_ptr<body_handler> handler_;
    uint64_t max_body_ = 0, body_bytes_ = 0;
    std::optional<response> answer_;
    std::unique_ptr<mail::byte_source> source_;
    uint64_t source_at_ = 0;
    std::optional<mono_time> deadline_, write_deadline_;
};

}  // namespace gatepost::api
