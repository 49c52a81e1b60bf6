// Accepting, timing, stopping; what a connection does stands in connection.cpp. One io_context, one
// thread; only post() and connections() are for others.
#include "api/http_server.hpp"

#include <pthread.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <thread>
#include <unordered_set>

#include "api/connection.hpp"
#include "api/http_text.hpp"
#include "api/mailbox.hpp"
#include "base/log.hpp"

namespace gatepost::api {
namespace {

namespace asio = boost::asio;
using acceptor_type =
    asio::basic_socket_acceptor<asio::local::stream_protocol, asio::io_context::executor_type>;

constexpr auto accept_pause = std::chrono::milliseconds(100);  // out of descriptors

struct door {
    listener where;
    acceptor_type acceptor;
};

class server_impl final : public http_server {
  public:
    explicit server_impl(options how) : daemon_uid_(how.daemon_uid), tick_timer_(context_) {
        host_.limits = how.limits;
        host_.closed = [this](const auto& gone) { on_closed(gone); };
        for (auto& each : how.listeners)
            doors_.push_back(
                std::make_unique<door>(door{std::move(each), acceptor_type(context_)}));
    }
    ~server_impl() override {
        stop(std::chrono::milliseconds(0));
        for (auto& each : doors_)
            each->where.remove();  // if it never started
    }

    status assign() {
        for (auto& each : doors_) {
            boost::system::error_code failed;
            each->acceptor.assign(asio::local::stream_protocol(), each->where.release(), failed);
            if (failed) return error{error_kind::io, "cannot serve a socket: " + failed.message()};
            each->acceptor.non_blocking(true, failed);
        }
        return success{};
    }

    void start(request_begin begin) override {
        host_.begin = std::move(begin);
        for (auto& each : doors_)
            accept(*each);
        thread_ = std::thread([this] { serve(); });
    }

    void stop(std::chrono::milliseconds grace) override {
        if (!thread_.joinable()) return;
        asio::post(context_, [this, grace] { begin_stop(grace); });
        thread_.join();
    }

    void post(std::function<void()> work) override {
        if (mailbox_.put(std::move(work))) {
            asio::post(context_, [this] { mailbox_.run(); });
        }
    }

    std::shared_ptr<void> after(std::chrono::milliseconds time,
                                std::function<void()> work) override {
        auto timer = std::make_shared<asio::steady_timer>(context_, time);
        timer->async_wait([work = std::move(work)](const boost::system::error_code& failed) {
            if (!failed) work();
        });
        return timer;
    }

    size_t connections() const override { return count_.load(std::memory_order_relaxed); }

  private:
    void serve() {
        ::pthread_setname_np(::pthread_self(), "api");
        while (true) {
            try {
                context_.run();
                return;
            } catch (const std::exception& thrown) {
                log::error("api.exception", "a request ended in an exception",
                           {{"what", thrown.what()}});
            }
        }
    }

    void accept(door& at) {
        at.acceptor.async_accept(
            [this, &at](const boost::system::error_code& failed, connection::socket client) {
                if (stopping_) return;
                if (failed) {
                    pause_accepting(at, failed);
                    return;
                }
                welcome(at, std::move(client));
                accept(at);
            });
    }

    void pause_accepting(door& at, const boost::system::error_code& failed) {
        log::warn("api.accept", "a client could not be let in", {{"reason", failed.message()}});
        auto timer = std::make_shared<asio::steady_timer>(context_, accept_pause);
        timer->async_wait([this, &at, timer](const boost::system::error_code& ended) {
            if (!ended && !stopping_) accept(at);
        });
    }

    void welcome(door& at, connection::socket client) {
        boost::system::error_code failed;
        client.non_blocking(true, failed);
        ucred credentials{};
        socklen_t size = sizeof credentials;
        if (failed || ::getsockopt(client.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials,
                                   &size) != 0) {
            return;  // closes it: nobody is served without a name
        }
        if (clients_.size() >= host_.limits.connections) {
            turn_away(client);
            return;
        }
        peer who{credentials.uid, credentials.gid, credentials.pid, false};
        who.admin =
            at.where.rights() == config::role::admin && (who.uid == 0 || who.uid == daemon_uid_);
        auto one = std::make_shared<connection>(host_, std::move(client), who);
        clients_.insert(one);
        count_.store(clients_.size(), std::memory_order_relaxed);
        if (clients_.size() == 1) arm_tick();
        one->start();
    }

    void turn_away(connection::socket& client) {
        const auto with = problem({error_kind::busy, "too many connections are open"});
        std::string text;
        append_head(text, with, with.body.size(), false, true);
        text += with.body;
        boost::system::error_code ignored;
        client.write_some(asio::buffer(text), ignored);
    }

    void on_closed(const std::shared_ptr<connection>& gone) {
        clients_.erase(gone);
        count_.store(clients_.size(), std::memory_order_relaxed);
        if (!stopping_ || !clients_.empty()) return;
        finish_stop();
    }

    // Runs only while somebody is connected, so that an idle daemon sleeps.
    void arm_tick() {
        tick_timer_.expires_after(host_.limits.tick);
        tick_timer_.async_wait([this](const boost::system::error_code& failed) {
            if (failed) return;
            const auto now = std::chrono::steady_clock::now();
            for (const auto& each : snapshot())
                each->tick(now);
            if (!clients_.empty()) arm_tick();
        });
    }

    std::vector<std::shared_ptr<connection>> snapshot() const {
        return {clients_.begin(), clients_.end()};
    }

    void begin_stop(std::chrono::milliseconds grace) {
        stopping_ = true;
        boost::system::error_code ignored;
        for (auto& each : doors_) {
            each->where.remove();
            each->acceptor.close(ignored);
        }
        for (const auto& each : snapshot()) {
            if (each->idle() || grace.count() == 0) each->close();
        }
        if (clients_.empty()) {
            finish_stop();
            return;
        }
        last_call_ = after(grace, [this] {
            for (const auto& each : snapshot())
                each->close();
        });
    }

    void finish_stop() {
        last_call_.reset();
        tick_timer_.cancel();
        work_.reset();
        context_.stop();
    }

    uint32_t daemon_uid_;
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        tick_timer_;
    mailbox mailbox_;
    connection_host host_;
    std::vector<std::unique_ptr<door>> doors_;
    std::unordered_set<std::shared_ptr<connection>> clients_;
    std::atomic<size_t> count_{0};
    bool stopping_ = false;
    std::shared_ptr<void> last_call_;
    std::thread thread_;
};

}  // namespace

result<std::unique_ptr<http_server>> http_server::make(options how) {
    auto made = std::make_unique<server_impl>(std::move(how));
    if (auto assigned = made->assign(); !assigned) return assigned.error();
    return std::unique_ptr<http_server>(std::move(made));
}

}  // namespace gatepost::api
