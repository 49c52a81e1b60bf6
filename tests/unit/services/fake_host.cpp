#include "fake_host.hpp"

#include <atomic>
#include <boost/asio/post.hpp>
#include <chrono>
#include <mutex>
#include <utility>

namespace gatepost::tests {

class fake_operation;

class fake_call final : public plugin::call_context,
                        public std::enable_shared_from_this<fake_call> {
  public:
    fake_call(fake_instance& owner, boost::asio::any_io_executor strand, fake_call_facts facts)
        : owner_(owner), strand_(std::move(strand)), facts_(std::move(facts)) {}

    const mail::message* message() const override { return facts_.message.get(); }
    std::shared_ptr<const mail::message> message_ptr() const override { return facts_.message; }
    mono_time deadline() const override { return facts_.deadline; }
    boost::asio::any_io_executor executor() const override { return strand_; }
    plugin::instance& owner() const override { return owner_; }
    std::shared_ptr<plugin::operation> begin(gatepost_done done, void* user, gatepost_operation* id,
                                             gatepost_status& refused) override;
    void ledger_begun() override { ++marks.begun; }
    void ledger_written() override { ++marks.written; }
    void ledger_answered() override { ++marks.answered; }
    std::shared_ptr<void>& slot(const void* key) override { return slots_[key]; }
    void stage(const gatepost_stage& stage) override {
        reports.push_back(std::to_string(stage.state) + " " + text_of(stage.id) + " " +
                          text_of(stage.advice));
        texts.push_back(std::to_string(stage.state) + " " + text_of(stage.id) + " " +
                        text_of(stage.text));
    }
    bool wants_stages() const override { return facts_.stages; }
    bool traced() const override { return facts_.trace; }
    void trace(std::string_view direction, std::string_view text) override {
        traces.push_back(std::string(direction) + " " + std::string(text));
    }
    void quota(const gatepost_quota& quota) override {
        reports.push_back(text_of(quota.name) + " " + std::to_string(quota.used));
    }

    void close();
    bool over = false;
    ledger_marks marks;
    std::vector<std::string> reports, texts, traces;
    std::map<gatepost_operation, std::weak_ptr<fake_operation>> operations;

  private:
    static std::string text_of(gatepost_string text) {
        return text.data == nullptr ? std::string() : std::string(text.data, text.size);
    }

    fake_instance& owner_;
    boost::asio::any_io_executor strand_;
    fake_call_facts facts_;
    std::map<const void*, std::shared_ptr<void>> slots_;
};

class fake_operation final : public plugin::operation,
                             public std::enable_shared_from_this<fake_operation> {
  public:
    fake_operation(gatepost_operation id, std::shared_ptr<fake_call> call, gatepost_done done,
                   void* user)
        : id_(id), call_(std::move(call)), done_(done), user_(user) {}

    gatepost_operation id() const override { return id_; }
    void finish(answer with) override {
        boost::asio::post(call_->executor(), [self = shared_from_this(), with = std::move(with)] {
            self->deliver(with);
        });
    }
    void on_cancel(std::function<void()> handler) override { handler_ = std::move(handler); }
    bool cancelled() const override { return cancelled_; }
    void cancel() {
        cancelled_ = true;
        if (const auto handler = std::exchange(handler_, nullptr)) handler();
    }

  private:
    void deliver(const answer& with) {
        handler_ = nullptr;
        if (call_->over) return;
        const gatepost_result result{
            sizeof result,    with.status, {with.text.data(), with.text.size()},
            with.handle,      with.length, {with.data.data(), with.data.size()},
            with.detail.get()};
        done_(user_, id_, &result);
    }

    gatepost_operation id_;
    std::shared_ptr<fake_call> call_;
    gatepost_done done_;
    void* user_;
    std::atomic<bool> cancelled_{false};
    std::function<void()> handler_;
};

std::shared_ptr<plugin::operation> fake_call::begin(gatepost_done done, void* user,
                                                    gatepost_operation* id, gatepost_status&) {
    static gatepost_operation last = 0;
    if (id != nullptr) *id = last + 1;
    const auto made = std::make_shared<fake_operation>(++last, shared_from_this(), done, user);
    operations[made->id()] = made;
    return made;
}

void fake_call::close() {
    over = true;
    for (const auto& each : std::exchange(operations, {})) {
        if (const auto held = each.second.lock()) held->cancel();
    }
    slots_.clear();
}

fake_instance::fake_instance(std::shared_ptr<boost::asio::io_context> loop,
                             std::vector<std::string> folders)
    : loop_(std::move(loop)), folders_(std::move(folders)) {
    host_.size = sizeof host_;
    host_.context = this;
}

fake_instance::~fake_instance() = default;

void fake_instance::hide(std::vector<std::string> secrets) {
    secrets_ = std::move(secrets);
    for (const std::string& each : secrets_)
        hidden().add(each);
}

gatepost_call fake_instance::begin_call(fake_call_facts facts) {
    static gatepost_call last = 0;
    calls_[++last] = std::make_shared<fake_call>(*this, loop_->get_executor(), std::move(facts));
    return last;
}

void fake_instance::end_call(gatepost_call call) {
    const auto at = calls_.find(call);
    if (at == calls_.end()) return;
    const auto ending = at->second;
    calls_.erase(at);
    ending->close();
}

fake_call* fake_instance::find(gatepost_call call) {
    const auto at = calls_.find(call);
    return at == calls_.end() ? nullptr : at->second.get();
}

void fake_instance::drain(std::function<void()> done) {
    const auto left = std::make_shared<size_t>(steps_.size());
    if (*left == 0) return done();
    for (const auto& close : std::vector(steps_)) {
        close([left, done] {
            if (--*left == 0) done();
        });
    }
}

uint64_t fake_instance::start(plugin::call_request, std::function<void(plugin::call_result)>) {
    return 0;
}

stage::stage(std::vector<std::string> folders, fake_call_facts facts, services::options how)
    : services(services::make(how)),
      instance(std::make_shared<fake_instance>(loop, std::move(folders))),
      call(instance->begin_call(std::move(facts))) {}

stage::~stage() {
    instance->end_call(call);
    services->stop();
    turn_once();
}

bool stage::until(const std::function<bool()>& so) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!so()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        loop->restart();
        loop->run_one_for(std::chrono::milliseconds(20));
    }
    return true;
}

