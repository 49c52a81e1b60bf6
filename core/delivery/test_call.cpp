#include "delivery/test_call.hpp"

#include <boost/asio/post.hpp>
#include <numeric>

#include "base/limits.hpp"

namespace gatepost::delivery {
namespace {

using plugin::stage_report;

constexpr size_t trace_lines = 2000;

class test_call : public std::enable_shared_from_this<test_call> {
  public:
    test_call(test_parts with, test_request request, std::function<void(test_result)> done)
        : with_(std::move(with)), request_(std::move(request)), done_(std::move(done)) {}

    void begin() {
        started_ = with_.clock->mono_now();
        report({"settings", "started", "Read the settings", "", "", 0, {}});
        auto made = plugin::instance::create(
            with_.provider,
            {with_.connection, with_.settings_json, with_.executor, with_.services, with_.clock});
        if (!made) return refuse(made.error());
        report({"settings", "passed", "Read the settings", "", "", 0, since_start()});
        instance_ = *made;
        plugin::call_request call;
        call.kind = plugin::call_kind::test;
        call.message = request_.message;
        if (call.message) {
            call.carry.resize(call.message->recipients.size());
            std::iota(call.carry.begin(), call.carry.end(), 0U);
        }
        const bool own = request_.deadline.count() > 0 && request_.deadline < limits::test_deadline;
        call.deadline =
            started_ + (own ? request_.deadline : std::chrono::milliseconds(limits::test_deadline));
        call.on_stage = [self = shared_from_this()](const stage_report& stage) {
            self->report(stage);
        };
        if (request_.trace)
            call.on_trace = [self = shared_from_this()](const plugin::trace_line& line) {
                self->trace(line);
            };
        call_ = instance_->start(std::move(call),
                                 [self = shared_from_this()](plugin::call_result result) {
                                     self->end(std::move(result));
                                 });
    }

    void cancel() {
        if (instance_ && !over_) instance_->cancel(call_, plugin::cancel_reason::caller);
    }

  private:
    std::chrono::milliseconds since_start() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(with_.clock->mono_now() -
                                                                     started_);
    }

    void report(const stage_report& stage) {
        result_.stages.push_back(stage);
        if (request_.on_stage) request_.on_stage(stage);
    }

    // A server may talk without end; what it says first is what helps.
    void trace(plugin::trace_line line) {
        if (result_.trace.size() > trace_lines) return;
        if (result_.trace.size() == trace_lines)
            line = {"*", "more is not shown", line.since_start};
        result_.trace.push_back(line);
        if (request_.on_trace) request_.on_trace(line);
    }

    void refuse(const error& why) {
        std::string text = why.detail;
        for (const field_error& field : why.fields)
            text += "; " + field.pointer + ": " + field.detail;
        report({"settings", "failed", "Read the settings", text, "", 0, since_start()});
        result_.message = "The settings were refused: " + text;
        finish();
    }

    void end(plugin::call_result outcome) {
        over_ = true;
        result_.success = outcome.verdict == mail::verdict::accepted && !outcome.plugin_fault &&
                          !outcome.unsupported;
        result_.advice = outcome.advice;
        result_.message = summary(outcome);
        result_.outcome = std::move(outcome);
        // The instance goes when its last call is over; it keeps itself until then.
        instance_->drain([keep = instance_] {});
        finish();
    }

    std::string summary(const plugin::call_result& outcome) const {
        if (outcome.unsupported)
            return "The provider \"" + with_.provider->facts.id + "\" has no test.";
        if (!outcome.text.empty()) return outcome.text;
        return result_.success ? "The connection works."
                               : "The test failed, and the provider did not say why.";
    }

    void finish() {
        boost::asio::post(with_.executor,
                          [self = shared_from_this()] { self->done_(std::move(self->result_)); });
    }

    test_parts with_;
    test_request request_;
    std::function<void(test_result)> done_;
    test_result result_;
    mono_time started_{};
    std::shared_ptr<plugin::instance> instance_;
    uint64_t call_ = 0;
    bool over_ = false;
};

}  // namespace

std::function<void()> run_test(test_parts with, test_request request,
                               std::function<void(test_result)> done) {
    auto running =
        std::make_shared<test_call>(std::move(with), std::move(request), std::move(done));
    running->begin();
    return [running] { running->cancel(); };
}

}  // namespace gatepost::delivery
