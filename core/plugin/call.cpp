// An operation is two things: an entry in the call's list (whose done to call), and an object that
// the service holds (whether it is finished or cancelled). A service that drops the object without
// an answer answers with it, so that no plugin waits for ever.
#include "plugin/call.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "plugin/host.hpp"
#include "plugin/running.hpp"
#include "plugin/strings.hpp"

namespace gatepost::plugin {

std::shared_ptr<void>& slots::at(const void* key) {
    for (auto& [known, value] : list_) {
        if (known == key) return value;
    }
    return list_.emplace_back(key, nullptr).second;
}

class running_operation final : public operation {
  public:
    running_operation(gatepost_operation id, std::shared_ptr<running_call> call,
                      std::shared_ptr<host_side> host)
        : id_(id), call_(std::move(call)), host_(std::move(host)) {
        host_->running_operations.fetch_add(1);
    }
    ~running_operation() override {
        answer none;
        none.status = GATEPOST_FAILED;
        none.text = "the service gave no answer";
        end(std::move(none));
    }
    running_operation(const running_operation&) = delete;
    running_operation& operator=(const running_operation&) = delete;

    gatepost_operation id() const override { return id_; }
    void finish(answer with) override { end(std::move(with)); }
    void on_cancel(std::function<void()> handler) override {
        handler_ = std::move(handler);
        if (cancelled() && handler_) std::exchange(handler_, nullptr)();
    }
    bool cancelled() const override { return cancelled_.load(); }

    // On the strand. The handler runs at most once and is then gone, with all that it holds.
    void cancel() {
        cancelled_.store(true);
        if (const auto handler = std::exchange(handler_, nullptr)) handler();
    }
    void forget_handler() { handler_ = nullptr; }

  private:
    void end(answer with) {
        if (finished_.exchange(true)) return;
        host_->running_operations.fetch_sub(1);
        call_->post_answer(id_, std::move(with));
    }

