// An event may come between the accept's commit and wait(): so wait() looks once at once.
#include "api/waiters.hpp"

#include <algorithm>

#include "api/answers.hpp"

namespace gatepost::api {

std::shared_ptr<void> waiters::interest() {
    interested_->fetch_add(1);
    return {interested_.get(), [count = interested_](void*) { count->fetch_sub(1); }};
}

void waiters::wait(mail_id id, exchange_ptr to, patience how) {
    if (to->gone()) return;
    auto who = std::make_shared<waiter>(waiter{std::move(to), std::move(how), nullptr});
    waiting_[id].push_back(who);
    const std::weak_ptr<waiter> weak = who;
    who->timer = loop_.after(who->how.time, [this, id, weak] {
        if (const auto late = weak.lock()) {
            remove(id, late);
            late->to->answer(late->how.later());
        }
    });
    who->to->on_gone([this, id, weak] {
        if (const auto left = weak.lock()) remove(id, left);
    });
    look(id, who);
}

void waiters::on_event(const spool::event& what) {
    if (interested_->load() == 0) return;
    loop_.post([this, id = what.id] {
        const auto found = waiting_.find(id);
        if (found == waiting_.end()) return;
        for (const auto& who : std::vector<waiter_ptr>(found->second))
            look(id, who);
    });
}

void waiters::look(mail_id id, const waiter_ptr& who) {
    const std::weak_ptr<waiter> weak = who;
    spool_.show(id, std::nullopt, [this, id, weak](result<spool::message_row> got) {
        loop_.post([this, id, weak, got = std::move(got)] {
            const auto still = weak.lock();
            if (!still || !got) return;
            const bool open = std::ranges::any_of(
                got->recipients, [](const auto& each) { return !spool::is_final(each.state); });
            if (open) return;
            remove(id, still);
            still->to->answer(ok(write_message(*got)));
        });
    });
}

void waiters::remove(mail_id id, const waiter_ptr& who) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    std::erase(found->second, who);
    if (found->second.empty()) waiting_.erase(found);
}

}  // namespace gatepost::api
