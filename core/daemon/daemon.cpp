#include "daemon/daemon.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <set>

#include "api/server.hpp"
#include "api_types/json_writer.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "config/config.hpp"
#include "daemon/listen.hpp"
#include "daemon/oauth.hpp"
#include "daemon/plugin_copies.hpp"
#include "daemon/settings_check.hpp"
#include "delivery/dispatcher.hpp"
#include "plugin/registry.hpp"
#include "services/host_services.hpp"
#include "spool/spool.hpp"

namespace gatepost::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto api_grace = 5s;
constexpr auto delivery_grace = 20s;  // systemd waits 90 seconds before it kills

struct prepared {
    std::filesystem::path state;
    std::shared_ptr<const plugin::registry> plugins;
    std::shared_ptr<const config::settings> config;
};

// Where the plugins' copies go: --check must leave no trace in the daemon's state, so it gets a
// folder of its own.
class scratch_folder {
  public:
    scratch_folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "gatepost-check.XXXXXX").string();
        if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    }
    ~scratch_folder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

std::vector<std::filesystem::path> plugin_folders(const options& how,
                                                  const config::settings& part) {
    if (!how.plugins.empty()) return how.plugins;
    if (!part.plugins.empty()) return part.plugins;
    return {find_default_paths().plugins};
}

// With `ask`, plugins say themselves what they think of settings that their schema takes.
config::schema_lookup schemas_of(const plugin::registry& plugins, bool ask = false) {
    return [&plugins, ask](const std::string& provider) -> result<config::plugin_schema> {
        if (const auto found = plugins.find(provider)) {
            config::plugin_schema known{found->facts.settings_schema, oauth_check_of(found)};
            if (ask)
                known.check_settings = [found](const std::string& name, const secret& settings) {
                    return objections_of(found, name, settings);
                };
            return known;
        }
        std::string known;
        for (const auto& [id, plugin] : plugins.loaded())
            known += (known.empty() ? "" : ", ") + id;
        for (const plugin::refused_plugin& refused : plugins.refused()) {
            if (refused.file.stem() != provider) continue;
            return error{error_kind::config,
                         "the provider \"" + provider + "\" was not loaded: " + refused.reason};
        }
        return error{error_kind::config,
                     "there is no provider \"" + provider + "\"; " +
                         (known.empty() ? "none is loaded" : "there are: " + known)};
    };
}

// All of the configuration, also checked for what the config room cannot judge.
result<std::shared_ptr<const config::settings>> read_settings(const std::filesystem::path& folder,
                                                              const plugin::registry& plugins) {
    auto loaded = config::load(folder, schemas_of(plugins));
    if (!loaded) return loaded.error();
    if (auto book = mail::address_book::make(loaded->default_domain, loaded->aliases); !book)
        return error{error_kind::config,
                     (folder / "gatepost.toml").string() + ": " + book.error().detail};
    return std::make_shared<const config::settings>(std::move(*loaded));
}

