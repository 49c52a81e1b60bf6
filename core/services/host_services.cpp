// The process's one backstage, and the list of what is offered.
#include "services/host_services.hpp"

#include <atomic>
#include <boost/asio/post.hpp>
#include <string>

#include "services/backstage.hpp"
#include "services/body.hpp"

namespace gatepost::services {
namespace {

std::atomic<backstage*> current_backstage{nullptr};

gatepost_status status_of(error_kind kind) {
    switch (kind) {
        case error_kind::not_found: return GATEPOST_NOT_FOUND;
        case error_kind::forbidden: return GATEPOST_DENIED;
        case error_kind::conflict: return GATEPOST_EXISTS;
        case error_kind::too_large: return GATEPOST_LIMIT;
        case error_kind::plugin_fault: return GATEPOST_INVALID;
        case error_kind::invalid: return GATEPOST_UNFIT;
        default: return GATEPOST_FAILED;
    }
}

class services_of_process final : public host_services {
  public:
    explicit services_of_process(const options& how)
        : house_{*how.clock, blocking_pool(how.blocking_threads)} {
        house_.oauth = how.oauth;
    }

    ~services_of_process() override {
        stop();
        backstage* mine = &house_;
        current_backstage.compare_exchange_strong(mine, nullptr);
    }

    bool take_the_place() {
        backstage* nobody = nullptr;
        return current_backstage.compare_exchange_strong(nobody, &house_);
    }

    const void* lookup(std::string_view id) const override {
        static const std::pair<std::string_view, const void*> offered[] = {
            {"gatepost.body/1", &body_table},     {"gatepost.timer/1", &timer_table},
            {"gatepost.crypto/1", &crypto_table}, {"gatepost.file/1", &file_table},
            {"gatepost.cache/1", &cache_table},   {"gatepost.report/1", &report_table},
            {"gatepost.stream/1", &stream_table}, {"gatepost.http/1", &http_table},
        };
        for (const auto& [name, table] : offered) {
            if (name == id) return table;
        }
        if (id == "gatepost.oauth/1" && house_.oauth != nullptr) return &oauth_table;
        return nullptr;
    }

    void stop() override {
        house_.names.stop();
        house_.pool.stop();
    }
    size_t largest_window() const override { return open_body::largest_window(); }
    uint64_t folder_syncs() const override { return house_.folders.count(); }

  private:
    backstage house_;
};

plugin::operation::answer guarded(const answer_maker& work, const std::atomic<bool>& cancelled) {
    if (cancelled) return cancelled_answer();
    try {
        return work(cancelled);
    } catch (const std::exception& failure) {
        return {GATEPOST_FAILED, failure.what(), 0, 0, {}, nullptr};
    }
}

}  // namespace

backstage* backstage::current() {
    return current_backstage.load(std::memory_order_acquire);
}

std::unique_ptr<host_services> make(options how) {
    auto made = std::make_unique<services_of_process>(how);
    if (!made->take_the_place()) return nullptr;
    return made;
}

plugin::operation::answer answer_of(const error& failure) {
    return {status_of(failure.kind), failure.detail, 0, 0, {}, nullptr};
}

plugin::operation::answer cancelled_answer() {
    return {GATEPOST_CANCELLED, "cancelled", 0, 0, {}, nullptr};
}

gatepost_status answer_with(plugin::call_context& context, backstage& house, const caller& who,
                            where place, answer_maker work) {
    gatepost_status refused = GATEPOST_FAILED;
    const auto operation = context.begin(who.done, who.user, who.operation, refused);
    if (!operation) return refused;
    auto cancelled = std::make_shared<std::atomic<bool>>(false);
    if (place == where::here) {
        operation->finish(guarded(work, *cancelled));
        return GATEPOST_OK;
    }
    operation->on_cancel([cancelled] { *cancelled = true; });
    const bool taken = house.pool.post([operation, cancelled, work = std::move(work)] {
        operation->finish(guarded(work, *cancelled));
    });
    if (!taken) operation->finish(answer_of({error_kind::busy, "the gateway is shutting down"}));
    return GATEPOST_OK;
}

call_link::call_link(const gatepost_host* host, gatepost_call call, plugin::call_context& context)
    : host_(host),
      call_(call),
      strand_(context.executor()),
      keep_(context.owner().shared_from_this()) {}

void call_link::on_strand(std::function<void(plugin::call_context*)> work) const {
    boost::asio::post(strand_, [link = *this, work = std::move(work)] {
        work(plugin::context_of(link.host_, link.call_));
    });
}

}  // namespace gatepost::services
