#include "fakes.hpp"

namespace testing {

void fake_spool::job(std::function<void()> what) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(what));
    wake_.notify_all();
}

void fake_spool::work() {
    while (true) {
        std::function<void()> next;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return closing_ || (!held_ && !jobs_.empty()); });
            if (jobs_.empty()) return;
            next = std::move(jobs_.front());
            jobs_.pop_front();
        }
        next();
    }
}

void fake_spool::close() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        wake_.notify_all();
    }
    if (writer_.joinable()) writer_.join();
}

template <class T>
void fake_spool::give(queue::callback<T> done, std::function<result<T>()> make) {
    job([this, done = std::move(done), make = std::move(make)] {
        std::unique_lock lock(mutex_);
        result<T> got = failure_ ? result<T>(*failure_) : make();
        lock.unlock();
        done(std::move(got));
    });
}

std::string fake_spool::name_of(const queue::idempotency& key) {
    return key.scope + "/" + key.key;
}

result<std::optional<mail_id>> fake_spool::used(const queue::idempotency& key) const {
    const auto found = keys_.find(name_of(key));
    if (found == keys_.end()) return std::optional<mail_id>();
    if (found->second.second != key.fingerprint) {
        return error{error_kind::idempotency_mismatch, "other content"};
    }
    return std::optional(found->second.first);
}

void fake_spool::find_key(queue::idempotency key, queue::callback<std::optional<mail_id>> done) {
    give<std::optional<mail_id>>(std::move(done), [this, key] { return used(key); });
}

void fake_spool::accept(queue::accept_request request, queue::callback<queue::accept_answer> done) {
    give<queue::accept_answer>(std::move(done), [this, request]() -> result<queue::accept_answer> {
        const mail::message& mail = *request.mail;
        if (request.key) {
            const auto earlier = used(*request.key);
            if (!earlier) return earlier.error();
            if (*earlier) return queue::accept_answer{**earlier, true};
            keys_.try_emplace(name_of(*request.key), mail.id, request.key->fingerprint);
        }
        queue::message_row row;
        row.id = mail.id;
        row.owner_uid = request.owner_uid;
        row.connection = request.connection;
        row.subject = mail.subject;
        row.message_id = mail.message_id;
        row.from = mail.from ? mail::format_mailbox(*mail.from) : "";
        row.tags = mail.tags;
        row.created = row.updated = mail.date;
        for (const auto& recipient : mail.recipients) {
            queue::recipient_row each;
            each.index = static_cast<uint32_t>(row.recipients.size());
            each.address = recipient.who.addr.text();
            each.role = recipient.kind;
            row.recipients.push_back(each);
        }
        rows_[mail.id] = {request, row};
        return queue::accept_answer{mail.id, false};
    });
}

result<queue::message_row> fake_spool::row_of(mail_id id, std::optional<uint32_t> owner) const {
    const auto found = rows_.find(id);
    if (found == rows_.end() || (owner && found->second.row.owner_uid != *owner)) {
        return error{error_kind::not_found, "there is no message " + id.to_string()};
    }
    return found->second.row;
}

void fake_spool::show(mail_id id, std::optional<uint32_t> owner,
                      queue::callback<queue::message_row> done) {
    give<queue::message_row>(std::move(done), [this, id, owner] { return row_of(id, owner); });
}

void fake_spool::cancel(mail_id id, std::optional<uint32_t> owner,
                        queue::callback<queue::message_row> done) {
    give<queue::message_row>(std::move(done), [this, id, owner]() -> result<queue::message_row> {
        auto row = row_of(id, owner);
        if (!row) return row;
        if (queue::is_final(row->status)) {
            return error{error_kind::conflict, "it is sent already"};
        }
        auto& stored = rows_.at(id).row;
        stored.status = queue::message_status::cancelled;
        for (auto& each : stored.recipients)
            each.state = queue::recipient_state::cancelled;
        return stored;
    });
}

void fake_spool::load(mail_id id, queue::callback<queue::loaded_message> done) {
    give<queue::loaded_message>(std::move(done), [this, id]() -> result<queue::loaded_message> {
        auto row = row_of(id, {});
        if (!row) return row.error();
        queue::loaded_message out;
        out.mail = rows_.at(id).request.mail;
        out.owner_uid = row->owner_uid;
        return out;
    });
}

void fake_spool::list(queue::list_query query,
                      queue::callback<std::vector<queue::message_row>> done) {
    using rows = std::vector<queue::message_row>;
    give<rows>(std::move(done), [this, query]() -> result<rows> {
        last_query_ = query;
        rows out;
        for (auto each = rows_.rbegin(); each != rows_.rend(); ++each) {
            const auto& row = each->second.row;
            if (row.id >= query.before || (query.owner_uid && row.owner_uid != *query.owner_uid))
                continue;
            if (out.size() < query.limit) out.push_back(row);
        }
        return out;
    });
}

void fake_spool::hold(bool on) {
    const std::lock_guard lock(mutex_);
    held_ = on;
    wake_.notify_all();
}

void fake_spool::fail_with(std::optional<error> what) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(what);
}

void fake_spool::set_health(queue::health what) {
    const std::lock_guard lock(mutex_);
    health_ = std::move(what);
}

size_t fake_spool::waiting_jobs() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
}

void fake_spool::deliver(mail_id id) {
    job([this, id] {
        {
            const std::lock_guard lock(mutex_);
            auto& row = rows_.at(id).row;
            row.status = queue::message_status::sent;
            for (auto& each : row.recipients) {
                each.state = queue::recipient_state::sent;
                each.last.emplace();
                each.last->index = each.index;
                each.last->verdict = mail::verdict::accepted;
                each.last->code = 250;
                each.last->text = "ok";
            }
            queue::attempt_row attempt;
            attempt.number = 1;
            attempt.connection = row.connection;
            attempt.results.push_back(*row.recipients[0].last);
            row.attempts.push_back(attempt);
        }
        if (event_) event_({id, queue::message_status::sent});
    });
}

std::optional<fake_spool::kept> fake_spool::find(mail_id id) const {
    const std::lock_guard lock(mutex_);
    const auto found = rows_.find(id);
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
}

size_t fake_spool::count() const {
    const std::lock_guard lock(mutex_);
    return rows_.size();
}

queue::list_query fake_spool::last_query() const {
    const std::lock_guard lock(mutex_);
    return last_query_;
}

std::function<void()> fake_dispatcher::test(delivery::test_request request,
                                            std::function<void(delivery::test_result)> done) {
    const std::lock_guard lock(mutex_);
    running_ = running{std::move(request), std::move(done)};
    wake_.notify_all();
    return [this] {
        const std::lock_guard inner(mutex_);
        cancelled_ = true;
    };
}

fake_dispatcher::running fake_dispatcher::take() {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::seconds(20), [&] { return running_.has_value(); });
    running out = std::move(running_).value();
    running_.reset();
    return out;
}

bool fake_dispatcher::cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
}

}  // namespace testing
