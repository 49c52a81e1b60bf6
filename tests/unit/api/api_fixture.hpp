// The whole API over a real socket, with the spool and the dispatcher of fakes.hpp behind it.
#pragma once

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "api/server.hpp"
#include "client.hpp"
#include "fakes.hpp"
#include "support/catch.hpp"

namespace testing {

using json = nlohmann::json;

inline std::shared_ptr<const config::settings> two_connections() {
    auto out = std::make_shared<config::settings>();
    out->default_connection = "primary";
    for (const char* name : {"primary", "second"}) {
        config::connection each;
        each.name = name;
        each.provider = "outbox";
        each.from_email = "noreply@example.com";
        each.limits.per_minute = 30;
        each.settings_json = secret(R"({"path":"/var/mail","password":"hunter2"})");
        each.public_settings_json = R"({"path":"/var/mail","password":{"set":true}})";
        out->connections.emplace(name, each);
    }
    out->connections.at("second").from_email.clear();
    return out;
}

// Stands in for delivery::admit, which needs a loaded plugin.
inline result<delivery::admission> admit_all(mail::message& message, const config::settings& config,
                                             const plugin::registry&, plugin::message_checks&,
                                             wall_time) {
    if (message.connection == "none") return error{error_kind::no_connection, "there is none"};
    if (!message.from) message.from = *mail::parse_mailbox("noreply@example.com");
    return delivery::admission{message.connection.empty() ? config.default_connection
                                                          : message.connection};
}

struct api_fixture {
    explicit api_fixture(config::role rights = config::role::admin,
                         services::oauth_engine* oauth = nullptr) {
        delivery::connection_status state;
        state.name = "primary";
        state.running = true;
        state.captures = true;
        state.concurrency = 4;
        dispatcher.states.push_back(state);
        api::server_options how;
        how.listen.push_back({path, 0600, "", rights});
        how.config = [config = two_connections()] { return config; };
        how.spool = store;
        how.plugins = std::make_shared<plugin::registry>();
        how.dispatcher = &dispatcher;
        how.oauth = oauth;
        how.clock = &machine_clock();
        how.ids = &ids;
        how.host_name = "host.example";
        how.version = "1.2.3";
        how.admit = [this](auto& message, const auto& config, auto&&... more) {
            if (admits_nothing) return result<delivery::admission>(switched_off);
            return admit_all(message, config, more...);
        };
        auto started = api::server::start(std::move(how));
        REQUIRE(started);
        server = *std::move(started);
        store->on_event([this](const spool::event& what) { server->on_spool_event(what); });
    }
    ~api_fixture() {
        server->stop(std::chrono::milliseconds(0));
        store->close();
    }

    const error switched_off{error_kind::no_connection, "it is switched off"};
    std::atomic<bool> admits_nothing = false;

    client connect() const { return client(path); }
    answer ask(const std::string& bytes) const { return connect().ask(bytes); }
    answer send(const std::string& body, const std::string& headers = {}) const {
        return ask(post("/v1/messages", body, headers));
    }

    temporary_folder folder;
    std::filesystem::path path = folder / "socket";
    std::shared_ptr<fake_spool> store = std::make_shared<fake_spool>();
    fake_dispatcher dispatcher;
    mail_id_source ids{mail_id{0}};
    std::unique_ptr<api::server> server;
};

inline const std::string hello =
    R"({"from":"a@example.org","to":["b@example.net"],"subject":"Hello","text":"Hi"})";

inline mail_id id_in(const answer& from) {
    return mail_id::parse(json::parse(from.body)["id"].get<std::string>()).value();
}

}  // namespace testing
