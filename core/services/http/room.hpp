// What the requests of one instance share: the connections, kept alive between them, the names that
// were looked up, and what libcurl was told for the last ones. Nothing is shared between instances:
// no connection, no CA, no session.
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
#include "services/http/order.hpp"
#include "services/http/prepared.hpp"
#include "services/socket_address.hpp"
#include "services/stream/trace.hpp"

namespace gatepost::services {

class http_room : public std::enable_shared_from_this<http_room> {
  public:
    http_room(plugin::instance& owner, boost::asio::any_io_executor strand,
              const gatepost::clock& clock);
    static std::shared_ptr<http_room> of(plugin::call_context& context,
                                         const gatepost::clock& clock);

    http_place last_place;  // where its last request went

    // Null: no memory. It stays the same while requests run.
    std::shared_ptr<multi_loop> loop();
    // A request of it has ended; the last one begins the idle time.
    void request_over();
    void drain(std::function<void()> closed);

    // Empty: look it up.
    std::vector<socket_address> known_name(const std::string& where) const;
    void keep_name(const std::string& where, std::vector<socket_address> addresses);
    void forget_name(const std::string& where) { names_.erase(where); }

    // Null, if the one that was kept last is not like it.
    std::unique_ptr<prepared> take(const std::string& like);
    void keep(std::unique_ptr<prepared> which) { spare_.push_back(std::move(which)); }

    std::shared_ptr<const scrubber> scrub();

  private:
    void close();
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
    std::vector<std::unique_ptr<prepared>> spare_;  // never more than ran at once
    bool draining_ = false;
    std::vector<std::function<void()>> waiting_;
};

}  // namespace gatepost::services
