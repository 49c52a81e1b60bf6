// What the requests of one instance share: the connections, kept alive between them, and the names
// that were looked up. Nothing is shared between instances: no connection, no CA, no session.
//
// Strand only. Connections that nobody used for a while are closed, and so are all when the
// instance drains.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "plugin/instance.hpp"
#include "services/http/multi_loop.hpp"
#include "services/socket_address.hpp"
#include "services/stream/trace.hpp"

namespace gatepost::services {

class http_room : public std::enable_shared_from_this<http_room> {
  public:
    http_room(plugin::instance& owner, boost::asio::any_io_executor strand,
              const gatepost::clock& clock);
    static std::shared_ptr<http_room> of(plugin::call_context& context,
                                         const gatepost::clock& clock);

    // Null: no memory. It stays the same while requests run.
    std::shared_ptr<multi_loop> loop();
    // A request of it has ended; the last one begins the idle time.
    void request_over();
    void drain(std::function<void()> closed);

    // Empty: look it up.
    std::vector<socket_address> known_name(const std::string& where) const;
    void keep_name(const std::string& where, std::vector<socket_address> addresses);
    void forget_name(const std::string& where) { names_.erase(where); }

    std::shared_ptr<const scrubber> scrub();

  private:
    void tell_closed();

    struct name {
        std::vector<socket_address> addresses;
        mono_time until;
    };
    plugin::instance& owner_;
    boost::asio::any_io_executor strand_;
    const gatepost::clock& clock_;
    boost::asio::steady_timer idle_;
    std::shared_ptr<multi_loop> loop_;
    std::map<std::string, name> names_;
    bool draining_ = false;
    std::vector<std::function<void()>> waiting_;
};

}  // namespace gatepost::services
