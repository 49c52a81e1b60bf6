// The dispatcher: which carriers there are, on which loops. Private to this room; dispatcher.cpp
// has start, test and stop, reload.cpp what changes while it runs.
//
// Loops touch only what is theirs. What callers see (`shown_`) and the configuration in force stand
// behind one mutex.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "delivery/dispatcher.hpp"
#include "delivery/loop.hpp"

namespace gatepost::delivery {

class engine final : public dispatcher {
  public:
    explicit engine(dispatcher_options how);
    ~engine() override { join(); }

    void start(std::shared_ptr<const config::settings> config) override;
    status reload(std::shared_ptr<const config::settings> config) override;
    std::vector<connection_status> connections() const override;
    std::function<void()> test(test_request request,
                               std::function<void(test_result)> done) override;
    void resume(const std::string& connection) override;
    void pause(bool paused) override;
    void stop(std::chrono::milliseconds limit) override;

  private:
    using config_ptr = std::shared_ptr<const config::settings>;
    using instance_ptr = std::shared_ptr<plugin::instance>;
    struct entry {
        connection_status status;
        std::shared_ptr<carrier> current;
        std::vector<std::weak_ptr<carrier>> older;
    };
    // A connection whose instance was made, or why not.
    struct made_instance {
        const config::connection* connection;
        loop* home;
        std::shared_ptr<plugin::instance> instance;
        error problem;
    };

    void on_every_loop(const std::function<void(loop&)>& what);
    loop& loop_of(const std::string& connection) {
        return *loops_[std::hash<std::string>{}(connection) % loops_.size()];
    }
    void show(const std::string& name, connection_status status,
              std::shared_ptr<carrier> who = nullptr);
    config_ptr config() const;
    bool is_running(const std::string& name) const;

    // On the connection's loop, like all that touches carriers.
    result<instance_ptr> make_instance(loop& home, const config::connection& connection) const;
    void open(loop& home, const config::settings& config, const config::connection& connection,
              const result<instance_ptr>& made);
    void retire(loop& home, const std::string& name);
    void forget(loop& home, const std::string& name, const std::shared_ptr<carrier>& who);

    result<std::vector<made_instance>> make_instances(const config_ptr& next,
                                                      const config_ptr& before);
    void change_over(loop& home, const config_ptr& next, const std::vector<made_instance>& made);

    connection_status initial_status(const config::connection& connection) const;
    void keep_house();
    void join();

    dispatcher_options how_;
    std::vector<std::unique_ptr<loop>> loops_;
    mutable std::mutex mutex_;
    config_ptr config_;
    std::map<std::string, entry> shown_;
    bool stopped_ = false;
};

}  // namespace gatepost::delivery
