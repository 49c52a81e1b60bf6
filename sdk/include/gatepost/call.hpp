// One running call, and the one thing that can be awaited besides a task: an operation of a
// service.
//
// A call completes exactly once, after its frames are destroyed: with the provider's outcome, with
// `cancelled`, or, where an exception arrived here, with blame `plugin`. Cancelling asks the
// running operation to stop; its await throws `cancelled`. Once a `commits` request has begun, a
// caller's wish no longer stops anything (the answer is worth more); a deadline and a shutdown
// still do.
#pragma once

#include <gatepost/message.hpp>
#include <gatepost/namespace.hpp>
#include <gatepost/outcome.hpp>
#include <gatepost/reply.hpp>
#include <gatepost/task.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

class call_state;

namespace detail {

// The tables of the services, looked up once per instance; null: not offered.
struct service_tables {
    const gatepost_body* body = nullptr;
    const gatepost_timer* timer = nullptr;
    const gatepost_crypto* crypto = nullptr;
    const gatepost_file* file = nullptr;
    const gatepost_cache* cache = nullptr;
    const gatepost_report* report = nullptr;
    const gatepost_stream* stream = nullptr;
    const gatepost_http* http = nullptr;
    const gatepost_oauth* oauth = nullptr;
};

// What all calls of an instance share, and the list of the open ones.
struct instance_state {
    const gatepost_host* host = nullptr;
    service_tables tables;
    call_state* first = nullptr;
};

// An outcome in the shape of the ABI; borrows from `from`.
class abi_outcome {
  public:
    explicit abi_outcome(const outcome& from) noexcept {
        abi_.size = sizeof abi_;
        abi_.kind = from.kind;
        abi_.flags = from.flags;
        abi_.verdict = static_cast<uint32_t>(from.verdict);
        abi_.blame = static_cast<uint32_t>(from.blame);
        abi_.code = from.code;
        abi_.text = abi_string(from.text);
        abi_.provider_message_id = abi_string(from.provider_message_id);
        abi_.retry_after = nanoseconds(from.retry_after);
        abi_.lookup_after = nanoseconds(from.lookup_after);
        abi_.state = abi_string(from.state);
        abi_.advice = abi_string(from.advice);
        fill(from.recipients);
    }
    const gatepost_outcome* get() const noexcept { return &abi_; }

  private:
    static uint64_t nanoseconds(std::chrono::nanoseconds span) noexcept {
        return span.count() > 0 ? static_cast<uint64_t>(span.count()) : 0;
    }

    // Without the memory for single results the whole is no longer true: then nothing is known.
    void fill(const std::vector<recipient_result>& from) noexcept try {
        rows_.reserve(from.size());
        for (const recipient_result& one : from) {
            rows_.push_back({one.index, static_cast<uint32_t>(one.verdict),
                             static_cast<uint32_t>(one.blame), one.code, abi_string(one.text),
                             abi_string(one.provider_message_id), nanoseconds(one.retry_after)});
        }
        abi_.recipients = {rows_.data(), static_cast<uint32_t>(rows_.size()),
                           sizeof(gatepost_recipient_result)};
    } catch (...) {
        abi_.verdict = GATEPOST_UNKNOWN;
        abi_.blame = GATEPOST_BLAME_PLUGIN;
    }

    gatepost_outcome abi_{};
    std::vector<gatepost_recipient_result> rows_;
};

}  // namespace detail

class call_state : public resume_loop {
  public:
    call_state(detail::instance_state& owner, gatepost_call id, const gatepost_request& request)
        : request_(copy_of(&request)),
          message_(copy_of(request_.message)),
          owner_(&owner),
          host_(owner.host),
          id_(id),
          next_(owner.first) {
        if (next_ != nullptr) next_->previous_ = this;
        owner.first = this;
    }
    call_state(const call_state&) = delete;
    call_state& operator=(const call_state&) = delete;
    virtual ~call_state() = default;

    const gatepost_host* host() const noexcept { return host_; }
    const detail::service_tables& tables() const noexcept { return owner_->tables; }
    gatepost_call id() const noexcept { return id_; }
    const gatepost_request& request() const noexcept { return request_; }
    sdk::message message() const noexcept {
        return request_.message != nullptr ? sdk::message(&message_) : sdk::message();
    }
    call_state* next() const noexcept { return next_; }

    // The last thing done with a call: it may complete, and is gone then.
    void begin(task<outcome> root) noexcept {
        root_ = std::move(root);
        if (!root_) return finish_out_of_memory();
        root_.begin(*this);
        advance();
    }
    void advance() noexcept {
        if (run() && root_.done()) conclude();
    }
    void cancel(uint32_t why) noexcept {
        why_ = why;
        cancelled_ = true;
        const gatepost_operation running = running_operation_;
        const bool able = GATEPOST_HAS(gatepost_host, host_, cancel) && host_->cancel != nullptr;
        if (able && running != 0 && stopping()) host_->cancel(host_, running);
    }
    void finish(const outcome& with) noexcept {
        unlink();
        const detail::abi_outcome abi(with);
        host_->complete(host_, id_, abi.get());
        delete this;
    }
    // Inside a catch block: whatever is in flight becomes the outcome.
    void finish_with_exception() noexcept {
        outcome made;
        try {
            made = describe_exception();
        } catch (...) {
            made = plugin_failed({});
        }
        finish(made);
    }

