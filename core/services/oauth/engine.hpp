// The engine behind oauth.hpp: one thread that owns every account, so that nothing here needs a
// lock; what others ask is a task for it. Requests wait on threads of their own: there are a few
// an hour, a slow provider of one connection then holds up no other, and no delivery loop is ever
// touched. Internal to the folder.
//
//     engine.cpp   thread, time, who asks, what is shown
//     refresh.cpp  a token is got; what rotated is kept before it is used
//     login.cpp    device flow and loopback redirect
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "services/blocking_pool.hpp"
#include "services/oauth/account.hpp"

namespace gatepost::services {

// Tasks for one thread. What is posted after the end is dropped.
class task_line {
  public:
    bool post(std::function<void()> task);
    // Gives the next task; nothing after `most`, or at the end. For the one thread.
    std::function<void()> next(std::chrono::milliseconds most, bool& ended);
    void end();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
    bool ended_ = false;
};

class engine final : public oauth_engine {
  public:
    explicit engine(oauth_options how);
    ~engine() override { stop(); }

    void configure(std::vector<oauth_client> clients) override;
    void token(const std::string& connection, bool force, secret refused,
               token_handler done) override;
    oauth_state state(const std::string& connection) const override;
    void begin_device(const std::string& connection,
                      std::function<void(result<oauth_device_login>)> done) override;
    result<oauth_loopback_login> begin_loopback(const std::string& connection,
                                                const std::string& redirect_uri) override;
    void finish_loopback(const std::string& connection, const std::string& state,
                         const std::string& code, std::function<void(status)> done) override;
    oauth_login_state login(const std::string& connection) const override;
    void cancel_login(const std::string& connection) override;
    void on_login(std::function<void(const std::string&)> tell) override;
    void stop() override;
    void check_clock() override;

  private:
    using client_ptr = std::shared_ptr<const oauth_client>;

    // ---- engine.cpp
    void run();
    void take_kept();
    void do_what_is_due();
    std::chrono::milliseconds until_next() const;
    bool do_and_wait(std::function<void()> task);
    void apply(std::vector<oauth_client> clients);
    void change(account& which, client_ptr client);
    void ask(const std::string& name, bool force, const secret& refused, token_handler done);
    void refuse_in_hand(account& which, const secret& refused);
    void answer_all(account& which, const oauth_outcome& with);
    void ask_again(account& which);
    void show(const account& which);
    oauth_outcome problem_of(const account& which) const;
    oauth_outcome in_hand(const account& which) const;
    std::chrono::milliseconds left(const held_token& token) const;
    account* configured(const std::string& name);
    bool busy() const;
    void send(const client_ptr& client, const std::string& url, bool anywhere, secret body,
              std::function<void(oauth_response)> then);

    // ---- refresh.cpp
    struct question {
        std::string name;
        client_ptr client;
        uint64_t lineage = 0;
        secret refresh_token;  // that was used
        bool second_clock = false;
    };
    void begin(account& which, bool second_clock = false);
    result<secret> make_form(account& which, question& what, oauth_failure& failure);
    void answered(const question& what, const oauth_response& answer);
    void failed(account& which, oauth_failure why);
    void accept(account& which, const client_ptr& asked, held_token token);
    void keep(account& which, account::keeping what);
    void try_to_keep(account& which);
    void kept(const std::string& name, uint64_t number, const status& how);
    void not_kept(account& which, const error& why);

    // ---- login.cpp
    result<client_ptr> may_log_in(const std::string& name);
    void device_begun(const std::string& name, uint64_t number, const client_ptr& client,
                      const oauth_response& answer,
                      const std::function<void(result<oauth_device_login>)>& done);
    void poll(account& which);
    void polled(const std::string& name, uint64_t number, const client_ptr& client,
                const oauth_response& answer);
    result<oauth_loopback_login> start_loopback(const std::string& name,
                                                const std::string& redirect_uri);
    void exchange(const std::string& name, const std::string& state, const std::string& code,
                  std::function<void(status)> done);
    void exchanged(const std::string& name, uint64_t number, const client_ptr& client,
                   const oauth_response& answer, const std::function<void(status)>& done);
    status logged_in(account& which, const client_ptr& client, const granted& token,
                     std::function<void(status)> told);
    void end_login(account& which, bool well, std::string sentence);
    login_flow* flow_of(const std::string& name, uint64_t number);

    oauth_options how_;
    const gatepost::clock& clock_;
    std::shared_ptr<task_line> line_ = std::make_shared<task_line>();
    std::atomic<bool> abort_{false};
    blocking_pool pool_;
    std::map<std::string, account> accounts_;
    std::function<void(const std::string&)> on_login_;
    uint64_t next_number_ = 1;
    bool stopping_ = false;

    mutable std::mutex shown_mutex_;
    std::map<std::string, oauth_state> shown_;
    struct shown_login {
        oauth_login_state state;
        mono_time until;
    };
    std::map<std::string, shown_login> shown_logins_;

    std::mutex stop_mutex_;
    std::thread thread_;
};

}  // namespace gatepost::services
