// What streams share within one instance: the parked ones by key, those that say farewell, the
// handles of the open ones, TLS sessions to resume. And what they share within one call.
//
// Strand only. When the instance drains, parked streams say farewell, and the drain waits for them;
// when it is destroyed without that, farewell is said and nobody waits.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/instance.hpp"
#include "services/stream/stream.hpp"
#include "services/stream/tls_session.hpp"
#include "services/stream/trace.hpp"

namespace gatepost::services {

// The streams of one call; they end with it.
struct call_streams {
    plugin::call_context* context = nullptr;
    std::vector<std::shared_ptr<stream>> open;
    size_t connecting = 0;

    static std::shared_ptr<call_streams> of(plugin::call_context& context);
    std::shared_ptr<stream> find(gatepost_handle handle) const;
    call_streams() = default;
    call_streams(const call_streams&) = delete;
    call_streams& operator=(const call_streams&) = delete;
    ~call_streams();
};

class stream_room : public std::enable_shared_from_this<stream_room> {
  public:
    stream_room(plugin::instance& owner, const gatepost::clock& clock);
    ~stream_room();
    static std::shared_ptr<stream_room> of(plugin::instance& owner, const gatepost::clock& clock);
    // Null if it has no streams.
    static std::shared_ptr<stream_room> find(plugin::instance& owner);

    // ---- of calls
    void enter(const std::shared_ptr<stream>& made, call_streams& call);
    std::shared_ptr<stream> by_handle(gatepost_handle handle) const;
    // It is closed: out of every list.
    void forget(const stream& gone);

    // ---- parked
    void park(const std::shared_ptr<stream>& what, call_streams& call);
    // The stream, entered into the call; or why there is none.
    std::pair<gatepost_status, std::shared_ptr<stream>> take(std::string_view key,
                                                             call_streams& call);
    // A stream in no call's use has something to say, or has ended.
    void heard_from(stream& which);
    void idle_end(stream& which);
    void drain(std::function<void()> closed);

    // ---- shared
    std::shared_ptr<const scrubber> scrub();
    // As long as it lives, one session more is counted.
    std::shared_ptr<void> session_mark() const;
    std::shared_ptr<kept_session> resume(const std::string& key);
    void keep(const std::string& key, std::shared_ptr<kept_session> session);

  private:
    using stream_list = std::vector<std::shared_ptr<stream>>;
    static std::shared_ptr<stream> pull(stream_list& from, const stream& which);
    void let_go(std::shared_ptr<stream> which);
    void bury(const stream& which);
    bool dig_up(std::string_view key);
    void tell_closed();

    plugin::instance& owner_;
    const gatepost::clock& clock_;
    std::vector<stream*> in_use_;
    stream_list parked_;  // the newest last
    stream_list leaving_;
    struct grave {
        std::string key;
        mono_time until;
    };
    std::vector<grave> died_;  // while parked, and nobody was told yet
    bool draining_ = false;
    std::vector<std::function<void()>> waiting_;
    std::list<std::pair<std::string, std::shared_ptr<kept_session>>> sessions_;
};

}  // namespace gatepost::services