    const gatepost_operation id_;
    const std::shared_ptr<running_call> call_;
    const std::shared_ptr<host_side> host_;
    std::atomic<bool> finished_{false}, cancelled_{false};
    std::function<void()> handler_;
};

running_call::running_call(std::shared_ptr<running_instance> owner, std::shared_ptr<host_side> host,
                           gatepost_call id, call_request request, handler done)
    : owner_(std::move(owner)),
      host_(std::move(host)),
      executor_(owner_->executor()),
      id_(id),
      request_(std::move(request)),
      done_(std::move(done)),
      started_(host_->clock().mono_now()) {}

running_call::~running_call() = default;

const gatepost_request* running_call::prepare(const std::string& plugin_id) {
    if (request_.message)
        view_.emplace(request_.message, request_.carry, plugin_id,
                      request_.kind == call_kind::test ? uint32_t{GATEPOST_MESSAGE_TEST} : 0U);
    wire_ = {sizeof wire_,
             static_cast<uint32_t>(request_.kind),
             nanoseconds_of(request_.deadline),
             request_.attempt,
             0,
             view_ ? view_->get() : nullptr,
             string_of(request_.idempotency_key),
             string_of(request_.provider_message_id),
             string_of(request_.state)};
    return &wire_;
}

case_file running_call::facts() const {
    return {request_.kind, request_.carry, ledger_.state(), asked, host_->hidden().scrub()};
}

boost::asio::any_io_executor running_call::executor() const {
    return executor_;
}

instance& running_call::owner() const {
    return *owner_;
}

std::shared_ptr<operation> running_call::begin(gatepost_done done, void* user,
                                               gatepost_operation* id, gatepost_status& refused) {
    static std::atomic<gatepost_operation> last{0};
    refused = GATEPOST_OK;
    if (over() || done == nullptr)
        refused = GATEPOST_INVALID;
    else if (operations_.size() >= limits::operations_per_call)
        refused = GATEPOST_LIMIT;
    if (refused != GATEPOST_OK) return nullptr;
    const gatepost_operation made = ++last;
    auto held = std::make_shared<running_operation>(made, shared_from_this(), host_);
    operations_.push_back({made, done, user, held});
    if (id != nullptr) *id = made;
    return held;
}

void running_call::post_answer(gatepost_operation id, operation::answer with) {
    if (over()) return;
    boost::asio::post(executor_, [self = shared_from_this(), id, with = std::move(with)] {
        self->deliver(id, with);
    });
}

void running_call::deliver(gatepost_operation id, const operation::answer& with) {
    const auto at = std::ranges::find(operations_, id, &entry::id);
    if (over() || at == operations_.end()) return;
    const entry mine = *at;
    operations_.erase(at);
    if (const auto held = mine.held.lock()) held->forget_handler();
    const gatepost_result result{sizeof result,    with.status, string_of(with.text),
                                 with.handle,      with.length, string_of(with.data),
                                 with.detail.get()};
    const auto keep = owner_;
    keep->enter(*this, "done", [&] { mine.done(mine.user, id, &result); });
}

bool running_call::cancel_operation(gatepost_operation id) {
    const auto at = std::ranges::find(operations_, id, &entry::id);
    if (at == operations_.end()) return false;
    if (const auto held = at->held.lock()) held->cancel();
    return true;
}

std::vector<gatepost_operation> running_call::operations() const {
    std::vector<gatepost_operation> ids;
    for (const entry& each : operations_)
        ids.push_back(each.id);
    return ids;
}

size_t running_call::close() {
    over_.store(true);
    const std::vector<entry> left = std::exchange(operations_, {});
    for (const entry& each : left) {
        if (const auto held = each.held.lock()) held->cancel();
    }
    slots_.clear();
    request_.on_stage = nullptr;
    request_.on_trace = nullptr;
    owner_.reset();  // a service may hold an operation, and so this object, for long
    // The view stays until the object goes: a plugin that completes inside start may still look at
    // its request.
    return left.size();
}

void running_call::stage(const gatepost_stage& given) {
    static constexpr const char* states[] = {"", "started", "passed", "failed", "skipped"};
    const gatepost_stage said = copy_sized(&given);
    if (said.state < GATEPOST_STARTED || said.state > GATEPOST_SKIPPED) return;
    stage_report made;
    made.id = safe_text(said.id, 64);
    made.state = states[said.state];
    made.title = host_->for_people(said.title, limits::plugin_text_bytes);
    made.text = host_->for_people(said.text, limits::plugin_text_bytes);
    made.advice = host_->for_people(said.advice, limits::plugin_text_bytes);
    made.code = said.code;
    report(std::move(made));
}

void running_call::quota(const gatepost_quota& given) {
    const gatepost_quota said = copy_sized(&given);
    if (request_.kind == call_kind::send) return keep_limit(safe_text(said.name, 64), said.limit);
    stage_report made;
    made.id = "quota";
    made.state = "passed";
    made.title = "Quota: " + host_->for_people(said.name, limits::plugin_text_bytes);
    made.text = std::to_string(said.used) + " of " + std::to_string(said.limit) + " used";
    report(std::move(made));
}

// Only the limits that a manifest may name; 0 says nothing.
void running_call::keep_limit(std::string_view name, uint64_t limit) {
    using of = default_limits;
    static constexpr std::pair<std::string_view, std::optional<uint32_t> of::*> known[] = {
        {"per_second", &of::per_second},
        {"per_minute", &of::per_minute},
        {"per_hour", &of::per_hour},
        {"per_day", &of::per_day},
        {"lookups_per_minute", &of::lookups_per_minute},
        {"lookups_per_hour", &of::lookups_per_hour}};
    if (over() || limit == 0) return;
    for (const auto& [own_name, member] : known)
        if (own_name == name)
            told_.*member = static_cast<uint32_t>(std::min<uint64_t>(limit, UINT32_MAX));
}

void running_call::report(stage_report made) {
    if (over() || !request_.on_stage || ++stages_ > limits::log_lines_per_call) return;
    made.since_start = since_start();
    const auto tell = request_.on_stage;  // it may end the call
    tell(made);
}

std::chrono::milliseconds running_call::since_start() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(host_->clock().mono_now() -
                                                                 started_);
}

bool running_call::traced() const {
    return !over() && (request_.on_trace || owner_->logs_trace());
}

void running_call::trace(std::string_view direction, std::string_view text) {
    if (!traced()) return;
    if (owner_->logs_trace())
        log::info(
            "provider.trace", std::string(direction) + " " + std::string(text),
            {{"connection", owner_->connection()}, {"call", id_}, {"ms", since_start().count()}});
    const auto tell = request_.on_trace;
    if (tell) tell({std::string(direction), std::string(text), since_start()});
}

}  // namespace gatepost::plugin
