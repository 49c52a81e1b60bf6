// The HTTP server alone, with a request_begin of the test's own.
#pragma once

#include <memory>

#include "api/http_server.hpp"
#include "client.hpp"
#include "support/catch.hpp"

namespace testing {

using namespace gatepost;
using namespace gatepost::api;

inline http_limits short_times() {
    http_limits out;
    out.header_time = out.body_time = std::chrono::milliseconds(150);
    out.keep_alive_time = std::chrono::milliseconds(300);
    out.write_time = std::chrono::milliseconds(300);
    out.linger_time = std::chrono::milliseconds(300);
    out.tick = std::chrono::milliseconds(20);
    return out;
}

struct http_fixture {
    explicit http_fixture(request_begin begin, http_limits limits = {}) {
        auto door = listener::open({path, 0600, "", config::role::admin});
        REQUIRE(door);
        http_server::options how;
        how.listeners.push_back(*std::move(door));
        how.limits = limits;
        how.daemon_uid = ::geteuid();
        auto made = http_server::make(std::move(how));
        REQUIRE(made);
        server = *std::move(made);
        server->start(std::move(begin));
    }

    temporary_folder folder;
    std::filesystem::path path = folder / "socket";
    std::unique_ptr<http_server> server;
};

// Answers with the body that came, and its length in a header.
class echo final : public body_handler {
  public:
    explicit echo(exchange_ptr to) : to_(std::move(to)) {}
    status on_piece(std::string_view piece) override {
        text_ += piece;
        return success{};
    }
    void on_end() override {
        response out;
        out.type = "text/plain";
        out.body = std::move(text_);
        to_->answer(std::move(out));
    }

  private:
    exchange_ptr to_;
    std::string text_;
};

inline handling echo_path_or_body(const request& what, exchange_ptr to) {
    if (what.method == "POST") return {std::make_unique<echo>(std::move(to)), 1000};
    response out;
    out.type = "text/plain";
    out.body = what.path;
    to->answer(std::move(out));
    return {};
}

}  // namespace testing
