// What every handler needs, in one place: the options, the loop to come back to, who waits. Lives
// as long as the server. Private to this room.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/http.hpp"
#include "api/server.hpp"
#include "api/waiters.hpp"

namespace gatepost::api {

struct service {
    service(server_options how, gatepost::api::loop& where)
        : options(std::move(how)), loop(where), waiting(where, *options.spool) {}

    server_options options;
    gatepost::api::loop& loop;
    waiters waiting;

    // Of the present configuration; made anew when that changed. The api thread only.
    std::shared_ptr<const mail::address_book> addresses() {
        auto now = options.config();
        if (now != book_of_) {
            auto made = mail::address_book::make(now->default_domain, now->aliases);
            book_ = std::make_shared<const mail::address_book>(made ? *std::move(made)
                                                                    : mail::address_book());
            book_of_ = std::move(now);
        }
        return book_;
    }

    // What the plugins say before a message is accepted, by this configuration. The api thread
    // only.
    plugin::message_checks& checks(const std::shared_ptr<const config::settings>& now) {
        if (now != std::exchange(checks_of_, now)) checks_.forget();
        return checks_;
    }

    // A caller without administration sees and changes its own mail only.
    static std::optional<uint32_t> owner_filter(const peer& caller) {
        return caller.admin ? std::nullopt : std::optional<uint32_t>(caller.uid);
    }

    // A callback for the spool that answers on the api thread: `write` turns the value into an
    // answer.
    template <class T, class Write>
    spool::callback<T> answering(exchange_ptr to, Write write) {
        return [this, to = std::move(to), write = std::move(write)](result<T> got) {
            loop.post([to, write, got = std::move(got)]() mutable {
                to->answer(got ? write(*std::move(got)) : problem(got.error()));
            });
        };
    }

  private:
    std::shared_ptr<const config::settings> book_of_, checks_of_;
    plugin::message_checks checks_;
    std::shared_ptr<const mail::address_book> book_ = std::make_shared<const mail::address_book>();
};

// Gathers a small body and hands it on whole.
class body_collector final : public body_handler {
  public:
    explicit body_collector(std::function<void(std::string)> done) : done_(std::move(done)) {}
    status on_piece(std::string_view piece) override {
        text_ += piece;
        return success{};
    }
    void on_end() override { done_(std::move(text_)); }

  private:
    std::function<void(std::string)> done_;
    std::string text_;
};

}  // namespace gatepost::api
