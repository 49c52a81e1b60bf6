#include "delivery/dispatcher.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "delivery/carrier.hpp"
#include "delivery/test_call.hpp"

namespace gatepost::delivery {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t default_concurrency = 4;
constexpr auto housekeeping_every = 30s;

// A thread, its io_context, and the letters that the spool's writer leaves for it: many a wake-up.
struct loop {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
        io.get_executor()};
    std::map<std::string, std::shared_ptr<carrier>> carriers;  // this loop's thread only
    std::mutex mutex;
    std::vector<spool::due_message> letters;
    std::thread thread;

    void run() {
        thread = std::thread([this] { io.run(); });
    }

    void leave(spool::due_message letter) {
        bool first = false;
        {
            const std::lock_guard lock(mutex);
            first = letters.empty();
            letters.push_back(std::move(letter));
        }
        if (first) boost::asio::post(io, [this] { deliver_letters(); });
    }

    void deliver_letters() {
        std::vector<spool::due_message> batch;
        {
            const std::lock_guard lock(mutex);
            batch.swap(letters);
        }
        std::map<std::string, carrier*> touched;
        for (spool::due_message& letter : batch) {
            const auto found = carriers.find(letter.connection);
            if (found == carriers.end())
                continue;  // waits in the spool until the connection is there
            touched.emplace(letter.connection, found->second.get());
            found->second->add(std::move(letter));
        }
        for (const auto& [name, who] : touched)
            who->pump();
    }
};

class engine final : public dispatcher {
  public:
    explicit engine(dispatcher_options how) : how_(std::move(how)) {
        for (unsigned i = 0; i < std::max(1U, how_.loops); ++i)
            loops_.push_back(std::make_unique<loop>());
        how_.spool->on_due([this](spool::due_message letter) {
            loop_of(letter.connection).leave(std::move(letter));
        });
        for (const auto& each : loops_)
            each->run();
    }

    ~engine() override { join(); }

    void start(std::shared_ptr<const config::settings> config) override {
        config_ = std::move(config);
        for (const auto& [name, connection] : config_->connections) {
            show(name, initial_status(connection));
            if (!connection.active) continue;
            loop& home = loop_of(name);
            boost::asio::post(home.io, [this, &home, &connection] { open(home, connection); });
        }
        boost::asio::post(loops_[0]->io, [this] { keep_house(); });
    }

    std::vector<connection_status> connections() const override {
        const std::lock_guard lock(mutex_);
        std::vector<connection_status> all;
        for (const auto& [name, shown] : shown_) {
            all.push_back(shown.status);
            if (!shown.carrier) continue;
            all.back().waiting = shown.carrier->waiting();
            all.back().in_flight = shown.carrier->in_flight();
        }
        return all;
    }

    std::function<void()> test(test_request request,
                               std::function<void(test_result)> done) override;
    void stop(std::chrono::milliseconds limit) override;
    void pause(bool paused) override {
        on_every_loop([paused](loop& home) {
            for (const auto& [name, who] : home.carriers)
                who->pause(paused);
        });
    }

  private:
    struct entry {
        connection_status status;
        std::shared_ptr<delivery::carrier> carrier;
    };

    void on_every_loop(const std::function<void(loop&)>& what) {
        for (const auto& each : loops_) {
            boost::asio::post(each->io, [home = each.get(), what] { what(*home); });
        }
    }

    loop& loop_of(const std::string& connection) {
        return *loops_[std::hash<std::string>{}(connection) % loops_.size()];
    }

    void show(const std::string& name, connection_status status,
              std::shared_ptr<carrier> who = nullptr) {
        const std::lock_guard lock(mutex_);
        shown_[name] = {std::move(status), std::move(who)};
    }

    connection_status initial_status(const config::connection& connection) const;
    void open(loop& home, const config::connection& connection);
    void keep_house();
    void join();

    dispatcher_options how_;
    std::shared_ptr<const config::settings> config_;
    std::vector<std::unique_ptr<loop>> loops_;
    mutable std::mutex mutex_;
    std::map<std::string, entry> shown_;
    bool stopped_ = false;
};

connection_status engine::initial_status(const config::connection& connection) const {
    connection_status status;
    status.name = connection.name;
    status.provider = connection.provider;
    status.active = connection.active;
    if (!connection.from_email.empty()) {
        auto box = mail::make_mailbox(connection.from_name, connection.from_email);
        if (box) status.default_from = mail::format_mailbox(*box);
    }
    const auto provider = how_.plugins->find(connection.provider);
    if (!provider) {
        status.problem = "the provider \"" + connection.provider + "\" is not loaded";
        return status;
    }
    status.captures = provider->facts.can.captures;
    const uint32_t wanted = connection.limits.concurrency.value_or(
        provider->facts.concurrency.value_or(default_concurrency));
    status.concurrency = std::clamp<uint32_t>(wanted, 1, limits::concurrency_max);
    return status;
}

