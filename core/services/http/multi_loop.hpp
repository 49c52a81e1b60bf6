// libcurl's multi handle on an Asio loop: its sockets are waited for, its one timer is kept, and
// who added a handle hears once how it ended. Owns every socket that libcurl opens through it.
//
// Strand only. Handlers run from the loop, never from inside add or remove; none runs after remove.
// `ended` may add, remove and destroy.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/http/easy.hpp"

namespace gatepost::services {

class multi_loop : public std::enable_shared_from_this<multi_loop> {
  public:
    using ended = std::function<void(CURLcode)>;
    // `mark` makes what is kept as long as a socket is open.
    using marker = std::function<std::shared_ptr<void>()>;
    // Null: no memory.
    static std::shared_ptr<multi_loop> make(boost::asio::any_io_executor strand, marker mark);
    multi_loop(boost::asio::any_io_executor strand, marker mark);
    ~multi_loop();

    bool add(CURL* handle, ended done);
    void remove(CURL* handle);
    // After CURL_READFUNC_PAUSE. Not from inside a callback of libcurl.
    void resume(CURL* handle);
    bool idle() const { return running_.empty(); }

    // For CURLOPT_CLOSESOCKETFUNCTION, with the loop as its pointer; and its counterpart, for what
    // opens a socket.
    static int close_socket(void* loop, curl_socket_t socket);
    // `stood` becomes true if a peer ever answered there; known when it is closed, or by look().
    void opened(curl_socket_t socket, std::shared_ptr<bool> stood);
    void look(const std::shared_ptr<bool>& stood);
    // The connection that a request is about to use, by the names of its two ends; `stood` of the
    // one that asks.
    curl_socket_t find(const std::shared_ptr<bool>& stood, const std::string& ends);
    // It is an older one, and something lies on it that nobody asked for, if only its end.
    bool is_stale(curl_socket_t socket, const std::shared_ptr<bool>& stood) const;
    // What libcurl writes in this turn leaves together: a small request's head and body in one
    // packet. Only from inside a callback of libcurl.
    void cork(curl_socket_t socket);

  private:
    struct watch;
    static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
    static int on_timer(CURLM*, long milliseconds, void* self);
    bool set_up();
    void follow(curl_socket_t socket, int what);
    void forget(curl_socket_t socket);
    void wait(const std::shared_ptr<watch>& which, bool for_input);
    void set_timer(long milliseconds);
    void arm();
    void time_has_come();
    void act(curl_socket_t socket, int what);
    void deliver();

    boost::asio::any_io_executor strand_;
    boost::asio::steady_timer timer_;
    using steady = std::chrono::steady_clock;
    static constexpr steady::time_point never = steady::time_point::max();
    steady::time_point due_ = never;    // what libcurl asked for
    steady::time_point armed_ = never;  // what timer_ waits for; never later
    marker mark_;
    CURLM* multi_ = nullptr;
    std::map<curl_socket_t, std::shared_ptr<watch>> watches_;
    struct open_socket {
        std::shared_ptr<void> mark;
        std::shared_ptr<bool> stood;
        std::string ends = {};  // empty: no request began on it yet
    };
    std::map<curl_socket_t, open_socket> open_;
    std::vector<curl_socket_t> corked_;
    std::map<CURL*, ended> running_;
};

}  // namespace gatepost::services
