// The one implementation of `instance`. Everything on the strand; only `faults` is for any thread.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "plugin/call.hpp"
#include "plugin/host.hpp"
#include "plugin/instance.hpp"
#include "plugin/settings_view.hpp"

namespace gatepost::plugin {

class running_instance final : public instance {
  public:
    running_instance(std::shared_ptr<const loaded_plugin> plugin, instance_options how,
                     settings_view settings, std::vector<std::string> folders,
                     std::vector<destination> destinations);
    ~running_instance() override;
    // The plugin's create.
    status open();

    uint64_t start(call_request request, std::function<void(call_result)> done) override;
    void cancel(uint64_t call, cancel_reason why) override;
    size_t open_calls() const override { return calls_.size(); }
    void drain(std::function<void()> done) override;
    const loaded_plugin& plugin() const override { return *plugin_; }
    const std::string& connection() const override { return how_.connection; }
    const std::string& settings_json() const override { return how_.settings_json; }
    std::shared_ptr<void>& slot(const void* service_key) override { return slots_.at(service_key); }
    const std::vector<std::string>& folders() const override { return folders_; }
    const std::vector<destination>& destinations() const override { return destinations_; }
    std::vector<std::string> secrets() const override { return settings_.secrets(); }
    void on_drain(drain_step close) override { drain_steps_.push_back(std::move(close)); }
    size_t open_sessions() const override { return sessions_.load(); }
    void count_session(bool opened) override { opened ? ++sessions_ : --sessions_; }
    uint64_t faults() const override { return faults_.load(); }
    void check_deadlines() override;

    const boost::asio::any_io_executor& executor() const { return how_.executor; }
    bool logs_trace() const { return how_.trace; }
    std::shared_ptr<running_call> find(gatepost_call id) const;
    // What the host table does.
    void complete(gatepost_call id, const gatepost_outcome* outcome);
    void cancel_operation(gatepost_operation id);

    // Runs plugin code for a call. What it throws is its fault and ends the call.
    template <class Code>
    void enter(running_call& call, const char* where, Code&& code) {
        const auto keep = call.shared_from_this();
        try {
            code();
        } catch (const std::exception& failure) {
            threw(*keep, where, failure.what());
        } catch (...) {
            threw(*keep, where, "something that is no std::exception");
        }
    }

  private:
    std::shared_ptr<running_instance> self() {
        return std::static_pointer_cast<running_instance>(shared_from_this());
    }
    // What keeps a call from being begun at all; nothing if it may.
    std::optional<call_result> obstacle(call_request& request);
    void answer_later(running_call::handler done, call_result with);
    void end(running_call& call, judgement verdict);
    void ask_to_end(running_call& call, cancel_reason why);
    void look_after(running_call& call, mono_time now);
    void force(running_call& call);
    void threw(running_call& call, const char* where, const char* what);
    void complain(const std::string& what, gatepost_call call);
    void arm(mono_time due);
    void close_services();
    void finish_drain();
    void destroy();

    const std::shared_ptr<const loaded_plugin> plugin_;
    instance_options how_;
    settings_view settings_;
    const std::vector<std::string> folders_;
    const std::vector<destination> destinations_;
    std::shared_ptr<host_side> host_;
    void* instance_ = nullptr;
    bool alive_ = false;  // the plugin's create succeeded and destroy has not run
    bool draining_ = false;
    std::function<void()> drained_;
    std::unordered_map<gatepost_call, std::shared_ptr<running_call>> calls_;
    std::unordered_set<gatepost_call> stuck_;  // ended by the host, never completed
    std::set<std::string> complaints_;         // what was logged already
    std::atomic<uint64_t> faults_{0};
    boost::asio::steady_timer timer_;
    mono_time armed_ = mono_time::max();
    std::atomic<size_t> sessions_{0};
    std::vector<drain_step> drain_steps_;
    size_t open_steps_ = 0;  // that have not said `closed` yet
    slots slots_;
};

}  // namespace gatepost::plugin
