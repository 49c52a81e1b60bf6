// Carries mail out: takes due messages from the spool, makes the started mark, calls the
// connection's instance, records what became of it. The decisions are pure (decide, retry, route,
// admit, quota); this file's class is their hands.
//
// A connection lives on one delivery loop and has `concurrency` lanes; a lane is a message between
// its started mark and its verdict. So a crash leaves at most lanes x connections recipients
// unknown, never the queue.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "mail/message.hpp"
#include "plugin/instance.hpp"
#include "plugin/registry.hpp"
#include "spool/spool.hpp"

namespace gatepost::delivery {

struct connection_status {
    std::string name, provider;
    bool active = true;
    bool captures = false;     // delivers to nobody
    bool running = false;      // an instance exists
    std::string problem;       // why not, for people; empty if all is well
    std::string default_from;  // "Name <address>" or empty
    uint64_t waiting = 0;      // known to the dispatcher
    uint32_t in_flight = 0;
    uint32_t concurrency = 0;
};

struct test_result {
    bool success = false;
    std::string message;  // one sentence
    std::string advice;
    std::vector<plugin::stage_report> stages;
    std::vector<plugin::trace_line> trace;  // if it was asked for; capped
    plugin::call_result outcome;
};

struct test_request {
    std::string connection;                        // of a configured one; or
    std::string provider;                          // unsaved settings
    secret settings_json;                          // of unsaved settings, checked
    std::shared_ptr<const mail::message> message;  // the test mail, or null: settings only
    std::function<void(const plugin::stage_report&)> on_stage;  // any thread
    bool trace = false;                                         // gather the dialogue
    std::function<void(const plugin::trace_line&)> on_trace;    // with `trace`; any thread
    std::chrono::milliseconds deadline{};
};

struct dispatcher_options {
    const gatepost::clock* clock = nullptr;
    std::shared_ptr<spool::spool> spool;
    std::shared_ptr<const plugin::registry> plugins;
    plugin::service_lookup services;
    unsigned loops = 1;
};

class dispatcher {
  public:
    static std::unique_ptr<dispatcher> make(dispatcher_options how);
    virtual ~dispatcher() = default;

    // Makes instances for active connections; one that fails is shown with its problem. Then takes
    // what waits.
    virtual void start(std::shared_ptr<const config::settings> config) = 0;
    // Changes over to another configuration while it runs. Connections that read as before are not
    // touched; a changed one takes new work with a new instance, while the old one ends its calls
    // and closes its sessions, which count against the connection's concurrency until then; a
    // removed or inactive one only ends, and its mail waits. `config` if a provider refuses
    // settings that are new: then nothing changed. Not on a delivery loop; one at a time.
    virtual status reload(std::shared_ptr<const config::settings> config) = 0;
    // Any thread.
    virtual std::vector<connection_status> connections() const = 0;
    // Any thread; `done` on a delivery loop. The returned function cancels (any thread, also after
    // the end).
    virtual std::function<void()> test(test_request request,
                                       std::function<void(test_result)> done) = 0;
    // What held this connection's mail may be over (somebody logged in, or retried a mail by hand):
    // one may try at once. Any thread.
    virtual void resume(const std::string& connection) = 0;
    // While the spool is sick nothing new begins: a verdict could not be kept. Any thread.
    virtual void pause(bool paused) = 0;
    // Takes no new work, lets calls before their `commits` end within the grace, waits for the
    // others up to `limit`.
    virtual void stop(std::chrono::milliseconds limit) = 0;
};

}  // namespace gatepost::delivery
