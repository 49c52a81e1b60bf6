// stream/1 as the ABI has it: finds the call's stream, holds the request against the rules, and
// hands it on.
#include "base/limits.hpp"
#include "plugin/strings.hpp"
#include "services/stream/connect.hpp"
#include "services/stream/room.hpp"

namespace gatepost::services {
namespace {

gatepost_status stream_connect(const gatepost_host* host, gatepost_call call,
                               const gatepost_connect* request, gatepost_done done, void* user,
                               gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        return start_connect(host, call, context, house, {done, user, operation}, request);
    });
}

gatepost_status stream_start_tls(const gatepost_host* host, gatepost_call call,
                                 gatepost_handle handle, const gatepost_tls_options* options,
                                 gatepost_done done, void* user, gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        return start_secure(context, house, {done, user, operation}, handle, options);
    });
}

gatepost_status stream_write(const gatepost_host* host, gatepost_call call,
                             const gatepost_stream_write* request, gatepost_done done, void* user,
                             gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage&) {
        if (request == nullptr) return gatepost_status{GATEPOST_INVALID};
        const auto copy = plugin::copy_sized(request);
        const auto to = call_streams::of(context)->find(copy.stream);
        if (!to) return gatepost_status{GATEPOST_NOT_FOUND};
        return to->write({done, user, operation}, copy);
    });
}

gatepost_status stream_read(const gatepost_host* host, gatepost_call call,
                            const gatepost_stream_read* request, gatepost_done done, void* user,
                            gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        if (request == nullptr) return gatepost_status{GATEPOST_INVALID};
        const auto copy = plugin::copy_sized(request);
        const auto from = call_streams::of(context)->find(copy.stream);
        if (!from) return gatepost_status{GATEPOST_NOT_FOUND};
        if (copy.max == 0) return gatepost_status{GATEPOST_INVALID};  // would look like the end
        if (copy.mode < GATEPOST_READ_SOME || copy.mode > GATEPOST_READ_EXACTLY)
            return gatepost_status{GATEPOST_UNSUPPORTED};
        // The buffer is never quite full: the last kilobyte is not waited for.
        if (copy.mode == GATEPOST_READ_EXACTLY && copy.max > limits::stream_read_ahead_bytes / 2)
            return gatepost_status{GATEPOST_LIMIT};
        const read_order order{copy.mode, copy.max,
                               due_after(copy.timeout, house.clock.mono_now(), context.deadline())};
        return from->read({done, user, operation}, order);
    });
}

gatepost_status park(plugin::call_context& context, backstage& house, const caller& who,
                     const gatepost_park& request) {
    const auto call = call_streams::of(context);
    const auto what = call->find(request.stream);
    if (!what) return GATEPOST_NOT_FOUND;
    const auto key = plugin::view_of(request.key);
    if (key.empty() || !what->idle() || what->spoiled()) return GATEPOST_INVALID;
    if (key.size() > limits::park_key_bytes || request.state.size > limits::plugin_state_bytes ||
        request.farewell.size > limits::farewell_bytes)
        return GATEPOST_LIMIT;
    return answer_with(context, house, who, where::here, [&](const auto&) {
        what->parked.key = key;
        what->parked.state = plugin::view_of(request.state);
        what->parked.farewell = plugin::view_of(request.farewell);
        const mono_time now = house.clock.mono_now();
        what->parked.until =
            request.idle == 0 ? now : due_after(request.idle, now, mono_time::max());
        stream_room::of(context.owner(), house.clock)->park(what, *call);
        return plugin::operation::answer{};
    });
}

gatepost_status stream_park(const gatepost_host* host, gatepost_call call,
                            const gatepost_park* request, gatepost_done done, void* user,
                            gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        if (request == nullptr) return gatepost_status{GATEPOST_INVALID};
        return park(context, house, {done, user, operation}, plugin::copy_sized(request));
    });
}

plugin::operation::answer take(plugin::call_context& context, const backstage& house,
                               std::string_view key) {
    const auto room = stream_room::of(context.owner(), house.clock);
    const auto [status, found] = room->take(key, *call_streams::of(context));
    if (!found) {
        const char* const why = status == GATEPOST_GONE ? "the parked stream had been closed"
                                                        : "no stream is parked there";
        return {status, why, 0, 0, {}, nullptr};
    }
    return {GATEPOST_OK,         {},
            found->handle,       found->parked.state.size(),
            found->parked.state, stream_facts::detail(found->facts)};
}

gatepost_status stream_take(const gatepost_host* host, gatepost_call call, gatepost_string key,
                            gatepost_done done, void* user, gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        if (key.size == 0 || key.data == nullptr) return gatepost_status{GATEPOST_INVALID};
        const auto streams = call_streams::of(context);
        if (streams->open.size() + streams->connecting >= limits::streams_per_call)
            return gatepost_status{GATEPOST_LIMIT};
        return answer_with(context, house, {done, user, operation}, where::here,
                           [&](const auto&) { return take(context, house, plugin::view_of(key)); });
    });
}

void stream_close(const gatepost_host* host, gatepost_handle handle) {
    try {
        const auto room = stream_room::find(plugin::instance_of(host));
        if (!room) return;
        if (const auto which = room->by_handle(handle)) which->close("closed");
    } catch (const std::exception&) {
        return;  // it ends with its call
    }
}

}  // namespace

const gatepost_stream stream_table{sizeof(gatepost_stream),
                                   0,
                                   stream_connect,
                                   stream_start_tls,
                                   stream_write,
                                   stream_read,
                                   stream_park,
                                   stream_take,
                                   stream_close};

}  // namespace gatepost::services
