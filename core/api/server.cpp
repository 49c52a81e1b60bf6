// Wires the HTTP server to the routes. Everything of weight is elsewhere.
#include "api/server.hpp"

#include <unistd.h>

#include "api/router.hpp"
#include "api/service.hpp"

namespace gatepost::api {
namespace {

class server_impl final : public server {
  public:
    server_impl(std::unique_ptr<http_server> http, server_options how)
        : http_(std::move(http)), service_(std::move(how), *http_) {
        http_->start([this](const request& what, exchange_ptr to) {
            return dispatch(service_, what, std::move(to));
        });
    }
    ~server_impl() override { http_->stop(std::chrono::milliseconds(0)); }

    void on_spool_event(const spool::event& what) override { service_.waiting.on_event(what); }
    void stop(std::chrono::milliseconds grace) override { http_->stop(grace); }

  private:
    std::unique_ptr<http_server> http_;
    service service_;
};

result<std::vector<listener>> open_listeners(server_options& how) {
    std::vector<listener> out;
    const auto give_up = [&](const error& why) {
        for (auto& opened : out)
            opened.remove();
        return why;
    };
    for (const auto& each : how.listen) {
        auto opened = listener::open(each);
        if (!opened) return give_up(opened.error());
        out.push_back(*std::move(opened));
    }
    for (auto& each : how.handed_in) {
        auto adopted = listener::adopt(std::move(each.socket), each.rights);
        if (!adopted) return give_up(adopted.error());
        out.push_back(*std::move(adopted));
    }
    return out;
}

}  // namespace

result<std::unique_ptr<server>> server::start(server_options how) {
    auto doors = open_listeners(how);
    if (!doors) return doors.error();
    http_server::options http;
    http.listeners = *std::move(doors);
    http.limits = how.limits;
    http.daemon_uid = ::geteuid();
    auto made = http_server::make(std::move(http));
    if (!made) return made.error();
    return std::unique_ptr<server>(std::make_unique<server_impl>(*std::move(made), std::move(how)));
}

}  // namespace gatepost::api
