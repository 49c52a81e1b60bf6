// HTTP/1.1 on Unix sockets: one thread, callbacks, many clients. It knows nothing of mail; what a
// request means is the `request_begin` it is given.
//
// Promises: requests of a connection are answered strictly in their order, also pipelined ones; a
// body is handed on while it arrives and is never held whole; who calls comes from the kernel
// (SO_PEERCRED); at every cap the client is told and others are not harmed; garbage ends the
// connection it came on and nothing else. A client that half-closes still gets its answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "api/http.hpp"
#include "api/listener.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"

namespace gatepost::api {

// Times and caps, from limits.hpp; a test has shorter ones.
struct http_limits {
    std::chrono::milliseconds header_time = limits::request_header_time;
    std::chrono::milliseconds body_time = limits::request_body_time;
    std::chrono::milliseconds keep_alive_time = limits::keep_alive_time;
    std::chrono::milliseconds write_time = limits::request_header_time;  // without any progress
    std::chrono::milliseconds linger_time = std::chrono::seconds(5);
    std::chrono::milliseconds tick = std::chrono::milliseconds(500);  // how exact these are
    size_t connections = limits::api_connections;
};

class http_server : public loop {
  public:
    struct options {
        std::vector<listener> listeners;
        http_limits limits = {};
        // Who administers, beside root, on an admin listener.
        uint32_t daemon_uid = 0;
    };

    // The thread begins to serve when start is called; until then post already works.
    static result<std::unique_ptr<http_server>> make(options how);
    virtual void start(request_begin begin) = 0;
    // No new connections; requests that wait for their answer get up to `grace`. Ends the thread
    // and removes the sockets. Not from the loop's thread.
    virtual void stop(std::chrono::milliseconds grace) = 0;
    virtual size_t connections() const = 0;  // any thread
};

}  // namespace gatepost::api
