// The seam between plugin and services: `plugin` never includes `services`; the daemon hands it a
// lookup. A service sees a running call through `call_context` only, and answers through `finish`,
// which keeps the async rules (never inline, exactly once, on the strand, not after the call is
// over) so that no service has to.
#pragma once

#include <gatepost/abi.h>

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "mail/message.hpp"

namespace gatepost::plugin {

class instance;

// One accepted request to a service. Held by the service until it calls finish.
class operation {
  public:
    virtual ~operation() = default;
    virtual gatepost_operation id() const = 0;
    // Any thread. `result` is copied as far as needed until done has run: data and text by value.
    struct answer {
        gatepost_status status = GATEPOST_OK;
        std::string text;
        gatepost_handle handle = 0;
        uint64_t length = 0;
        std::string data;
        std::shared_ptr<const void> detail;  // what gatepost_result.detail shall point to
    };
    virtual void finish(answer with) = 0;
    // Called on the strand when the plugin or the host cancels it; the service then finishes soon,
    // or does nothing if it cannot stop. Set before returning from the service function.
    virtual void on_cancel(std::function<void()> handler) = 0;
    virtual bool cancelled() const = 0;
};

// A part's id in the view is its place in message()->parts, counted from 1; null if there is none.
inline const mail::part* part_of(const mail::message& message, uint32_t id) {
    return id == 0 || id > message.parts.size() ? nullptr : &message.parts[id - 1];
}

// What a service may know of a call. Strand only, except where said.
class call_context {
  public:
    virtual ~call_context() = default;
    // With its parts taken apart, if it is raw mail and the provider cannot send that. Null in a
    // test without a mail.
    virtual const mail::message* message() const = 0;
    virtual std::shared_ptr<const mail::message> message_ptr() const = 0;
    virtual mono_time deadline() const = 0;
    virtual boost::asio::any_io_executor executor() const = 0;  // the instance's strand
    virtual instance& owner() const = 0;
    // Begins an operation; nothing (and the status to return) if the call is over or has too many.
    virtual std::shared_ptr<operation> begin(gatepost_done done, void* user, gatepost_operation* id,
                                             gatepost_status& refused) = 0;
    // The certainty ledger. Any thread.
    virtual void ledger_begun() = 0;    // before the first byte of a `commits` request leaves
    virtual void ledger_written() = 0;  // its last byte was handed over
    virtual void
    ledger_answered() = 0;  // bytes came back after that (or the service itself knows the outcome)
    // Per-call state of a service (open bodies ...), made once; strand only; dies with the call.
    virtual std::shared_ptr<void>& slot(const void* service_key) = 0;
    // report/1
    virtual void stage(const gatepost_stage& stage) = 0;
    virtual void quota(const gatepost_quota& quota) = 0;
    // Somebody listens to the stages: a test. Else their texts need not be made.
    virtual bool wants_stages() const { return false; }
    // Somebody wants to see the dialogue; what is shown must be free of secrets. `direction` is
    // ">" to the provider, "<" from it, "*" about it.
    virtual bool traced() const { return false; }
    virtual void trace(std::string_view direction, std::string_view text) {
        (void)direction, (void)text;
    }
};

// Finds the context of a running call; null if it is over or not of this host's instance.
call_context* context_of(const gatepost_host* host, gatepost_call call);
// The instance behind a host table (for per-instance state such as cache/1).
instance& instance_of(const gatepost_host* host);

// id -> table, or null. Asked once per id and instance.
using service_lookup = std::function<const void*(std::string_view id)>;

}  // namespace gatepost::plugin
