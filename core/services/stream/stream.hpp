// A stream as a plugin sees it: reads served from what has come, one write at a time, marks for the
// certainty ledger, and its time parked between two calls.
//
// Belongs to a call (its context is `owner`) or is parked and belongs to nobody. Everything on the
// strand. A cancelled read leaves it usable; a cancelled or failed write does not, but what the
// peer had said can still be read.
#pragma once

#include <gatepost/abi.h>

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "plugin/services.hpp"
#include "services/backstage.hpp"
#include "services/segments.hpp"
#include "services/stream/channel.hpp"
#include "services/stream/trace.hpp"

namespace gatepost::services {

class stream_room;

// What connect, start_tls and take tell, with the texts that the struct points into.
struct stream_facts {
    gatepost_stream_facts abi{};
    std::string peer, cipher;
    static std::shared_ptr<const stream_facts> make(const std::string& peer, const channel* wire,
                                                    uint32_t failed_at);
    static std::shared_ptr<const void> detail(const std::shared_ptr<const stream_facts>& facts) {
        return {facts, &facts->abi};
    }
};

// A point in time after which an operation has no time left: its own limit, or the call's.
mono_time due_after(uint64_t nanoseconds, mono_time now, mono_time deadline);

struct read_order {
    uint32_t mode = 0;
    uint64_t max = 0;
    mono_time due = mono_time::max();
};

class stream : public std::enable_shared_from_this<stream> {
  public:
    using answer = plugin::operation::answer;
    stream(const std::shared_ptr<stream_room>& room, backstage& house,
           std::shared_ptr<channel> wire, std::string where, std::string host,
           boost::asio::any_io_executor strand);
    ~stream();

    gatepost_handle handle = 0;
    plugin::call_context* owner = nullptr;  // null while it is parked
    std::shared_ptr<const stream_facts> facts;
    const std::string where;  // "host:port", as it was asked for
    const std::string host;

    channel& wire() { return *wire_; }
    bool idle() const { return !reading_ && !writing_ && !busy_; }
    // Nothing but closing is left.
    bool spoiled() const { return spoiled_; }
    bool dead() const { return wire_->ended() || !wire_->input().empty(); }

    gatepost_status read(const caller& who, const read_order& order);
    gatepost_status write(const caller& who, const gatepost_stream_write& request);
    // Between these no read and no write may begin: a handshake.
    void set_busy(bool busy) { busy_ = busy; }
    std::function<void()> on_close;  // of who made it busy

    void attach(plugin::call_context& to);
    // ---- parked
    struct parking {
        std::string key, state, farewell;
        mono_time until{};
    };
    parking parked;
    // Leaves its call; from here on the room hears of its end.
    void park();
    // Says farewell and waits shortly; the room hears of its end.
    void leave();

    // At once; what runs is answered as cancelled.
    void close(const char* why);
    void trace(std::string_view direction, std::string_view text);

  private:
    struct pending_read {
        std::shared_ptr<plugin::operation> operation;
        read_order order;
        size_t looked_at = 0;  // for the end of a line
    };
    struct pending_write;

    void news();
    std::optional<answer> serve_read(const read_order& order, size_t& looked_at);
    answer look(const read_order& order, size_t& looked_at);
    answer give(size_t bytes);
    answer too_long();
    void finish_read(answer with);
    void note_answers();

    mono_time due_of_block() const;
    void write_more();
    bool next_window();
    void load_window();
    void window_loaded(const std::shared_ptr<pending_write>& job, const std::string& problem);
    void output(channel::sent now);
    void finish_write(answer with);
    void fail_write(gatepost_status status, std::string why);
    void written();

    void watch(mono_time due);
    void on_time();
    void trace_bytes(std::string_view direction, std::string_view bytes);
    void trace_write(const gatepost_stream_write& request, const segment_list& content);
    bool traced() const { return owner != nullptr && owner->traced(); }

    std::weak_ptr<stream_room> room_;
    backstage& house_;
    std::shared_ptr<channel> wire_;
    boost::asio::any_io_executor strand_;
    std::optional<pending_read> reading_;
    std::shared_ptr<pending_write> writing_;
    std::vector<uint64_t> marks_;  // how much had come when a `commits` write began
    bool busy_ = false, spoiled_ = false, leaving_ = false;
    mono_time leave_until_{};
    boost::asio::steady_timer timer_;
    mono_time armed_ = mono_time::max();
    std::unique_ptr<line_tracer> tracer_;
};

}  // namespace gatepost::services
