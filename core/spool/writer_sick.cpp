// Falling sick, refusing, recovering. The first cause is kept, told and logged once.
#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "spool/writer.hpp"

namespace gatepost::spool {

error writer::sick_error() const {
    return {error_kind::storage,
            "the spool is sick: " + (health_.cause.empty() ? "it is closed" : health_.cause),
            {},
            std::chrono::seconds{2}};
}

void writer::fall_sick(const std::string& cause) {
    {
        const std::lock_guard lock(mutex_);
        health_.sick = true;
        health_.cause = cause;
    }
    log::error("spool.sick", "the spool refuses everything until its disk works again",
               {{"cause", cause}});
    if (tell_.health) tell_.health(health_now());
    refuse_all_but_records();
}

// Verdicts go back into the queue, in front; everything else is answered.
void writer::refuse(batch& jobs, const error& why, const error& why_read) {
    for (size_t i = jobs.size(); i-- > 0;) {
        if (jobs[i]->what() == job::kind::record) {
            const std::lock_guard lock(mutex_);
            queue_.push_front(std::move(jobs[i]));
        } else {
            jobs[i]->fail(jobs[i]->what() == job::kind::read ? why_read : why);
        }
    }
    effects_ = {};
}

void writer::refuse_all_but_records() {
    std::deque<std::unique_ptr<job>> refused;
    {
        const std::lock_guard lock(mutex_);
        std::deque<std::unique_ptr<job>> kept;
        for (auto& each : queue_)
            (each->what() == job::kind::record ? kept : refused).push_back(std::move(each));
        queue_ = std::move(kept);
    }
    for (auto& each : refused)
        each->fail(sick_error());
}

void writer::try_to_recover() {
    refuse_all_but_records();  // who slipped in between the question and the queue
    if (auto opened = disk_->reopen(); !opened) {
        log::debug("spool.still_sick", "the recovery failed", {{"reason", opened.error().detail}});
        return;
    }
    auto lost = recover(*disk_, {index_, lookups_}, how_, how_.clock->wall_now(), running_);
    if (!lost) {
        log::debug("spool.still_sick", "the recovery failed", {{"reason", lost.error().detail}});
        return;
    }
    waiting_ = index_.size();
    {
        const std::lock_guard lock(mutex_);
        health_ = {};
    }
    log::info("spool.recovered", "the spool works again",
              {{"waiting", index_.size()}, {"unknown", *lost}});
    if (tell_.health) tell_.health(health_now());
}

}  // namespace gatepost::spool
