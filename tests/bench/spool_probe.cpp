// How many messages a second the spool accepts by itself, without sockets: one thread hands in
// messages of 4 KiB of HTML with a number of them in flight, as the API loop does; optionally
// another carries each through start and record. Prints accepts a second, the writer's CPU time a
// message, and the latency.
//
//     spool_probe FOLDER IN_FLIGHT COUNT [deliver]
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "spool/spool.hpp"

namespace {

using namespace gatepost;
using clock_type = std::chrono::steady_clock;

double thread_cpu_us() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

std::shared_ptr<const mail::message> make_message(mail_id id) {
    static const auto from = mail::make_mailbox("Acme", "noreply@example.com");
    static const auto to = mail::make_mailbox("", "first@example.net");
    auto made = std::make_shared<mail::message>();
    made->id = id;
    made->message_id = id.to_string() + "@example.com";
    made->date = machine_clock().wall_now();
    made->from = *from;
    made->envelope_from = from->addr;
    made->recipients.push_back({*to, mail::role::to, 0, ""});
    made->subject = "A message of the probe";
    mail::part html;
    html.kind = mail::part_role::html;
    html.type = "text/html; charset=utf-8";
    html.body = mail::content::from_string(std::string(4096, 'x'));
    made->parts.push_back(std::move(html));
    return made;
}

void give_up(const error& why) {
    std::fprintf(stderr, "%s\n", why.detail.c_str());
    std::_Exit(74);
}

class probe {
  public:
    probe(spool::spool& spool, size_t in_flight, bool deliver)
        : spool_(spool), in_flight_(in_flight), deliver_(deliver), ids_(spool.recovery().newest) {
        latencies_.reserve(1 << 20);
    }

    void run(size_t count) {
        const auto began = clock_type::now();
        for (size_t i = 0; i < count; ++i) {
            auto mail = make_message(ids_.next(machine_clock().wall_now()));
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return pending_ < in_flight_; });
            ++pending_;
            lock.unlock();
            accept(std::move(mail));
        }
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return pending_ == 0; });
        const double accepted = seconds_since(began);
        changed_.wait(lock, [&] { return !deliver_ || delivered_ == count; });
        report(count, accepted, seconds_since(began));
    }

  private:
    static double seconds_since(clock_type::time_point then) {
        return std::chrono::duration<double>(clock_type::now() - then).count();
    }

    void accept(std::shared_ptr<const mail::message> mail) {
        const auto began = clock_type::now();
        const mail_id id = mail->id;
        spool_.accept({std::move(mail), 1000, "outbox", std::nullopt},
                      [this, began, id](result<spool::accept_answer> answer) {
                          if (!answer) give_up(answer.error());
                          last_cpu_ = thread_cpu_us();
                          if (first_cpu_ == 0) first_cpu_ = last_cpu_;
                          if (deliver_) start(id);
                          const std::lock_guard lock(mutex_);
                          latencies_.push_back(seconds_since(began) * 1e6);
                          if (pending_-- == in_flight_ || pending_ == 0) changed_.notify_one();
                      });
    }

    void start(mail_id id) {
        spool_.start({id, "outbox", {0}}, [this, id](result<spool::start_answer> answer) {
            if (!answer) give_up(answer.error());
            spool::record_request verdict{id, answer->attempt, {}, std::nullopt, "", std::nullopt};
            spool::recipient_change change;
            change.state = spool::recipient_state::sent;
            change.result.verdict = mail::verdict::accepted;
            change.result.text = "filed as /var/spool/outbox/new/1234567890.12345.host";
            verdict.changes.push_back(std::move(change));
            spool_.record(std::move(verdict), [this](result<success> done) {
                if (!done) give_up(done.error());
                const std::lock_guard lock(mutex_);
                ++delivered_;
                changed_.notify_one();
            });
        });
    }

    void report(size_t count, double accepted, double all) {
        std::sort(latencies_.begin(), latencies_.end());
        const auto n = static_cast<double>(count);
        std::printf(
            "in flight %zu%s: %.0f accepts/s (all done: %.0f/s), writer %.1f us CPU each, "
            "p50 %.0f us, p99 %.0f us\n",
            in_flight_, deliver_ ? " with delivery" : "", n / accepted, n / all,
            (last_cpu_ - first_cpu_) / n, latencies_[count / 2], latencies_[count * 99 / 100]);
    }

    spool::spool& spool_;
    const size_t in_flight_;
    const bool deliver_;
    mail_id_source ids_;
    std::mutex mutex_;
    std::condition_variable changed_;
    size_t pending_ = 0;
    size_t delivered_ = 0;
    double first_cpu_ = 0, last_cpu_ = 0;
    std::vector<double> latencies_;
};

}  // namespace

int main(int argc, char* argv[]) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: spool_probe FOLDER IN_FLIGHT COUNT [deliver]\n");
        return 64;
    }
    gatepost::log::set_level(gatepost::log::level::warn);
    spool::options how;
    how.folder = argv[1];
    auto opened = spool::spool::open(how);
    if (!opened) {
        std::fprintf(stderr, "%s\n", opened.error().detail.c_str());
        return 74;
    }
    const auto in_flight = static_cast<size_t>(std::atoi(argv[2]));
    const auto count = static_cast<size_t>(std::atoi(argv[3]));
    probe(**opened, in_flight, argc > 4).run(count);
    (*opened)->close();
    return 0;
}
