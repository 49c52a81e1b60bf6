#include "delivery/dispatcher.hpp"

#include <boost/asio/steady_timer.hpp>
#include <condition_variable>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "delivery/engine.hpp"
#include "delivery/sender.hpp"
#include "delivery/test_call.hpp"

namespace gatepost::delivery {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t default_concurrency = 4;
constexpr auto housekeeping_every = 30s;
constexpr auto cut_short_within =
    5s;  // a cancelled call ends in far less; a sick spool never answers

}  // namespace

engine::engine(dispatcher_options how) : how_(std::move(how)) {
    for (unsigned i = 0; i < std::max(1U, how_.loops); ++i)
        loops_.push_back(std::make_unique<loop>());
    how_.spool->on_due(
        [this](spool::due_message letter) { loop_of(letter.connection).leave(std::move(letter)); });
    for (const auto& each : loops_)
        each->run();
}

void engine::start(config_ptr config) {
    {
        const std::lock_guard lock(mutex_);
        config_ = config;
    }
    for (const auto& [name, connection] : config->connections) {
        show(name, initial_status(connection));
        if (!connection.active) continue;
        loop& home = loop_of(name);
        boost::asio::post(home.io, [this, &home, config, which = &connection] {
            open(home, *config, *which, make_instance(home, *which));
        });
    }
    boost::asio::post(loops_[0]->io, [this] { keep_house(); });
}

std::vector<connection_status> engine::connections() const {
    const std::lock_guard lock(mutex_);
    std::vector<connection_status> all;
    for (const auto& [name, shown] : shown_) {
        all.push_back(shown.status);
        if (shown.current) {
            all.back().waiting = shown.current->waiting();
            all.back().in_flight = shown.current->in_flight();
            if (all.back().problem.empty()) all.back().problem = shown.current->problem();
        }
        for (const auto& older : shown.older) {
            if (const auto who = older.lock()) all.back().in_flight += who->in_flight();
        }
    }
    return all;
}

void engine::resume(const std::string& connection) {
    loop& home = loop_of(connection);
    boost::asio::post(home.io, [&home, connection] {
        const auto who = home.carriers.find(connection);
        if (who != home.carriers.end()) who->second->resume();
    });
}

void engine::pause(bool paused) {
    on_every_loop([paused](loop& home) {
        for (const auto& [name, who] : home.carriers)
            who->pause(paused);
    });
}

void engine::on_every_loop(const std::function<void(loop&)>& what) {
    for (const auto& each : loops_)
        boost::asio::post(each->io, [home = each.get(), what] { what(*home); });
}

void engine::show(const std::string& name, connection_status status, std::shared_ptr<carrier> who) {
    const std::lock_guard lock(mutex_);
    entry& shown = shown_[name];
    shown.status = std::move(status);
    shown.current = std::move(who);
}

engine::config_ptr engine::config() const {
    const std::lock_guard lock(mutex_);
    return config_;
}

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
    const auto defaults = plugin::limits_of(provider->facts, connection.settings_json.reveal());
    const uint32_t wanted =
        connection.limits.concurrency.value_or(defaults.concurrency.value_or(default_concurrency));
    status.concurrency = std::clamp<uint32_t>(wanted, 1, limits::concurrency_max);
    return status;
}

result<engine::instance_ptr> engine::make_instance(loop& home,
                                                   const config::connection& connection) const {
    const auto provider = how_.plugins->find(connection.provider);
    if (!provider) {
        return error{error_kind::config,
                     "the provider \"" + connection.provider + "\" is not loaded"};
    }
    plugin::instance_options how{connection.name, std::string(connection.settings_json.reveal()),
                                 home.io.get_executor(), how_.services, how_.clock};
    how.contents = how_.spool->contents();
    how.trace = connection.trace;
    return plugin::instance::create(provider, std::move(how));
}

void engine::open(loop& home, const config::settings& config, const config::connection& connection,
                  const result<instance_ptr>& made) {
    connection_status status = initial_status(connection);
    if (!made) {
        status.problem = made.error().detail;
        for (const field_error& field : made.error().fields)
            status.problem += "; " + field.pointer + ": " + field.detail;
        log::error("connection.refused", "the provider refused the settings; mail for it waits",
                   {{"connection", connection.name}, {"reason", status.problem}});
        return show(connection.name, std::move(status));
    }
    const std::string& name = connection.name;
    carrier::parts parts{
        home.io,           *how_.clock,
        *how_.spool,       *made,
        connection,        {config.retry_first, config.retry_max, config.unknown_delay},
        status.concurrency};
    parts.held_by_others = [&home, name] { return home.held_by_leaving(name); };
    parts.pass_on = [&home](spool::due_message letter) {
        if (!home.stopping) home.leave(std::move(letter));
    };
    parts.pass_on_lookup = [&home, name](mail_id id, wall_time due) {
        const auto present = home.carriers.find(name);
        if (present != home.carriers.end()) present->second->add_lookup(id, due);
    };
    auto who = std::make_shared<carrier>(std::move(parts));
    if (const auto older = home.leaving.find(name); older != home.leaving.end())
        who->inherit(*older->second.back());
    home.carriers[name] = who;
    status.running = true;
    show(name, std::move(status), who);
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
    const config_ptr present = config();
    if (!request.connection.empty() && present) {
        const auto found = present->connections.find(request.connection);
        if (found != present->connections.end()) {
            provider = found->second.provider;
            with.settings_json = found->second.settings_json.reveal();
            request.message = as_sent(std::move(request.message), found->second);
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
// `limit`, then the ledger decides. Instances drain, so parked sessions end with a farewell. A
// verdict that a sick spool does not take is given up soon after: its started mark stays, and the
// next start finds it.
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
        home.stopping = true;
        const auto all = home.everyone();
        const auto left = std::make_shared<size_t>(all.size());
        if (*left == 0) return loops_open->down();
        for (const auto& who : all) {
            who->stop([left, loops_open] {
                if (--*left == 0) loops_open->down();
            });
            who->cancel_early();
        }
    });
    if (!loops_open->wait(limit)) {
        log::warn("delivery.stop",
                  "calls are still open, or the spool takes no verdicts; they are cut short, and "
                  "their outcome is unknown");
        on_every_loop([](loop& home) {
            for (const auto& who : home.everyone())
                who->cancel_all();
        });
        loops_open->wait(cut_short_within);
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

std::unique_ptr<dispatcher> dispatcher::make(dispatcher_options how) {
    return std::make_unique<engine>(std::move(how));
}

}  // namespace gatepost::delivery
