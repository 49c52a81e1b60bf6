// Happy eyeballs (RFC 8305): addresses are tried one after the other, a new one every 250 ms or as
// soon as one has failed; the first that stands wins and the others are closed. Needs no IPv6.
//
// The handler runs once, on the strand, never from inside start; not after cancel.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/socket_address.hpp"

namespace gatepost::services {

struct dialled {
    // None: `problem` says what became of each address.
    std::optional<boost::asio::posix::stream_descriptor> socket = {};
    socket_address peer = {};
    std::string problem = {};
};

class dial : public std::enable_shared_from_this<dial> {
  public:
    using handler = std::function<void(dialled)>;
    // `bind`: only addresses of its family are tried.
    static std::shared_ptr<dial> start(boost::asio::any_io_executor strand,
                                       std::vector<socket_address> to,
                                       std::optional<socket_address> bind, handler done);
    dial(boost::asio::any_io_executor strand, std::vector<socket_address> to,
         std::optional<socket_address> bind, handler done);
    void cancel();
    // What is known so far, for a time-out: "192.0.2.1:25 refused; no answer from 192.0.2.2:25".
    std::string so_far() const;

  private:
    struct attempt {
        boost::asio::posix::stream_descriptor socket;
        socket_address to;
    };
    using place = std::list<attempt>::iterator;
    void next();
    // errno; 0: it stands, or is on its way.
    int begin(const socket_address& to);
    void settle(place which);
    void stand(place which);
    void note(const socket_address& to, int number);
    void finish(dialled with);

    boost::asio::any_io_executor strand_;
    std::vector<socket_address> to_;
    std::optional<socket_address> bind_;
    handler done_;
    boost::asio::steady_timer stagger_;
    std::list<attempt> running_;
    size_t next_ = 0;
    std::string problems_;
};

}  // namespace gatepost::services