    // True if operations shall not run any more.
    bool stopping() const noexcept {
        const bool heeded = !committed_ || why_ != GATEPOST_WHY_CALLER;
        return cancelled_ && heeded && shields_ == 0;
    }
    bool cancelled() const noexcept { return cancelled_; }
    bool shielded() const noexcept { return shields_ != 0; }
    void shield(int change) noexcept { shields_ += change; }
    void operation_began(gatepost_operation operation, bool commits) noexcept {
        running_operation_ = operation;
        committed_ = committed_ || commits;
    }
    void operation_ended() noexcept { running_operation_ = 0; }

  private:
    void conclude() noexcept {
        try {
            const outcome with = root_.take();
            root_.reset();
            finish(with);
        } catch (...) {
            root_.reset();
            finish_with_exception();
        }
    }
    outcome describe_exception() const {
        try {
            throw;
        } catch (const sdk::cancelled&) {
            outcome made = plugin_failed("cancelled");
            made.kind = GATEPOST_OUTCOME_CANCELLED;
            made.blame = blame::none;
            return made;
        } catch (const std::bad_alloc&) {
            return plugin_failed("out of memory");
        } catch (const std::exception& error) {
            return plugin_failed(error.what());
        } catch (...) {
            return plugin_failed("the provider threw something that is no std::exception");
        }
    }
    outcome plugin_failed(std::string text) const {
        return committed_ ? outcome::unknown(blame::plugin, std::move(text))
                          : outcome::deferred(blame::plugin, std::move(text));
    }
    void finish_out_of_memory() noexcept { finish(plugin_failed("out of memory")); }
    void unlink() noexcept {
        if (next_ != nullptr) next_->previous_ = previous_;
        (previous_ != nullptr ? previous_->next_ : owner_->first) = next_;
    }

    gatepost_request request_;
    gatepost_message message_;
    detail::instance_state* owner_;
    const gatepost_host* host_;
    gatepost_call id_;
    call_state* next_;
    call_state* previous_ = nullptr;
    task<outcome> root_;
    gatepost_operation running_operation_ = 0;
    uint32_t why_ = 0;
    int shields_ = 0;
    bool cancelled_ = false;
    bool committed_ = false;
};

// A request to a service, ready to be awaited once, where it is made. `Request` says `answer`,
// `service`, `offered()`, `commits()` and `begin()`.
template <class Request>
class [[nodiscard]] operation {
  public:
    using answer = typename Request::answer;

    template <class... Parts>
    explicit operation(call_state* call, Parts&&... parts)
        : call_(call), request_{std::forward<Parts>(parts)...} {}
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;

    bool await_ready() const noexcept { return false; }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
        waiting_ = waiting;
        if (call_->stopping()) return refuse(service_status::cancelled, "cancelled");
        if (!request_.offered(call_->tables())) {
            return refuse(service_status::unsupported, "this gateway does not offer ");
        }
        gatepost_operation number = 0;
        const gatepost_status status = begin(number);
        if (status != GATEPOST_OK) {
            return refuse(status_of(status), "the gateway refused a request to ");
        }
        if (!answered_) call_->operation_began(number, request_.commits());
    }

    answer await_resume() {
        if (answer_.status == service_status::cancelled && !call_->shielded()) throw cancelled{};
        return std::move(answer_);
    }

  private:
    gatepost_status begin(gatepost_operation& number) noexcept try {
        return request_.begin(*call_, &operation::done, this, &number);
    } catch (...) {
        return GATEPOST_LIMIT;
    }

    void refuse(service_status status, const char* why) noexcept {
        answer_.status = status;
        try {
            answer_.text = why;
            if (status != service_status::cancelled) answer_.text += Request::service;
        } catch (...) {
        }
        call_->schedule(waiting_);
    }

    static void done(void* user, gatepost_operation, const gatepost_result* result) noexcept {
        operation& self = *static_cast<operation*>(user);
        call_state& call = *self.call_;
        self.answered_ = true;
        try {
            self.answer_.absorb(copy_of(result));
        } catch (...) {
            self.answer_.status = service_status::limit;
        }
        call.operation_ended();
        call.schedule(self.waiting_);
        call.advance();  // the frame, and `self` in it, may be gone after this
    }

    call_state* call_;
    Request request_;
    answer answer_;
    std::coroutine_handle<> waiting_;
    bool answered_ = false;
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
