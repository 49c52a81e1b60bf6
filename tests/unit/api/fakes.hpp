// A spool in memory with a writer thread of its own, and a dispatcher that plays a test call: what
// the API stands on, under the test's control.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "delivery/dispatcher.hpp"
#include "spool/spool.hpp"

namespace testing {

using namespace gatepost;
namespace queue = gatepost::spool;  // inside the class its own name hides the room

class fake_spool final : public gatepost::spool::spool {
  public:
    struct kept {
        queue::accept_request request;
        queue::message_row row;
    };

    fake_spool() : writer_([this] { work(); }) {}
    ~fake_spool() override { close(); }

    const queue::recovery_report& recovery() const override { return recovery_; }
    mail::content_factory contents() override { return mail::memory_content(); }

    void accept(queue::accept_request request, queue::callback<queue::accept_answer> done) override;
    void start(queue::start_request, queue::callback<queue::start_answer>) override {}
    void record(queue::record_request, queue::callback<success>) override {}
    void cancel(mail_id id, std::optional<uint32_t> owner,
                queue::callback<queue::message_row> done) override;
    void retry_now(mail_id id, std::optional<uint32_t> owner,
                   queue::callback<queue::message_row> done) override {
        show(id, owner, std::move(done));
    }
    void expire(wall_time, queue::callback<uint64_t>) override {}
    void sweep(wall_time, queue::callback<uint64_t>) override {}
    void put_token(std::string, std::string, queue::callback<success> done) override {
        done(success{});
    }
    void tokens(queue::callback<std::map<std::string, std::string>> done) override {
        done(std::map<std::string, std::string>{});
    }
    void load(mail_id id, queue::callback<queue::loaded_message> done) override;
    void show(mail_id id, std::optional<uint32_t> owner,
              queue::callback<queue::message_row> done) override;
    void find_key(queue::idempotency key, queue::callback<std::optional<mail_id>> done) override;
    void list(queue::list_query query,
              queue::callback<std::vector<queue::message_row>> done) override;
    void waiting(std::string, wall_time, size_t,
                 queue::callback<std::vector<queue::due_message>>) override {}
    void lookups(std::string, wall_time, size_t,
                 queue::callback<std::vector<queue::due_message>>) override {}
    void lookup(queue::record_request, queue::callback<success>) override {}
    void on_due(std::function<void(queue::due_message)>) override {}
    void on_event(std::function<void(const queue::event&)> handler) override {
        event_ = std::move(handler);
    }
    void on_health(std::function<void(const queue::health&)>) override {}
    queue::health health_now() const override {
        const std::lock_guard lock(mutex_);
        return health_;
    }
    void close() override;

    // The test's side.
    void hold(bool on);  // no job is done while it is held
    void fail_with(std::optional<error> what);
    void set_health(queue::health what);
    size_t waiting_jobs() const;
    // Every recipient is sent; the event follows.
    void deliver(mail_id id);
    std::optional<kept> find(mail_id id) const;
    size_t count() const;
    queue::list_query last_query() const;

  private:
    void work();
    void job(std::function<void()> what);
    template <class T>
    void give(queue::callback<T> done, std::function<result<T>()> make);
    static std::string name_of(const queue::idempotency& key);
    result<std::optional<mail_id>> used(const queue::idempotency& key) const;
    result<queue::message_row> row_of(mail_id id, std::optional<uint32_t> owner) const;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    bool held_ = false, closing_ = false;
    std::map<mail_id, kept> rows_;
    std::map<std::string, std::pair<mail_id, std::string>> keys_;
    std::optional<error> failure_;
    queue::health health_;
    queue::list_query last_query_;
    queue::recovery_report recovery_;
    std::function<void(const queue::event&)> event_;
    std::thread writer_;
};

class fake_dispatcher final : public delivery::dispatcher {
  public:
    void start(std::shared_ptr<const config::settings>) override {}
    status reload(std::shared_ptr<const config::settings>) override { return success{}; }
    std::vector<delivery::connection_status> connections() const override { return states; }
    std::function<void()> test(delivery::test_request request,
                               std::function<void(delivery::test_result)> done) override;
    void resume(const std::string&) override {}
    void pause(bool) override {}
    void stop(std::chrono::milliseconds) override {}

    // The running test, taken out by the test case; blocks until there is one.
    struct running {
        delivery::test_request request;
        std::function<void(delivery::test_result)> done;
    };
    running take();
    bool cancelled() const;

    std::vector<delivery::connection_status> states;

  private:
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::optional<running> running_;
    bool cancelled_ = false;
};

}  // namespace testing