// What is in force; replaced as a whole, read by any thread.
class present_settings {
  public:
    std::shared_ptr<const config::settings> get() const {
        const std::lock_guard lock(mutex_);
        return now_;
    }
    void set(std::shared_ptr<const config::settings> next) {
        const std::lock_guard lock(mutex_);
        now_.swap(next);
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const config::settings> now_;
};

void tell_what_needs_a_restart(const config::settings& before, const config::settings& next) {
    const std::pair<const char*, bool> keys[] = {{"listen", before.listen != next.listen},
                                                 {"state", before.state != next.state},
                                                 {"plugins", before.plugins != next.plugins},
                                                 {"host_name", before.host_name != next.host_name}};
    for (const auto& [key, changed] : keys) {
        if (changed)
            log::warn("daemon.reload", "this key changed and counts after a restart only",
                      {{"key", key}});
    }
}

// Plugins and configuration; `copies` is where the plugins' checked copies go, or empty for
// STATE/plugins.
result<prepared> prepare(const options& how, std::filesystem::path copies) {
    if (auto there = check_named_folders(how); !there) return there.error();
    auto part = config::load_daemon_part(how.config);
    if (!part) {
        // Every mistake of every file at once: the plugins are looked for where they are without
        // it.
        const scratch_folder scratch;
        const auto plugins =
            plugin::registry::scan({plugin_folders(how, {}), scratch.path(), version});
        auto all = config::load(how.config, schemas_of(plugins));
        return all ? part.error() : all.error();
    }
    prepared made;
    made.state = !how.state.empty() ? how.state : part->state.value_or(find_default_paths().state);
    if (copies.empty()) copies = made.state / "plugins";
    if (auto folders = make_folders(copies); !folders) return folders.error();
    made.plugins = std::make_shared<plugin::registry>(
        plugin::registry::scan({plugin_folders(how, *part), copies, version}));
    auto loaded = read_settings(how.config, *made.plugins);
    if (!loaded) return loaded.error();
    made.config = std::move(*loaded);
    if (auto apart = check_listeners(how, *made.config); !apart) return apart.error();
    return made;
}

std::string machine_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
    return name.data();
}

mail::unknown_rule rule_of(const config::settings& config, const std::string& connection) {
    const auto found = config.connections.find(connection);
    if (found == config.connections.end() || found->second.on_unknown != "hold")
        return mail::unknown_rule::retry;
    return mail::unknown_rule::hold;
}

class gateway final : public instance {
  public:
    status open(const options& how) {
        how_ = how;
        log::set_level(how.log_level.empty() ? "info" : how.log_level);
        auto ready = prepare(how, {});
        if (!ready) return ready.error();
        with_ = std::move(*ready);
        present_.set(with_.config);
        if (how.log_level.empty()) log::set_level(with_.config->log_level);
        if (auto opened = open_spool(); !opened) return opened;
        forget_old_plugins();
        oauth_ = start_oauth(with_.state, spool_);
        oauth_->configure(oauth_clients(*with_.config, *with_.plugins));
        services::options lending;
        lending.oauth = oauth_.get();
        services_ = services::make(lending);
        dispatcher_ = delivery::dispatcher::make(
            {&machine_clock(), spool_, with_.plugins,
             [this](std::string_view id) { return services_->lookup(id); }, 1});
        oauth_->on_login([this](const std::string& name) { dispatcher_->resume(name); });
        wire_spool();
        if (auto served = serve(how); !served) return served;
        dispatcher_->start(with_.config);
        log::info("daemon.ready", "gatepostd is ready",
                  {{"version", version},
                   {"config", how.config.string()},
                   {"state", with_.state.string()},
                   {"connections", with_.config->connections.size()},
                   {"providers", with_.plugins->loaded().size()}});
        return success{};
    }

    status reload() override {
        // A folder that is away for a moment must not take every connection with it.
        if (auto there = check_named_folders(how_); !there) return there;
        auto next = read_settings(how_.config, *with_.plugins);
        if (!next) return next.error();
        const auto before = present_.get();
        // First, so that an instance that is made anew finds its table; a refusal takes it back.
        oauth_->configure(oauth_clients(**next, *with_.plugins));
        if (auto changed = dispatcher_->reload(*next); !changed) {
            oauth_->configure(oauth_clients(*before, *with_.plugins));
            return changed;
        }
        present_.set(*next);
        if (how_.log_level.empty()) log::set_level((*next)->log_level);
        tell_what_needs_a_restart(*with_.config, **next);
        for (const auto& [name, connection] : before->connections) {
            if (!(*next)->connections.contains(name))
                log::warn("daemon.reload",
                          "the connection was removed; its mail waits until it is there again",
                          {{"connection", name}});
        }
        log::info("daemon.reloaded", "the configuration was read again and is in force",
                  {{"config", how_.config.string()}, {"connections", (*next)->connections.size()}});
        return success{};
    }

