// A host for one instance of one plugin, without network, disk or time: the seed of the
// conformance kit, and what a provider's own unit tests run against.
//
//     fake_host host;
//     host.script({.at = 2, .status = GATEPOST_FAILED});   // the second request fails
//     host.create(*plugin, *settings_from_json(R"({"path":"/mail"})"));
//     auto call = host.start({.kind = GATEPOST_SEND, .mail = simple_message()});
//     host.run();
//     host.at(call).outcome.verdict ...  host.files() ...  host.violations()
//
// Requests are kept in a queue and answered by step() or run(), never inline; what a request
// points to is read only then, and what `done` was given is overwritten afterwards, so that wrong
// lifetimes show under a sanitizer. The clock moves only when something waits for it. Every breach
// of abi.h is written into violations(), by rule; the host itself goes on. One thread.
#pragma once

#include <gatepost/abi.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/destinations.hpp"
#include "check/sample.hpp"

namespace gatepost::check {

struct violation {
    std::string rule;  // complete-once, open-operations, dead-call, request, path, folder,
                       // destination, certainty, ...
    std::string text;
};

struct diagnostic {
    uint32_t severity = 0;
    std::string pointer, text, advice;
};

struct stage {
    std::string id, title, text, advice;
    uint32_t state = 0;
    int32_t code = 0;
};

struct log_line {
    uint32_t level = 0;
    std::string text;
    std::vector<std::pair<std::string, std::string>> fields;
};

struct recipient_outcome {
    uint32_t index = 0, verdict = 0, blame = 0;
    int32_t code = 0;
    std::string text, provider_message_id;
    uint64_t retry_after = 0;
};

struct outcome {
    uint32_t kind = 0, flags = 0, verdict = 0, blame = 0;
    int32_t code = 0;
    std::string text, provider_message_id, state, advice;
    uint64_t retry_after = 0, lookup_after = 0;
    std::vector<recipient_outcome> recipients;
};

// The k-th request of the instance to a service, counted from 1, does not end well.
struct scripted {
    size_t at = 0;
    gatepost_status status = GATEPOST_FAILED;
    bool refuse = false;   // at once, without a callback
    bool written = false;  // a request that commits was written fully before it failed
    bool stall = false;    // never answered, until cancelled or the deadline
};

struct call_options {
    uint32_t kind = GATEPOST_SEND;
    message mail = simple_message();
    bool without_message = false;      // a test may have none
    std::vector<uint32_t> carry = {};  // empty: all
    uint32_t attempt = 1;
    uint64_t within = 600'000'000'000;     // nanoseconds until the deadline
    std::string provider_message_id = {};  // lookup
    std::string state = {};                // lookup
};

struct call_record {
    size_t completions = 0;  // 1 when all is well
    check::outcome outcome;  // of the first completion
    uint64_t started_at = 0, completed_at = 0;
    size_t requests = 0;                        // to services, accepted or refused
    uint64_t body_bytes = 0, largest_read = 0;  // what body/1 read gave
    bool commits_begun = false, commits_written = false, commits_answered = false;
    std::vector<stage> stages;
    std::vector<std::string> quotas;
};

struct http_seen {
    std::string method, url, body;
    std::vector<std::pair<std::string, std::string>> headers;
    struct form_part {
        std::string name, filename, type, content;
    };
    std::vector<form_part> parts;
    bool commits = false;
    bool clear_text = false;
};
struct http_answer {
    uint32_t http_status = 202;  // 0: no answer came
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    gatepost_status status = GATEPOST_OK;
    uint32_t failed_at = 0;  // GATEPOST_AT_*, with GATEPOST_CONNECT
};
using http_script = std::function<http_answer(const http_seen&)>;

// The other end of a stream. Gives what it sends: at once, and after every write.
class peer {
  public:
    virtual ~peer() = default;
    virtual std::string greeting() { return {}; }
    virtual std::string receive(std::string_view bytes) = 0;
    virtual bool closed() const { return false; }  // no more will come
    // GATEPOST_AT_*: where a handshake with it fails; 0: it does not.
    virtual uint32_t refuses_tls() const { return 0; }
    virtual void secured() {}          // STARTTLS went well
    virtual void flagged(uint32_t) {}  // `required` of the write that receive() is given next
};
struct connect_seen {
    std::string host;
    uint32_t port = 0;
    uint32_t tls = 0;
};
// Null: no connection.
using stream_script = std::function<std::unique_ptr<peer>(const connect_seen&)>;
// A token, or how it failed.
struct oauth_answer {
    oauth_answer(std::string given)  // NOLINT: a script mostly answers a token
        : token(std::move(given)), status(token.empty() ? GATEPOST_FAILED : GATEPOST_OK) {}
    oauth_answer(gatepost_status failure, std::string why, uint64_t wait_seconds = 0)
        : status(failure), text(std::move(why)), seconds(wait_seconds) {}
    std::string token;
    gatepost_status status;
    std::string text = "scripted";
    uint64_t seconds = 0;  // until another try makes sense
};
using oauth_script = std::function<oauth_answer(bool force_refresh)>;

struct host_options {
    view_shape shape = {};
    // Tables end before their optional functions; calling one of those ends the process.
    bool older = false;                   // the service tables
    bool older_table = false;             // gatepost_host itself: without `cancel`
    std::set<std::string> withheld = {};  // ids that are not offered
    // Without a script stream/1, http/1 and oauth/1 are not offered.
    http_script http = {};
    stream_script stream = {};
    size_t stream_read_most = SIZE_MAX;  // bytes that READ_SOME gives at once
    oauth_script oauth = {};
    // Folders that exist and that file/1 may use with all below; empty: everything below "/".
    std::vector<std::string> folders = {};
    std::map<std::string, std::string> files = {};
    // Hosts that stream/1 and http/1 may connect to; nothing: every host.
    std::optional<std::vector<destination>> destinations = {};
};

class fake_host {
  public:
    explicit fake_host(host_options how = {});
    fake_host(const fake_host&) = delete;
    fake_host& operator=(const fake_host&) = delete;
    ~fake_host();  // destroys the instance if no call is open

    void script(scripted what);
    const gatepost_host* table() const;

    // The plugin's own answer. What the settings point to is gone when this returns.
    gatepost_status create(const gatepost_plugin& plugin, const settings& with);
    void destroy();
    // Runs gatepost.check/1 of the plugin; needs no instance. False: it has none.
    bool check(const gatepost_plugin& plugin, const settings& with, const message& mail);

    gatepost_call start(const call_options& what);
    // Also cancels the call's waiting requests, but those that commit: their answer is awaited.
    void cancel(gatepost_call call, uint32_t why);
    // Answers the request that is due first, moving the clock to it. False: nothing waits.
    bool step();
    // Until nothing waits. False: `most` answers were not enough.
    bool run(size_t most = 1'000'000);

    const call_record& at(gatepost_call call) const;
    size_t open_calls() const;
    size_t waiting() const;
    size_t requests() const;  // of all calls
    uint64_t now() const;     // nanoseconds

    const std::vector<violation>& violations() const;
    const std::vector<diagnostic>& diagnostics() const;
    const std::vector<log_line>& log() const;
    const std::map<std::string, std::string>& files() const;

    struct core;

  private:
    std::unique_ptr<core> core_;
};

}  // namespace gatepost::check
