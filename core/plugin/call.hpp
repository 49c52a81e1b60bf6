// One running call: what services see of it, its operations, its ledger, its view for the plugin.
//
// Promises: an operation that was begun calls the plugin's `done` exactly once, from the executor,
// never inline; unless the call ends first: then its operations are cancelled and their `done` is
// never called, because what `user` points to may be gone with the call. Everything is on the
// strand but `finish` and the ledger.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugin/instance.hpp"
#include "plugin/ledger.hpp"
#include "plugin/message_view.hpp"
#include "plugin/services.hpp"

namespace gatepost::plugin {

class host_side;
class running_instance;

// State of services, found by the address of something of theirs. References stay valid.
class slots {
  public:
    std::shared_ptr<void>& at(const void* key);
    void clear() { list_.clear(); }

  private:
    std::list<std::pair<const void*, std::shared_ptr<void>>> list_;
};

class running_operation;

class running_call final : public call_context, public std::enable_shared_from_this<running_call> {
  public:
    using handler = std::function<void(call_result)>;
    running_call(std::shared_ptr<running_instance> owner, std::shared_ptr<host_side> host,
                 gatepost_call id, call_request request, handler done);
    ~running_call() override;

    // What start is given; made once.
    const gatepost_request* prepare(const std::string& plugin_id);
    gatepost_call id() const { return id_; }
    const call_request& request() const { return request_; }
    call_request& request() { return request_; }
    case_file facts() const;
    bool over() const { return over_.load(); }
    // Ends it; gives how many operations were still running. The handler is left to the caller.
    size_t close();
    handler take_handler() { return std::move(done_); }

    std::optional<cancel_reason> asked;  // the plugin was asked to end, and why
    mono_time due{};                     // when the host looks after it next

    bool cancel_operation(gatepost_operation id);
    // All that run now.
    std::vector<gatepost_operation> operations() const;

    // For operations. Any thread.
    void post_answer(gatepost_operation id, operation::answer with);

    const mail::message* message() const override { return request_.message.get(); }
    std::shared_ptr<const mail::message> message_ptr() const override { return request_.message; }
    mono_time deadline() const override { return request_.deadline; }
    boost::asio::any_io_executor executor() const override;
    instance& owner() const override;
    std::shared_ptr<operation> begin(gatepost_done done, void* user, gatepost_operation* id,
                                     gatepost_status& refused) override;
    void ledger_begun() override { ledger_.begun(); }
    void ledger_written() override { ledger_.written(); }
    void ledger_answered() override { ledger_.answered(); }
    std::shared_ptr<void>& slot(const void* service_key) override { return slots_.at(service_key); }
    void stage(const gatepost_stage& stage) override;
    void quota(const gatepost_quota& quota) override;
    const default_limits& told() const { return told_; }
    bool wants_stages() const override { return static_cast<bool>(request_.on_stage); }
    bool traced() const override;
    void trace(std::string_view direction, std::string_view text) override;

  private:
    struct entry {
        gatepost_operation id;
        gatepost_done done;
        void* user;
        std::weak_ptr<running_operation> held;
    };
    void deliver(gatepost_operation id, const operation::answer& with);
    void report(stage_report made);
    void keep_limit(std::string_view name, uint64_t limit);
    std::chrono::milliseconds since_start() const;

    std::shared_ptr<running_instance> owner_;
    std::shared_ptr<host_side> host_;
    const boost::asio::any_io_executor executor_;
    const gatepost_call id_;
    call_request request_;
    handler done_;
    const mono_time started_;
    std::atomic<bool> over_{false};
    ledger ledger_;
    std::vector<entry> operations_;
    slots slots_;
    std::optional<message_view> view_;
    gatepost_request wire_{};
    size_t stages_ = 0;
    default_limits told_;
};

}  // namespace gatepost::plugin
