// What the spool's stories share: a folder, a clock that is turned by hand, messages, and calls
// that wait for their callback.
#pragma once

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "spool/spool.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

namespace gatepost::tests {

using spool::recipient_state;

inline wall_time start_of_time() {
    return wall_time{std::chrono::milliseconds{1'800'000'000'000}};
}

// Waits for the one answer of an asynchronous call, but not for ever.
template <class T>
class awaited {
  public:
    spool::callback<T> callback() {
        auto promise = promise_;
        return [promise](result<T> answer) { promise->set_value(std::move(answer)); };
    }
    result<T> get() {
        auto future = promise_->get_future();
        if (future.wait_for(std::chrono::seconds{60}) != std::future_status::ready)
            return error{error_kind::internal, "no callback within a minute"};
        return future.get();
    }

  private:
    std::shared_ptr<std::promise<result<T>>> promise_ = std::make_shared<std::promise<result<T>>>();
};

inline mail::mailbox mailbox(const std::string& address) {
    // No assertion of Catch's here: messages are made on several threads at once.
    auto made = mail::make_mailbox("", address);
    if (!made.ok()) throw std::invalid_argument(address + ": " + made.error().detail);
    return *made;
}

inline mail::message make_message(mail_id id, const std::vector<std::string>& to,
                                  const std::string& body = "Hello\r\n") {
    mail::message made;
    made.id = id;
    made.message_id = id.to_string() + "@example.com";
    made.date = start_of_time();
    made.from = mailbox("noreply@example.com");
    made.envelope_from = made.from->addr;
    made.subject = "Subject of " + id.to_string();
    for (const auto& address : to)
        made.recipients.push_back({mailbox(address), mail::role::to, 0, ""});
    mail::part text;
    text.type = "text/plain";
    text.body = mail::content::from_string(body);
    made.parts.push_back(std::move(text));
    return made;
}

inline spool::recipient_change change(uint32_t index, recipient_state state,
                                      mail::verdict verdict) {
    spool::recipient_change made;
    made.index = index;
    made.state = state;
    made.result.verdict = verdict;
    made.result.text = "said so";
    return made;
}

// A spool in a folder, opened and reopened.
class bench {
  public:
    explicit bench(std::string vfs = "") : vfs_(std::move(vfs)) {}
    ~bench() { close(); }

    spool::options options() {
        spool::options how;
        how.folder = folder_ / "spool";
        how.clock = &clock;
        how.unknown_delay = std::chrono::minutes{5};
        how.lifetime = [this] { return lifetime; };
        how.vfs = vfs_;
        return how;
    }
    void open() {
        auto opened = spool::spool::open(options());
        if (!opened) FAIL(opened.error().detail);
        spool_ = std::move(*opened);
    }
    void close() { spool_.reset(); }
    void reopen() {
        close();
        open();
    }
    spool::spool* operator->() { return spool_.get(); }
    std::filesystem::path path() const { return folder_ / "spool"; }
    size_t content_count() const { return files_in(path() / "contents"); }

    mail_id next_id() { return ids.next(clock.wall_now()); }

    result<spool::accept_answer> try_accept(mail::message mail,
                                            std::optional<spool::idempotency> key = std::nullopt,
                                            uint32_t owner = 1000) {
        awaited<spool::accept_answer> answer;
        spool_->accept({std::make_shared<const mail::message>(std::move(mail)), owner, "outbox",
                        std::move(key)},
                       answer.callback());
        return answer.get();
    }
    mail_id accept(const std::vector<std::string>& to, const std::string& body = "Hello\r\n") {
        auto answer = try_accept(make_message(next_id(), to, body));
        if (!answer) FAIL(answer.error().detail);
        return answer->id;
    }
    result<spool::start_answer> start(mail_id id, std::vector<uint32_t> recipients = {0}) {
        awaited<spool::start_answer> answer;
        spool_->start({id, "outbox", std::move(recipients)}, answer.callback());
        return answer.get();
    }
    result<success> record(mail_id id, uint32_t attempt,
                           std::vector<spool::recipient_change> changes,
                           std::optional<wall_time> next = std::nullopt) {
        awaited<success> answer;
        spool_->record({id, attempt, std::move(changes), next, "", std::nullopt},
                       answer.callback());
        return answer.get();
    }
    void finish(mail_id id, recipient_state state = recipient_state::sent) {
        auto started = start(id);
        REQUIRE(started.ok());
        const auto verdict =
            state == recipient_state::sent ? mail::verdict::accepted : mail::verdict::rejected;
        REQUIRE(record(id, started->attempt, {change(0, state, verdict)}).ok());
    }
    result<spool::message_row> show(mail_id id, std::optional<uint32_t> owner = std::nullopt) {
        awaited<spool::message_row> answer;
        spool_->show(id, owner, answer.callback());
        return answer.get();
    }
    result<spool::loaded_message> load(mail_id id) {
        awaited<spool::loaded_message> answer;
        spool_->load(id, answer.callback());
        return answer.get();
    }
    result<spool::message_row> cancel(mail_id id, std::optional<uint32_t> owner = std::nullopt) {
        awaited<spool::message_row> answer;
        spool_->cancel(id, owner, answer.callback());
        return answer.get();
    }
    result<spool::message_row> retry(mail_id id, std::optional<uint32_t> owner = std::nullopt) {
        awaited<spool::message_row> answer;
        spool_->retry_now(id, owner, answer.callback());
        return answer.get();
    }
    std::vector<mail_id> list(spool::list_query query = {}) {
        awaited<std::vector<spool::message_row>> answer;
        spool_->list(std::move(query), answer.callback());
        auto rows = answer.get();
        REQUIRE(rows.ok());
        std::vector<mail_id> ids_found;
        for (const auto& row : *rows)
            ids_found.push_back(row.id);
        return ids_found;
    }
    std::vector<spool::due_message> waiting(const std::string& connection = "outbox",
                                            size_t limit = 100'000) {
        awaited<std::vector<spool::due_message>> answer;
        spool_->waiting(connection, clock.wall_now(), limit, answer.callback());
        auto due = answer.get();
        REQUIRE(due.ok());
        return *due;
    }
    uint64_t expire() { return count(&spool::spool::expire); }
    uint64_t sweep() { return count(&spool::spool::sweep); }

    // Until the spool says it is well (or sick); false if it does not within half a minute.
    bool wait_for_health(bool sick) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
        while (spool_->health_now().sick != sick) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::yield();
        }
        return true;
    }

    manual_clock clock{start_of_time()};
    std::chrono::milliseconds lifetime = limits::message_lifetime;
    mail_id_source ids{mail_id{0}};

  private:
    uint64_t count(void (spool::spool::*what)(wall_time, spool::callback<uint64_t>)) {
        awaited<uint64_t> answer;
        (spool_.get()->*what)(clock.wall_now(), answer.callback());
        auto changed = answer.get();
        REQUIRE(changed.ok());
        return *changed;
    }

    temp_folder folder_;
    std::string vfs_;
    std::unique_ptr<spool::spool> spool_;
};

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace gatepost::tests
