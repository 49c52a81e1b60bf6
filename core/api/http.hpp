// HTTP as plain values, between the server (sockets, Beast) and the handlers (what the API means).
// Everything here happens on the one api thread, except loop::post.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "mail/mime.hpp"

namespace gatepost::api {

// Who calls, as the kernel says.
struct peer {
    uint32_t uid = 0;
    uint32_t gid = 0;
    int32_t pid = 0;
    bool admin = false;  // by socket and by user
};

struct request {
    std::string method;
    std::string path;   // as sent, without the query
    std::string query;  // without the question mark
    std::string content_type, accept, prefer, idempotency_key;
    bool has_key = false;       // Idempotency-Key was given, perhaps empty
    bool repeated_key = false;  // more than once
    peer caller;
};

struct response {
    int status = 200;
    std::string_view type = "application/json";
    std::string headers = {};  // whole lines: "Location: /x\r\n"
    std::string body = {};
    std::unique_ptr<mail::byte_source> source = {};  // in place of body: read in windows
};

response problem(const error& failure);

// One request and its answer. A handler keeps it as long as it may still answer.
class exchange {
  public:
    virtual ~exchange() = default;
    // Once; later calls, and calls after the client left, do nothing.
    virtual void answer(response with) = 0;
    // An answer whose length is not known yet: begin, any number of pieces, end.
    virtual void begin_stream(std::string_view type) = 0;
    virtual void write_stream(std::string piece) = 0;
    virtual void end_stream() = 0;
    // The client closed its side while the answer was awaited. Set at most once.
    virtual void on_gone(std::function<void()> handler) = 0;
    virtual bool gone() const = 0;
};

using exchange_ptr = std::shared_ptr<exchange>;

// Takes a request's body as it arrives. Dropped as soon as the body is over or the client left.
class body_handler {
  public:
    virtual ~body_handler() = default;
    // An error is answered as a problem, and the rest of the body is not read.
    virtual status on_piece(std::string_view piece) = 0;
    virtual void on_end() = 0;
};

// What to do with a request whose head is there. No handler: the body is read past (and the answer
// was given, or will be).
struct handling {
    std::unique_ptr<body_handler> handler;
    uint64_t max_body = limits::small_request_bytes;
};

using request_begin = std::function<handling(const request&, exchange_ptr)>;

// Where handlers come back to from other threads.
class loop {
  public:
    virtual ~loop() = default;
    // Any thread. What is posted together runs together: one wake-up for many.
    virtual void post(std::function<void()> work) = 0;
    // On the loop's thread. Dropping the handle cancels.
    virtual std::shared_ptr<void> after(std::chrono::milliseconds time,
                                        std::function<void()> work) = 0;
};

}  // namespace gatepost::api
