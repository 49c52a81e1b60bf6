// task<T>: a lazy coroutine with one owner, and the loop that resumes it.
//
// There is no symmetric transfer: whoever has something to resume puts it into the call's one ready
// slot, and the loop in the callback takes it from there. Stack depth is therefore the same at -O0,
// -O2 and under sanitizers, and a frame is destroyed only by its owner, never inside await_suspend
// or its own resume. Tasks and operations are their own awaiters and nothing is transformed: GCC 12
// copies what await_transform returns by reference. A frame that cannot be allocated gives an empty
// task; awaiting it throws std::bad_alloc. sdk/README.md has the rules for coroutines under GCC 12.
#pragma once

#include <gatepost/namespace.hpp>

#include <coroutine>
#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

class resume_loop {
  public:
    void schedule(std::coroutine_handle<> next) noexcept { next_ = next; }

    // False if it was called from inside itself: then the outer run goes on.
    bool run() noexcept {
        if (running_) return false;
        running_ = true;
        while (next_)
            std::exchange(next_, nullptr).resume();
        running_ = false;
        return true;
    }

  private:
    std::coroutine_handle<> next_;
    bool running_ = false;
};

template <class T>
class task;

namespace detail {

struct promise_base {
    resume_loop* loop = nullptr;
    std::coroutine_handle<> continuation;
    std::exception_ptr failure;

    struct hand_back {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
            promise_base& promise = finished.promise();
            promise.loop->schedule(promise.continuation);
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    hand_back final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { failure = std::current_exception(); }

    static void* operator new(std::size_t size) noexcept {
        return ::operator new(size, std::nothrow);
    }
    static void operator delete(void* frame) noexcept { ::operator delete(frame); }
};

template <class T>
struct promise : promise_base {
    std::optional<T> value;

    task<T> get_return_object() noexcept;
    static task<T> get_return_object_on_allocation_failure() noexcept;
    template <class U>
    void return_value(U&& given) {
        value.emplace(std::forward<U>(given));
    }
    T take() {
        if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
        return std::move(*value);
    }
};

template <>
struct promise<void> : promise_base {
    task<void> get_return_object() noexcept;
    static task<void> get_return_object_on_allocation_failure() noexcept;
    void return_void() const noexcept {}
    void take() {
        if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    }
};

}  // namespace detail

template <class T>
class [[nodiscard]] task {
  public:
    using promise_type = detail::promise<T>;
    using frame = std::coroutine_handle<promise_type>;

    task() noexcept = default;
    explicit task(frame made) noexcept : frame_(made) {}
    task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            reset();
            frame_ = std::exchange(other.frame_, nullptr);
        }
        return *this;
    }
    ~task() { reset(); }

    // For whoever awaits it ...
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
        resume_loop* loop = waiting.promise().loop;
        if (!frame_) {
            loop->schedule(waiting);
            return;
        }
        frame_.promise().continuation = waiting;
        begin(*loop);
    }
    T await_resume() { return take(); }

    // ... and for the loop, which holds the outermost.
    explicit operator bool() const noexcept { return static_cast<bool>(frame_); }
    void begin(resume_loop& loop) noexcept {
        frame_.promise().loop = &loop;
        loop.schedule(frame_);
    }
    bool done() const noexcept { return frame_ && frame_.done(); }
    T take() {
        if (!frame_) throw std::bad_alloc();
        return frame_.promise().take();
    }
    void reset() noexcept {
        if (frame_) std::exchange(frame_, nullptr).destroy();
    }

  private:
    frame frame_;
};

namespace detail {

template <class T>
task<T> promise<T>::get_return_object() noexcept {
    return task<T>(std::coroutine_handle<promise<T>>::from_promise(*this));
}
template <class T>
task<T> promise<T>::get_return_object_on_allocation_failure() noexcept {
    return task<T>();
}
inline task<void> promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<promise<void>>::from_promise(*this));
}
inline task<void> promise<void>::get_return_object_on_allocation_failure() noexcept {
    return task<void>();
}

}  // namespace detail

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
