// What changes while the dispatcher runs. First every new instance is made, with nothing changed
// yet: a provider that refuses what was written refuses the whole reload. Then each loop changes
// over by itself: a connection that reads as before is not touched, a changed one gets a new
// carrier while the old one ends, a removed one only ends.
#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <future>

#include "base/log.hpp"
#include "delivery/engine.hpp"

namespace gatepost::delivery {
namespace {

using namespace std::chrono_literals;

// Calls of a replaced connection that have not begun to commit get this long; then they are tried
// again with the new settings.
constexpr auto early_grace = 5s;
// A loop answers within milliseconds unless a plugin blocks it.
constexpr auto loop_limit = 10s;

const config::connection* find(const std::shared_ptr<const config::settings>& in,
                               const std::string& name) {
    if (!in) return nullptr;
    const auto at = in->connections.find(name);
    return at == in->connections.end() ? nullptr : &at->second;
}

// As file: key: reason, like every other mistake of a configuration.
void tell(const config::connection& connection, const error& why, error& into) {
    for (const field_error& field : why.fields)
        into.fields.push_back({connection.file.string(), field.pointer + ": " + field.detail});
    if (why.fields.empty()) into.fields.push_back({connection.file.string(), why.detail});
}

}  // namespace

bool engine::is_running(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto at = shown_.find(name);
    return at != shown_.end() && at->second.current != nullptr;
}

// Those that are to be opened, made on their loops. Refused settings that were refused before are
// no reason to keep everything else from changing.
result<std::vector<engine::made_instance>> engine::make_instances(const config_ptr& next,
                                                                  const config_ptr& before) {
    auto made = std::make_shared<std::vector<made_instance>>();
    for (const auto& [name, connection] : next->connections) {
        const config::connection* was = find(before, name);
        const bool same = was != nullptr && *was == connection;
        if (connection.active && (!same || !is_running(name)))
            made->push_back({&connection, &loop_of(name), nullptr, {}});
    }
    for (const auto& home : loops_) {
        auto ended = std::make_shared<std::promise<void>>();
        auto end = ended->get_future();
        boost::asio::post(home->io, [this, home = home.get(), made, next, ended] {
            for (made_instance& each : *made) {
                if (each.home != home) continue;
                auto instance = make_instance(*home, *each.connection);
                if (instance)
                    each.instance = *instance;
                else
                    each.problem = instance.error();
            }
            ended->set_value();
        });
        if (end.wait_for(loop_limit) != std::future_status::ready)
            return error{error_kind::busy, "a provider keeps its delivery loop from answering"};
    }
    return std::move(*made);
}

status engine::reload(config_ptr next) {
    const config_ptr before = config();
    auto made = make_instances(next, before);
    if (!made) return made.error();
    error refused{error_kind::config, "a provider refused its settings"};
    for (const made_instance& each : *made) {
        const config::connection* was = find(before, each.connection->name);
        if (!each.instance && !(was != nullptr && *was == *each.connection))
            tell(*each.connection, each.problem, refused);
    }
    if (!refused.fields.empty()) {
        for (const made_instance& each : *made) {
            if (!each.instance) continue;
            boost::asio::post(each.home->io,
                              [instance = each.instance] { instance->drain([instance] {}); });
        }
        return refused;
    }
    {
        const std::lock_guard lock(mutex_);
        config_ = next;
        std::erase_if(shown_, [&](const auto& each) {  // those that run go with their carriers
            const auto& [name, shown] = each;
            return !next->connections.contains(name) && !shown.current && shown.older.empty();
        });
    }
    on_every_loop(
        [this, next, all = std::move(*made)](loop& home) { change_over(home, next, all); });
    return success{};
}

void engine::change_over(loop& home, const config_ptr& next,
                         const std::vector<made_instance>& made) {
    if (home.stopping) return;
    const auto is_made = [&](const std::string& name) {
        return std::any_of(made.begin(), made.end(), [&](const made_instance& each) {
            return each.connection->name == name;
        });
    };
    std::vector<std::string> gone;
    for (const auto& [name, who] : home.carriers) {
        const config::connection* wanted = find(next, name);
        if (wanted != nullptr && wanted->active && !is_made(name))
            who->set_policy({next->retry_first, next->retry_max, next->unknown_delay});
        else
            gone.push_back(name);
    }
    for (const std::string& name : gone)
        retire(home, name);
    for (const made_instance& each : made) {
        if (each.home != &home) continue;
        const auto result = each.instance ? gatepost::result<instance_ptr>(each.instance)
                                          : gatepost::result<instance_ptr>(each.problem);
        open(home, *next, *each.connection, result);
    }
    for (const auto& [name, connection] : next->connections) {
        if (&loop_of(name) == &home && !connection.active) show(name, initial_status(connection));
    }
}

// The carrier takes no new work and goes when all it began has ended.
void engine::retire(loop& home, const std::string& name) {
    const auto who = home.carriers.at(name);
    home.carriers.erase(name);
    home.leaving[name].push_back(who);
    {
        const std::lock_guard lock(mutex_);
        shown_[name].older.push_back(who);
        shown_[name].current = nullptr;
        shown_[name].status.running = false;
    }
    log::info("connection.replaced", "the connection takes no new mail and ends what it has begun",
              {{"connection", name}, {"waiting", who->waiting()}, {"in_flight", who->in_flight()}});
    auto timer = std::make_shared<boost::asio::steady_timer>(home.io, early_grace);
    timer->async_wait([who, timer](boost::system::error_code failed) {
        if (!failed) who->cancel_early();
    });
    who->stop([this, &home, name, who, timer] {
        timer->cancel();
        // Later: the carrier is still at work when it says so.
        boost::asio::post(home.io, [this, &home, name, who] { forget(home, name, who); });
    });
}

void engine::forget(loop& home, const std::string& name, const std::shared_ptr<carrier>& who) {
    auto& list = home.leaving[name];
    std::erase(list, who);
    if (list.empty()) home.leaving.erase(name);
    {
        const std::lock_guard lock(mutex_);
        entry& shown = shown_[name];
        std::erase_if(shown.older,
                      [&](const auto& each) { return each.expired() || each.lock() == who; });
        const bool known = config_ && config_->connections.contains(name);
        if (!known && !shown.current && shown.older.empty()) shown_.erase(name);
    }
    if (const auto current = home.carriers.find(name); current != home.carriers.end())
        current->second->pump();
}

}  // namespace gatepost::delivery
