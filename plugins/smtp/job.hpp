// One call of the provider: its mail, what has been ruled, the bodies that are open, and the
// session that is on. And how a service's reply is said to the session, which knows no services.
#pragma once

#include <gatepost/provider.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "session.hpp"

namespace smtp {

envelope envelope_of(const gatepost::sdk::message& mail);

// A body that stays open over all transactions of the call.
struct opened_body {
    gatepost_handle handle = 0;
    uint64_t length = 0;
    uint32_t flags = 0;
};

// One call.
struct job {
    explicit job(const gatepost::sdk::message& from) : mail(envelope_of(from)), into(mail) {}
    job(const job&) = delete;
    job& operator=(const job&) = delete;

    opened_body& body(body_form form) { return form == body_form::plain ? plain : stuffed; }

    envelope mail;
    results into;
    opened_body plain, stuffed;
    std::optional<session> machine;
    journal* watcher = nullptr;
    bool with_mail = true;
    bool fresh = false;        // no parked stream any more
    bool keep = true;          // park what is left
    bool without_tls = false;  // opportunistic TLS failed
    std::string token;         // renewed in this call: there is no second one
    std::optional<ruling> no_stream;
};

// The stages of a test.
class reporter : public journal {
  public:
    explicit reporter(const gatepost::sdk::context& to) : to_(to) {}
    void started(std::string_view id, std::string_view title) override {
        to_.report.started(id, title);
    }
    void passed(std::string_view id, std::string_view text) override {
        to_.report.passed(id, text);
    }
    void failed(std::string_view id, const ruling& why) override {
        to_.report.failed(id, why.text, why.advice, why.code);
    }
    void skipped(std::string_view id, std::string_view text) override {
        to_.report.skipped(id, text);
    }

  private:
    const gatepost::sdk::context& to_;
};

// Nobody was reached.
ruling unreachable(const gatepost::sdk::stream_reply& failure, const options& how);
// Also for a token that was given and cannot be said.
ruling no_token(const gatepost::sdk::reply& failure);

gatepost::sdk::segments content_of(const action& wish, job& work);
void tell_written(session& machine, const gatepost::sdk::reply& done);
void tell_read(session& machine, const gatepost::sdk::reply& got);
void tell_secured(session& machine, const gatepost::sdk::stream_reply& done);

}  // namespace smtp
