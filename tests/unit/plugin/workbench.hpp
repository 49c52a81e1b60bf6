// A plugin whose every function is a lambda of the test, a service whose every answer the test
// gives by hand, a clock that stands still, and a loop that the test pumps. One at a time.
#pragma once

#include <gatepost/abi.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugin/instance.hpp"
#include "plugin/services.hpp"

namespace workbench {

namespace plugin = gatepost::plugin;

inline constexpr const char* simple_manifest = R"({
  "id": "scripted", "name": "Scripted", "version": "1",
  "capabilities": {"raw_mime": true},
  "settings": {"type": "object", "properties": {}, "additionalProperties": true}})";

struct script {
    std::function<gatepost_status(const gatepost_settings*, gatepost_sink)> create;
    std::function<void(gatepost_call, const gatepost_request*)> start;
    std::function<void(gatepost_call, uint32_t)> cancel;
    std::function<void()> destroy;
    std::function<void(const gatepost_host*, const gatepost_settings*, const gatepost_message*,
                       gatepost_sink)>
        check;
    const gatepost_host* host = nullptr;
    int destroyed = 0;
    std::vector<gatepost_call> started;
    std::vector<std::pair<gatepost_call, uint32_t>> cancelled;
};

gatepost_plugin scripted_table();
gatepost_string str(std::string_view text);
std::string text(gatepost_string from);
gatepost_outcome outcome(uint32_t verdict, uint32_t blame = GATEPOST_BLAME_NONE);
std::shared_ptr<const plugin::loaded_plugin> loaded(const char* manifest = simple_manifest);
std::shared_ptr<const gatepost::mail::message> small_mail(size_t recipients = 1);

// The service "gatepost.hand/1": accepts, and waits for the test.
struct hand_service {
    uint32_t size;
    gatepost_status (*ask)(const gatepost_host*, gatepost_call, gatepost_done, void* user,
                           gatepost_operation*);
};

class bench {
  public:
    bench();
    ~bench();

    gatepost::result<std::shared_ptr<plugin::instance>> try_make(
        std::shared_ptr<const plugin::loaded_plugin> which = loaded(), std::string settings = "{}");
    plugin::instance& make();
    // What runs now, and what that makes run.
    void pump();
    void pass(std::chrono::milliseconds time);
    uint64_t send(size_t recipients = 1);
    uint64_t call(plugin::call_request request);
    void complete(gatepost_call call, gatepost_outcome with);
    // Asks the hand service; counts the dones in `dones`.
    gatepost_status ask(gatepost_call call, gatepost_operation* id = nullptr);
    plugin::call_context& context(gatepost_call call);

    boost::asio::io_context io;
    gatepost::manual_clock clock{gatepost::wall_time(std::chrono::milliseconds(1'700'000'000'000))};
    script plays;
    std::shared_ptr<plugin::instance> instance;
    std::vector<plugin::call_result> results;
    std::vector<std::shared_ptr<plugin::operation>> held;  // by the hand service
    struct done_seen {
        gatepost_operation operation;
        gatepost_status status;
        std::string text, data;
    };
    std::vector<done_seen> dones;
    std::function<void(const done_seen&)> on_done;
    std::vector<std::string> looked_up;
};

}  // namespace workbench
