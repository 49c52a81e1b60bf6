// What the plugin room is to a service, small and watchable: an instance with a loop that the test
// itself turns, calls that a test begins and ends, operations whose every `done` is counted. The
// services are the real ones.
#pragma once

#include <gatepost/abi.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "mail/message.hpp"
#include "plugin/instance.hpp"
#include "plugin/services.hpp"
#include "services/host_services.hpp"

namespace gatepost::tests {

// What a `done` was given; `times` must end as 1.
struct heard {
    int times = 0;
    gatepost_operation operation = 0;  // as the service function gave it
    gatepost_operation finished = 0;   // as done got it
    gatepost_status status = 1;
    gatepost_handle handle = 0;
    uint64_t length = 0;
    std::string text, data;
    // Of a stream's connect, start_tls and take.
    gatepost_stream_facts facts{};
    std::string peer;
    bool done() const { return times > 0; }
};

struct ledger_marks {
    int begun = 0, written = 0, answered = 0;
    bool operator==(const ledger_marks&) const = default;
};

struct fake_call_facts {
    std::shared_ptr<const mail::message> message;
    mono_time deadline = mono_time::max();
    bool stages = false;  // it is a test
    bool trace = false;
};

class fake_call;

class fake_instance final : public plugin::instance {
  public:
    fake_instance(std::shared_ptr<boost::asio::io_context> loop, std::vector<std::string> folders);
    ~fake_instance() override;

    gatepost_call begin_call(fake_call_facts facts);
    void end_call(gatepost_call call);
    fake_call* find(gatepost_call call);
    const gatepost_host* host() const { return &host_; }

    uint64_t start(plugin::call_request, std::function<void(plugin::call_result)>) override;
    void cancel(uint64_t, plugin::cancel_reason) override {}
    size_t open_calls() const override { return calls_.size(); }
    void drain(std::function<void()> done) override;
    const std::vector<destination>& destinations() const override { return allowed; }
    std::vector<std::string> secrets() const override { return secrets_; }
    void on_drain(drain_step close) override { steps_.push_back(std::move(close)); }
    size_t open_sessions() const override { return sessions_; }
    void count_session(bool opened) override { opened ? ++sessions_ : --sessions_; }

    // What the settings of most tests name.
    std::vector<destination> allowed{{"127.0.0.1", 0, true}, {"localhost", 0, true}};
    // As if the settings had these secrets.
    void hide(std::vector<std::string> secrets);
    const plugin::loaded_plugin& plugin() const override { return plugin_; }
    const std::string& connection() const override { return name_; }
    const std::string& settings_json() const override { return name_; }
    std::shared_ptr<void>& slot(const void* key) override { return slots_[key]; }
    const std::vector<std::string>& folders() const override { return folders_; }

  private:
    std::shared_ptr<boost::asio::io_context> loop_;
    std::vector<std::string> folders_, secrets_;
    plugin::loaded_plugin plugin_;
    std::string name_ = "fake";
    gatepost_host host_{};
    size_t sessions_ = 0;
    std::vector<drain_step> steps_;
    std::map<const void*, std::shared_ptr<void>> slots_;
    std::map<gatepost_call, std::shared_ptr<fake_call>> calls_;
};

// One machine for a test: loop, services, an instance, and one call that is open.
class stage {
  public:
    explicit stage(std::vector<std::string> folders = {}, fake_call_facts facts = {},
                   services::options how = {});
    ~stage();

    template <class Table>
    const Table& table(std::string_view id) const {
        return *static_cast<const Table*>(services->lookup(id));
    }
    const gatepost_host* host() const { return instance->host(); }
    // Turns the loop until it is so; false after a minute.
    bool until(const std::function<bool()>& so);
    // Lets everything happen that is due now, and nothing that has to wait for the loop again.
    void turn_once();
    // A request of the current call; `ask` is given done, user and the place for the operation.
    template <class Ask>
    gatepost_status ask(heard& answer, Ask request) {
        return request(listen, &answer, &answer.operation);
    }
    template <class Ask>
    heard wait_for(Ask request) {
        heard answer;
        const gatepost_status taken = ask(answer, request);
        if (taken != GATEPOST_OK) {
            answer.status = taken;
            return answer;
        }
        until([&] { return answer.done(); });
        return answer;
    }
    void cancel(gatepost_operation operation);
    ledger_marks ledger() const;
    std::vector<std::string> reports() const;      // state, id and advice, or a quota
    std::vector<std::string> stage_texts() const;  // state, id and text
    std::vector<std::string> traces() const;       // "> EHLO example.com"
    // Ends the call and begins the next one.
    void next_call(fake_call_facts facts = {});

    static void listen(void* user, gatepost_operation operation, const gatepost_result* result);

    std::shared_ptr<boost::asio::io_context> loop = std::make_shared<boost::asio::io_context>(1);
    // Waiting for another thread sleeps instead of spinning.
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> more_may_come{
        loop->get_executor()};
    std::unique_ptr<services::host_services> services;
    std::shared_ptr<fake_instance> instance;
    gatepost_call call = 0;
};

inline gatepost_string str(std::string_view text) {
    return {text.data(), text.size()};
}
inline gatepost_segment bytes_segment(std::string_view bytes) {
    return {GATEPOST_SEGMENT_BYTES, 0, str(bytes), 0, 0, 0};
}
inline gatepost_segment body_segment(gatepost_handle body) {
    return {GATEPOST_SEGMENT_BODY, 0, {}, body, 0, 0};
}
inline gatepost_segment window_segment(gatepost_handle body, uint64_t offset, uint64_t length) {
    return {GATEPOST_SEGMENT_WINDOW, 0, {}, body, offset, length};
}
inline gatepost_array list_of(const std::vector<gatepost_segment>& segments) {
    return {segments.data(), static_cast<uint32_t>(segments.size()), sizeof(gatepost_segment)};
}

// A small structured mail with a text and, if wanted, an attachment.
std::shared_ptr<mail::message> small_mail(std::string text);
std::shared_ptr<mail::message> with_attachment(mail::content body);

}  // namespace gatepost::tests
