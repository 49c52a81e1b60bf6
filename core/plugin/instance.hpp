// One configured provider at work: a plugin's table, its settings, and a strand. The door for every
// call into a plugin.
//
// Promises: the handler of start runs exactly once for every call, whatever the plugin does: at
// completion, at the deadline (plus grace), or when it was cancelled and does not react. The
// certainty ledger is held against the plugin's words: `deferred` and `rejected` are refused where
// a `commits` request was fully written and nothing came back; a crash, deadline or missing
// completion is decided by the ledger alone. A late, second or foreign completion is the plugin's
// fault: counted, logged once, and harms no other call.
#pragma once

#include <gatepost/abi.h>

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/destination.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "mail/message.hpp"
#include "mail/verdict.hpp"
#include "plugin/hidden_words.hpp"
#include "plugin/registry.hpp"
#include "plugin/services.hpp"

namespace gatepost::plugin {

enum class call_kind : uint32_t {
    send = GATEPOST_SEND,
    test = GATEPOST_TEST,
    lookup = GATEPOST_LOOKUP
};
enum class cancel_reason : uint32_t {
    caller = GATEPOST_WHY_CALLER,
    deadline = GATEPOST_WHY_DEADLINE,
    shutdown = GATEPOST_WHY_SHUTDOWN
};

struct stage_report {
    std::string id, state, title, text, advice;  // state: started | passed | failed | skipped
    int32_t code = 0;
    std::chrono::milliseconds since_start{};
};

// One line of a call's dialogue with its provider, without secrets and control characters.
struct trace_line {
    std::string direction;  // ">" to the provider, "<" from it, "*" about it
    std::string text;
    std::chrono::milliseconds since_start{};
};

struct call_request {
    call_kind kind = call_kind::send;
    std::shared_ptr<const mail::message> message;  // may be null for test
    std::vector<uint32_t> carry;                   // recipient indexes
    uint32_t attempt = 1;
    std::string idempotency_key;
    std::string provider_message_id, state;  // lookup
    mono_time deadline{};
    std::function<void(const stage_report&)> on_stage;  // test; strand
    std::function<void(const trace_line&)> on_trace;    // null: not wanted; strand
};

struct call_result {
    mail::attempt_result attempt;  // one entry for every index in carry
    bool unsupported = false;
    // The plugin broke a rule; where its words cannot be used, the verdicts are the ledger's.
    bool plugin_fault = false;
    std::string text, advice;  // of the outcome as a whole, safe
    int32_t code = 0;
    mail::verdict verdict = mail::verdict::unknown;
    mail::blame blame = mail::blame::none;
    bool captured = false;
    default_limits told;  // what the provider said in this call of its limits
};

struct instance_options {
    std::string connection;  // name
    std::string settings_json;
    boost::asio::any_io_executor executor;  // a strand, or a loop of one thread
    service_lookup services;
    const gatepost::clock* clock = nullptr;  // nothing: the machine's
    // Where large parts of raw mail go when it is taken apart; nothing: memory.
    mail::content_factory contents = {};
    bool trace = false;  // every call's trace goes to the log, as "provider.trace"
};

class instance : public std::enable_shared_from_this<instance> {
  public:
    explicit instance(std::vector<std::string> secrets = {})
        : hidden_(std::make_shared<hidden_words>(std::move(secrets))) {}
    // Fills in the schema's defaults and checks the settings, then runs the plugin's create, on the
    // caller's thread. `config` with the schema's problems or the plugin's diagnostics as fields,
    // or `plugin_fault`.
    static result<std::shared_ptr<instance>> create(std::shared_ptr<const loaded_plugin> plugin,
                                                    instance_options how);
    virtual ~instance() = default;

    // On the strand. `done` runs on the strand, later, exactly once. Without a deadline the limits'
    // one holds.
    virtual uint64_t start(call_request request, std::function<void(call_result)> done) = 0;
    // On the strand. `caller` stops only what has not begun a `commits` request; behind that the
    // answer is awaited, and only the deadline or `shutdown` cuts it short.
    virtual void cancel(uint64_t call, cancel_reason why) = 0;
    virtual size_t open_calls() const = 0;
    // No new calls; runs `done` on the strand when the last is over, what services keep open is
    // closed in order (for at most limits::cancel_grace) and the plugin's instance is destroyed. An
    // instance with a stuck call (one that the plugin never completed) or an operation that still
    // reads its memory is left behind instead.
    virtual void drain(std::function<void()> done) = 0;

    virtual const loaded_plugin& plugin() const = 0;
    virtual const std::string& connection() const = 0;
    virtual const std::string& settings_json() const = 0;  // with defaults
    // Rules the plugin broke so far. Any thread.
    virtual uint64_t faults() const { return 0; }
    // Ends what is past its deadline by the clock; the instance's own timer does the same. On the
    // strand; for a clock that stands still.
    virtual void check_deadlines() {}
    // Per-instance state of a service; strand only.
    virtual std::shared_ptr<void>& slot(const void* service_key) = 0;
    // Folders file/1 may touch, absolute.
    virtual const std::vector<std::string>& folders() const = 0;
    // Where stream/1 and http/1 may connect to.
    virtual const std::vector<destination>& destinations() const {
        static const std::vector<destination> none;
        return none;
    }
    // The secret values of the settings, for who must take them out of a text.
    virtual std::vector<std::string> secrets() const { return {}; }
    // They, and what services learn of tokens and keys: all that is taken out of what is shown.
    hidden_words& hidden() const { return *hidden_; }

    // Lets a service's per-instance state take part in drain. `close` is run on the strand when
    // draining begins and again when the last call is over; it closes what is in no call's use and
    // runs `closed`, once and maybe at once, when nothing of it is left. `close` lives as long as
    // the slots. Strand.
    using drain_step = std::function<void(std::function<void()> closed)>;
    virtual void on_drain(drain_step close) { (void)close; }
    // Connections to the provider that stand or are being made: in use, parked, or saying farewell.
    // Any thread.
    virtual size_t open_sessions() const { return 0; }
    // For services: one more or one less of them.
    virtual void count_session(bool opened) { (void)opened; }

  protected:
    const std::shared_ptr<hidden_words> hidden_;
};

}  // namespace gatepost::plugin