void engine::open(loop& home, const config::connection& connection) {
    connection_status status = initial_status(connection);
    const auto provider = how_.plugins->find(connection.provider);
    if (!provider) return;
    auto made = plugin::instance::create(
        provider, {connection.name, std::string(connection.settings_json.reveal()),
                   home.io.get_executor(), how_.services, how_.clock});
    if (!made) {
        status.problem = made.error().detail;
        for (const field_error& field : made.error().fields)
            status.problem += "; " + field.pointer + ": " + field.detail;
        log::error("connection.refused", "the provider refused the settings; mail for it waits",
                   {{"connection", connection.name}, {"reason", status.problem}});
        return show(connection.name, std::move(status));
    }
    const retry_policy policy{config_->retry_first, config_->retry_max, config_->unknown_delay};
    auto who = std::make_shared<carrier>(carrier::parts{home.io, *how_.clock, *how_.spool, *made,
                                                        connection, policy, status.concurrency});
    home.carriers[connection.name] = who;
    status.running = true;
    show(connection.name, std::move(status), who);
    if (how_.spool->health_now().sick) who->pause(true);
    who->start();
}

// Expiry and the sweep of what is long finished; a job each, done between commits.
void engine::keep_house() {
    const wall_time now = how_.clock->wall_now();
    const auto report = [](const char* what) {
        return [what](result<uint64_t> done) {
            if (done && *done > 0) log::info(what, "messages changed", {{"count", *done}});
        };
    };
    how_.spool->expire(now, report("spool.expire"));
    how_.spool->sweep(now, report("spool.sweep"));
    auto timer = std::make_shared<boost::asio::steady_timer>(loops_[0]->io, housekeeping_every);
    timer->async_wait([this, timer](boost::system::error_code failed) {
        if (!failed) keep_house();
    });
}

std::function<void()> engine::test(test_request request, std::function<void(test_result)> done) {
    test_parts with{
        loops_[0]->io.get_executor(), how_.services, how_.clock, nullptr, request.connection, {}};
    std::string provider = request.provider;
    if (!request.connection.empty() && config_) {
        const auto found = config_->connections.find(request.connection);
        if (found != config_->connections.end()) {
            provider = found->second.provider;
            with.settings_json = found->second.settings_json.reveal();
        }
    } else {
        with.settings_json = request.settings_json.reveal();
    }
    with.provider = how_.plugins->find(provider);
    const auto cancel = std::make_shared<std::function<void()>>();
    boost::asio::post(loops_[0]->io, [with = std::move(with), request = std::move(request),
                                      done = std::move(done), provider, cancel]() mutable {
        if (with.provider) {
            *cancel = run_test(std::move(with), std::move(request), std::move(done));
            return;
        }
        test_result none;
        none.message = "The provider \"" + provider + "\" is not loaded.";
        done(std::move(none));
    });
    return [io = &loops_[0]->io, cancel] {
        boost::asio::post(*io, [cancel] {
            if (*cancel) (*cancel)();
        });
    };
}

// First nothing new; calls that have not committed end within their grace, the others get until
// `limit`, then the ledger decides. A verdict that a sick spool does not take is given up after the
// same time: its started mark stays, and the next start finds it.
void engine::stop(std::chrono::milliseconds limit) {
    struct countdown {
        std::mutex mutex;
        std::condition_variable changed;
        size_t open;
        void down() {
            const std::lock_guard lock(mutex);
            --open;
            changed.notify_all();
        }
        bool wait(std::chrono::milliseconds longest) {
            std::unique_lock lock(mutex);
            return changed.wait_for(lock, longest, [this] { return open == 0; });
        }
    };
    const auto loops_open = std::make_shared<countdown>();
    loops_open->open = loops_.size();
    on_every_loop([loops_open](loop& home) {
        const auto left = std::make_shared<size_t>(home.carriers.size());
        if (*left == 0) return loops_open->down();
        for (const auto& [name, who] : home.carriers) {
            who->stop([left, loops_open] {
                if (--*left == 0) loops_open->down();
            });
        }
    });
    if (!loops_open->wait(limit)) {
        log::warn("delivery.stop",
                  "calls are still open; they are cut short, and their outcome is unknown");
        on_every_loop([](loop& home) {
            for (const auto& [name, who] : home.carriers)
                who->cancel_all();
        });
        loops_open->wait(limit);
    }
    join();
}

void engine::join() {
    if (std::exchange(stopped_, true)) return;
    for (const auto& each : loops_) {
        each->io.stop();
        if (each->thread.joinable()) each->thread.join();
    }
}

}  // namespace

std::unique_ptr<dispatcher> dispatcher::make(dispatcher_options how) {
    return std::make_unique<engine>(std::move(how));
}

}  // namespace gatepost::delivery
