// What the services share behind their tables: clock, threads, folder syncs; and the way in that
// every table function takes. Internal to the room.
#pragma once

#include <gatepost/abi.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "plugin/instance.hpp"
#include "plugin/services.hpp"
#include "services/blocking_pool.hpp"
#include "services/folder_sync.hpp"
#include "services/stream/tls_context.hpp"

namespace gatepost::services {

class oauth_engine;

struct backstage {
    const gatepost::clock& clock;
    blocking_pool pool;
    folder_sync folders{};
    blocking_pool names{limits::resolver_threads};  // apart: a dead name server holds up no disk
    tls_contexts tls{};
    oauth_engine* oauth = nullptr;

    // Null when there is none, or none any more.
    static backstage* current();
};

extern const gatepost_body body_table;
extern const gatepost_timer timer_table;
extern const gatepost_crypto crypto_table;
extern const gatepost_file file_table;
extern const gatepost_cache cache_table;
extern const gatepost_report report_table;
extern const gatepost_stream stream_table;
extern const gatepost_http http_table;
extern const gatepost_oauth oauth_table;

// An error as a plugin sees it.
plugin::operation::answer answer_of(const error& failure);

// The way in: finds the call, and lets no exception out into C.
template <class Work>
gatepost_status serve(const gatepost_host* host, gatepost_call call, gatepost_done done,
                      Work work) noexcept {
    try {
        plugin::call_context* const context = plugin::context_of(host, call);
        if (context == nullptr || done == nullptr) return GATEPOST_INVALID;
        backstage* const house = backstage::current();
        if (house == nullptr) return GATEPOST_FAILED;
        return work(*context, *house);
    } catch (const std::exception&) {
        return GATEPOST_FAILED;
    }
}

// Begins an operation whose answer `work` makes: here, if that takes no disk, else on a blocking
// thread. `work` owns what it needs.
enum class where { here, on_disk };
plugin::operation::answer cancelled_answer();
using answer_maker = std::function<plugin::operation::answer(const std::atomic<bool>& cancelled)>;
struct caller {
    gatepost_done done;
    void* user;
    gatepost_operation* operation;
};
gatepost_status answer_with(plugin::call_context& context, backstage& house, const caller& who,
                            where place, answer_maker work);

// A running call from another thread's point of view: the call may end at any moment, and only the
// strand knows. Keeps the instance, and so the host table, alive.
class call_link {
  public:
    call_link(const gatepost_host* host, gatepost_call call, plugin::call_context& context);
    // Runs `work` on the strand, with null if the call is over by then.
    void on_strand(std::function<void(plugin::call_context*)> work) const;

  private:
    const gatepost_host* host_;
    gatepost_call call_;
    boost::asio::any_io_executor strand_;
    std::shared_ptr<plugin::instance> keep_;
};

}  // namespace gatepost::services