void stage::turn_once() {
    loop->restart();
    loop->poll();
}

void stage::cancel(gatepost_operation operation) {
    fake_call* const open = instance->find(call);
    if (open == nullptr) return;
    if (const auto held = open->operations[operation].lock()) held->cancel();
}

ledger_marks stage::ledger() const {
    return instance->find(call)->marks;
}

std::vector<std::string> stage::reports() const {
    return instance->find(call)->reports;
}

std::vector<std::string> stage::stage_texts() const {
    return instance->find(call)->texts;
}

std::vector<std::string> stage::traces() const {
    return instance->find(call)->traces;
}

void stage::next_call(fake_call_facts facts) {
    instance->end_call(call);
    call = instance->begin_call(std::move(facts));
}

void stage::listen(void* user, gatepost_operation operation, const gatepost_result* result) {
    heard& answer = *static_cast<heard*>(user);
    ++answer.times;
    answer.finished = operation;
    answer.status = result->status;
    answer.handle = result->handle;
    answer.length = result->length;
    if (result->text.data != nullptr) answer.text.assign(result->text.data, result->text.size);
    if (result->data.data != nullptr) answer.data.assign(result->data.data, result->data.size);
    if (result->detail != nullptr) {
        answer.facts = *static_cast<const gatepost_stream_facts*>(result->detail);
        answer.peer.assign(answer.facts.peer.data, answer.facts.peer.size);
    }
}

std::shared_ptr<mail::message> small_mail(std::string text) {
    auto made = std::make_shared<mail::message>();
    made->id = *mail_id::parse("01h2xcejqtf2n");
    made->message_id = "01h2xcejqtf2n@example.com";
    made->date = *parse_rfc3339("2026-12-01T08:00:00Z");
    made->from = *mail::make_mailbox("Example", "from@example.com");
    made->recipients.push_back({*mail::make_mailbox("", "to@example.net"), mail::role::to, 0, {}});
    made->subject = "Hello";
    made->parts.push_back({mail::part_role::text,
                           "text/plain; charset=utf-8",
                           {},
                           {},
                           mail::content::from_string(std::move(text))});
    return made;
}

std::shared_ptr<mail::message> with_attachment(mail::content body) {
    auto made = small_mail("see the attachment\r\n");
    made->parts.push_back(
        {mail::part_role::attachment, "application/octet-stream", "big.bin", {}, std::move(body)});
    return made;
}

}  // namespace gatepost::tests

namespace gatepost::plugin {

call_context* context_of(const gatepost_host* host, gatepost_call call) {
    return static_cast<tests::fake_instance*>(host->context)->find(call);
}

instance& instance_of(const gatepost_host* host) {
    return *static_cast<tests::fake_instance*>(host->context);
}

}  // namespace gatepost::plugin
