// One request on its way: may we go there, the name's addresses, libcurl, the answer. Each step
// ends in the next one or in finish(), which runs once.
//
// The rule that a mail depends on: libcurl sends a request again by itself when a kept connection
// ends without an answer, and reports success. So a body is given once (its seek callback refuses),
// and a request of which a byte was given, or that has no body and commits, is never begun a second
// time (the callback before the request refuses).
#pragma once

#include <gatepost/abi.h>

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/backstage.hpp"
#include "services/http/order.hpp"
#include "services/http/prepared.hpp"
#include "services/http/response.hpp"
#include "services/http/room.hpp"
#include "services/http/upload.hpp"
#include "services/http/verdict.hpp"

namespace gatepost::services {

class transfer;

// The requests of one call; they end with it.
struct call_requests {
    plugin::call_context* context = nullptr;
    std::vector<std::shared_ptr<transfer>> running;
    bool shown_stages = false;  // of the way to the provider: of a test's first request

    static std::shared_ptr<call_requests> of(plugin::call_context& context);
    call_requests() = default;
    call_requests(const call_requests&) = delete;
    call_requests& operator=(const call_requests&) = delete;
    ~call_requests();
};

class transfer : public std::enable_shared_from_this<transfer> {
  public:
    transfer(http_order order, backstage& house, plugin::call_context& context);
    ~transfer();
    void start(std::shared_ptr<plugin::operation> operation);
    void refuse(const std::shared_ptr<plugin::operation>& operation, const objection& why);
    // Its call is over.
    void drop();

  private:
    using answer = plugin::operation::answer;
    void look_up();
    void looked_up(const result<std::vector<socket_address>>& found);
    void dial_out(std::vector<socket_address> addresses);
    void begin_transfer();
    void begin_on_a_new_connection();
    void ended(CURLcode code);
    http_ending how_it_ended(CURLcode code);
    void finish(answer with);
    void fail(gatepost_status status, uint32_t at, const std::string& text,
              const std::string& advice = {});

    // ---- of libcurl's options
    CURLcode set_up(const std::vector<socket_address>& addresses);
    std::string likeness(const std::vector<socket_address>& addresses) const;
    CURLcode prepare(const std::vector<socket_address>& addresses);
    void set_request(option_setter& set);
    void set_sockets(option_setter& set);
    bool set_headers(option_setter& set);
    bool keep_addresses(const std::vector<socket_address>& addresses);
    void set_times(option_setter& set);

    // ---- libcurl's callbacks
    static size_t on_read(char* into, size_t size, size_t count, void* self);
    static int on_seek(void* self, curl_off_t offset, int origin);
    static size_t on_header(char* line, size_t size, size_t count, void* self);
    static size_t on_body(char* bytes, size_t size, size_t count, void* self);
    static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
    static int on_session(void* self, char* peer, char* own, int peer_port, int own_port);
    size_t give(std::span<char> into);
    bool begin_request(const socket_address& peer, const std::string& ends);
    bool takes_turns() const;
    void head_complete();

    // ---- for people
    void enter_stage(uint32_t at);
    void pass_stage(uint32_t at, const std::string& text);
    void fail_stage(uint32_t at, const std::string& text, const std::string& advice);
    std::string tls_words() const;
    bool traced() const;
    // Lines that were made to be shown; and one about it, that was not yet.
    void trace(std::string_view direction, std::string_view text);
    void note(std::string_view text);
    plugin::call_context* context() const { return call_ ? call_->context : nullptr; }
    CURL* handle() const { return prepared_->easy.get(); }

    http_order order_;
    backstage& house_;
    call_requests* call_;  // null when its call is over
    std::shared_ptr<http_room> room_;
    std::shared_ptr<multi_loop> loop_;
    boost::asio::any_io_executor strand_;
    boost::asio::steady_timer timer_;  // while the name is looked up
    mono_time due_;
    std::shared_ptr<plugin::operation> operation_;
    std::shared_ptr<upload> upload_;
    response_reader response_;
    std::shared_ptr<bool> stood_ = std::make_shared<bool>(false);  // a socket of it had a peer
    std::unique_ptr<prepared> prepared_;
    bool session_ = false, stale_ = false, denied_ = false, staged_ = false;
    bool plain_ = true;      // directly, begun once, on whatever connection there was
    bool well_ = false;      // plain, and answered
    bool metadata_ = false;  // the peer is a cloud's own
};

}  // namespace gatepost::services
