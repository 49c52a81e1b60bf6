// The API of the gateway (DESIGN section 6): HTTP over Unix sockets in front of configuration,
// spool and dispatcher. The daemon fills in the options and forwards the spool's events; everything
// else happens on the server's own thread.
//
// Spool, dispatcher and OAuth call back into the server: stop the server, then them, and destroy it
// last.
//
// The 202 of a send leaves after the spool's commit callback, never before. A client that hangs up
// cancels its waiting and its tests, and nothing else.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/http_server.hpp"
#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/mail_id.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "delivery/admit.hpp"
#include "delivery/dispatcher.hpp"
#include "plugin/registry.hpp"
#include "services/oauth/oauth.hpp"
#include "spool/spool.hpp"

namespace gatepost::api {

struct server_options {
    // A listening socket that systemd handed in.
    struct inherited {
        unique_fd socket;
        config::role rights = config::role::send;
    };

    std::vector<config::listener> listen;
    std::vector<inherited> handed_in;
    std::function<std::shared_ptr<const config::settings>()> config;  // the present one
    std::shared_ptr<spool::spool> spool;
    std::shared_ptr<const plugin::registry> plugins;
    delivery::dispatcher* dispatcher = nullptr;
    services::oauth_engine* oauth = nullptr;  // null: no connection logs in by OAuth
    const gatepost::clock* clock = nullptr;
    mail_id_source* ids = nullptr;
    std::string host_name;  // for Message-IDs
    std::string version;
    http_limits limits = {};
    // Whether and by which connection a message may go.
    std::function<result<delivery::admission>(mail::message&, const config::settings&,
                                              const plugin::registry&, plugin::message_checks&,
                                              wall_time)>
        admit = delivery::admit;
};

class server {
  public:
    // Binds, then serves. `conflict` if another process listens, `config` for a path or group that
    // cannot be used.
    static result<std::unique_ptr<server>> start(server_options how);
    virtual ~server() = default;

    // Any thread; cheap while nobody waits for a message.
    virtual void on_spool_event(const spool::event& what) = 0;
    // No new requests; those whose answer is awaited get up to `grace`. Call it before the spool is
    // closed, and keep the server until that is done.
    virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace gatepost::api