    void stop() override {
        if (server_) server_->stop(api_grace);
        if (dispatcher_) dispatcher_->stop(delivery_grace);
        if (oauth_) oauth_->stop();
        if (services_) services_->stop();
        if (spool_) spool_->close();
        server_.reset();
        dispatcher_.reset();
        services_.reset();
        oauth_.reset();
        spool_.reset();
    }

    ~gateway() override { stop(); }

  private:
    status open_spool() {
        spool::options how;
        how.folder = with_.state / "spool";
        how.clock = &machine_clock();
        how.unknown_delay = with_.config->unknown_delay;
        how.lifetime = [this] { return present_.get()->lifetime; };
        how.unknown_rule_of = [this](const std::string& name) {
            return rule_of(*present_.get(), name);
        };
        auto opened = spool::spool::open(std::move(how));
        if (!opened) return opened.error();
        spool_ = std::move(*opened);
        ids_ = std::make_unique<mail_id_source>(spool_->recovery().newest);
        return success{};
    }

    // Once the spool is locked: the folder is ours alone.
    void forget_old_plugins() const {
        std::set<std::string> used;
        for (const auto& [id, plugin] : with_.plugins->loaded())
            used.insert(plugin->sha256);
        if (const size_t removed = remove_old_copies(with_.state / "plugins", used); removed > 0)
            log::info("plugin.copies", "copies of plugins that are not there any more were removed",
                      {{"count", removed}});
    }

    status serve(const options& how) {
        api::server_options serving;
        serving.listen = listeners(how, *with_.config);
        serving.handed_in = inherited_sockets();
        serving.config = [this] { return present_.get(); };
        serving.spool = spool_;
        serving.plugins = with_.plugins;
        serving.dispatcher = dispatcher_.get();
        serving.oauth = oauth_.get();
        serving.clock = &machine_clock();
        serving.ids = ids_.get();
        serving.host_name =
            with_.config->host_name.empty() ? machine_name() : with_.config->host_name;
        serving.version = version;
        auto started = api::server::start(std::move(serving));
        if (!started) return started.error();
        server_ = std::move(*started);
        listening_.store(server_.get(), std::memory_order_release);
        return success{};
    }

    void wire_spool() {
        spool_->on_event([this](const spool::event& what) {
            if (api::server* server = listening_.load(std::memory_order_acquire))
                server->on_spool_event(what);
        });
        spool_->on_health([this](const spool::health& now) { dispatcher_->pause(now.sick); });
    }

    options how_;
    prepared with_;  // its config: as at start
    present_settings present_;
    std::shared_ptr<spool::spool> spool_;
    std::unique_ptr<services::oauth_engine> oauth_;
    std::unique_ptr<services::host_services> services_;
    std::unique_ptr<delivery::dispatcher> dispatcher_;
    std::unique_ptr<mail_id_source> ids_;
    std::unique_ptr<api::server> server_;
    std::atomic<api::server*> listening_ =
        nullptr;  // the spool's writer may speak before the server stands
};

}  // namespace

result<std::string> check(const options& how) {
    const scratch_folder scratch;
    log::set_level(log::level::off);
    auto ready = prepare(how, scratch.path());
    if (!ready) return ready.error();
    // A running daemon asks the plugins too, when it makes their instances.
    const auto asked = config::load(how.config, schemas_of(*ready->plugins, true));
    if (!asked) return asked.error();
    const size_t connections = ready->config->connections.size();
    if (how.json) {
        std::string out;
        api_types::json_writer(out)
            .begin_object()
            .member("config", how.config.native())
            .member("connections", connections)
            .end_object();
        return out;
    }
    if (connections == 0)
        return how.config.string() + ": no mistake, but no connection: nothing can be sent";
    return how.config.string() + ": all is well; connections: " + std::to_string(connections);
}

result<std::unique_ptr<instance>> instance::start(const options& how) {
    auto made = std::make_unique<gateway>();
    if (auto opened = made->open(how); !opened) return opened.error();
    return std::unique_ptr<instance>(std::move(made));
}

}  // namespace gatepost::daemon
