// Where a body's bytes are decides who makes them: what is in memory is made here on the strand,
// what is in files on a blocking thread, and only its handle is entered here.
#include "services/body.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <map>
#include <string>
#include <utility>

#include "base/limits.hpp"
#include "plugin/instance.hpp"
#include "plugin/strings.hpp"
#include "services/backstage.hpp"

namespace gatepost::services {
namespace {

using plugin::call_context;
using answer = plugin::operation::answer;

std::atomic<size_t> largest_window_made{0};
std::atomic<gatepost_handle> last_handle{0};
constexpr char body_slot = 0;

void note_window(size_t bytes) {
    assert(bytes <= limits::body_window_bytes);
    size_t largest = largest_window_made.load(std::memory_order_relaxed);
    while (bytes > largest && !largest_window_made.compare_exchange_weak(largest, bytes)) {
    }
}

struct call_bodies;

// All of an instance, because close() names no call.
struct instance_bodies {
    std::map<gatepost_handle, call_bodies*> calls;
};

// The bodies of one call; ends on the strand, like all per-call state.
struct call_bodies {
    std::map<gatepost_handle, std::shared_ptr<open_body>> open;
    size_t opening = 0;  // on a blocking thread, not entered yet
    std::weak_ptr<instance_bodies> all;

    call_bodies() = default;
    call_bodies(const call_bodies&) = delete;
    call_bodies& operator=(const call_bodies&) = delete;
    ~call_bodies() {
        if (const auto index = all.lock()) {
            for (const auto& each : open)
                index->calls.erase(each.first);
        }
    }
};

template <class State, class Owner>
std::shared_ptr<State> state_of(Owner& owner) {
    std::shared_ptr<void>& slot = owner.slot(&body_slot);
    if (!slot) slot = std::make_shared<State>();
    return std::static_pointer_cast<State>(slot);
}

gatepost_handle enter(call_context& context, std::shared_ptr<open_body> body) {
    const auto mine = state_of<call_bodies>(context);
    const auto all = state_of<instance_bodies>(context.owner());
    const gatepost_handle handle = ++last_handle;
    mine->all = all;
    mine->open.emplace(handle, std::move(body));
    all->calls.emplace(handle, mine.get());
    return handle;
}

// ---- opening --------------------------------------------------------------------------------

struct wanted {
    std::shared_ptr<const mail::message> message;
    const mail::part* part = nullptr;  // of that message; null: the whole
    mail::form form = mail::form::identity;
    mail::render_options options;
};

bool in_memory(const wanted& what) {
    if (what.part != nullptr) return what.part->body.in_memory();
    if (what.message->raw) return what.message->raw->body.in_memory();
    return std::ranges::all_of(what.message->parts,
                               [](const mail::part& part) { return part.body.in_memory(); });
}

result<std::shared_ptr<open_body>> open(const wanted& what) {
    auto source = what.part != nullptr ? mail::open_part(*what.part, what.form)
                                       : mail::open_whole(*what.message, what.form, what.options);
    if (!source) return source.error();
    return std::make_shared<open_body>(std::move(*source), in_memory(what));
}

gatepost_status read_form(const gatepost_body_request& request, wanted& what) {
    const bool whole = request.what == GATEPOST_BODY_WHOLE;
    switch (request.form) {
        case GATEPOST_FORM_IDENTITY: what.form = mail::form::identity; break;
        case GATEPOST_FORM_BASE64: what.form = mail::form::base64; break;
        case GATEPOST_FORM_JSON:
            if (whole) return GATEPOST_UNSUPPORTED;
            what.form = mail::form::json;
            break;
        case GATEPOST_FORM_DOT_STUFFED:
            if (!whole) return GATEPOST_INVALID;
            what.form = mail::form::dot_stuffed;
            break;
        default: return GATEPOST_UNSUPPORTED;
    }
    return GATEPOST_OK;
}

gatepost_status read_request(const gatepost_body_request* from, const call_context& context,
                             wanted& what) {
    constexpr uint32_t known = GATEPOST_BODY_7BIT | GATEPOST_BODY_UTF8;
    const auto request = plugin::copy_sized(from);
    if ((request.required & ~known) != 0) return GATEPOST_UNSUPPORTED;
    if (request.what != GATEPOST_BODY_PART && request.what != GATEPOST_BODY_WHOLE)
        return request.what == 0 ? GATEPOST_INVALID : GATEPOST_UNSUPPORTED;
    if (const auto status = read_form(request, what); status != GATEPOST_OK) return status;
    what.message = context.message_ptr();
    if (!what.message) return GATEPOST_NOT_FOUND;
    if (request.what == GATEPOST_BODY_PART) {
        what.part = plugin::part_of(*what.message, request.part);
        if (what.part == nullptr) return GATEPOST_NOT_FOUND;
    }
    what.options.seven_bit = ((request.flags | request.required) & GATEPOST_BODY_7BIT) != 0;
    what.options.utf8_headers = ((request.flags | request.required) & GATEPOST_BODY_UTF8) != 0;
    return GATEPOST_OK;
}

answer enter_opened(call_context& context, result<std::shared_ptr<open_body>> opened) {
    if (!opened) return answer_of(opened.error());
    const uint64_t size = (*opened)->size();
    return {GATEPOST_OK, {}, enter(context, std::move(*opened)), size, {}, nullptr};
}

result<std::shared_ptr<open_body>> open_safely(const wanted& what) {
    try {
        return open(what);
    } catch (const std::exception& failure) {
        return error{error_kind::internal, failure.what()};
    }
}

// Opening on a blocking thread: an exact length may need the whole content to be looked at.
void open_on_disk(const call_link& link, const std::shared_ptr<plugin::operation>& operation,
                  const wanted& what) {
    auto opened = std::make_shared<result<std::shared_ptr<open_body>>>(open_safely(what));
    link.on_strand([operation, opened](call_context* context) {
        if (context == nullptr) return operation->finish(cancelled_answer());
        --state_of<call_bodies>(*context)->opening;
        operation->finish(operation->cancelled() ? cancelled_answer()
                                                 : enter_opened(*context, std::move(*opened)));
    });
}

gatepost_status start_opening(const gatepost_host* host, gatepost_call call, call_context& context,
                              backstage& house, const caller& who, wanted what) {
    const auto mine = state_of<call_bodies>(context);
    if (mine->open.size() + mine->opening >= limits::bodies_per_call) return GATEPOST_LIMIT;
    gatepost_status refused = GATEPOST_FAILED;
    const auto operation = context.begin(who.done, who.user, who.operation, refused);
    if (!operation) return refused;
    if (in_memory(what)) {
        operation->finish(enter_opened(context, open_safely(what)));
        return GATEPOST_OK;
    }
    ++mine->opening;
    const call_link link(host, call, context);
    const bool taken = house.pool.post(
        [link, operation, what = std::move(what)] { open_on_disk(link, operation, what); });
    if (!taken) {
        --mine->opening;
        operation->finish(answer_of({error_kind::busy, "the gateway is shutting down"}));
    }
    return GATEPOST_OK;
}

// ---- the table ------------------------------------------------------------------------------

gatepost_status body_open(const gatepost_host* host, gatepost_call call,
                          const gatepost_body_request* request, gatepost_done done, void* user,
                          gatepost_operation* operation) {
    return serve(host, call, done, [&](call_context& context, backstage& house) {
        if (request == nullptr) return gatepost_status{GATEPOST_INVALID};
        wanted what;
        const auto status = read_request(request, context, what);
        if (status != GATEPOST_OK) return status;
        return start_opening(host, call, context, house, {done, user, operation}, std::move(what));
    });
}

answer read_window(open_body& body, uint64_t offset, uint64_t max) {
    const uint64_t left = offset < body.size() ? body.size() - offset : 0;
    const uint64_t most = std::min<uint64_t>({max, left, limits::body_window_bytes});
    std::string window(static_cast<size_t>(most), '\0');
    const auto got = body.read(offset, window);
    if (!got) return answer_of(got.error());
    return {GATEPOST_OK, {}, 0, most, std::move(window), nullptr};
}

gatepost_status body_read(const gatepost_host* host, gatepost_call call, gatepost_handle handle,
                          uint64_t offset, uint64_t max, gatepost_done done, void* user,
                          gatepost_operation* operation) {
    return serve(host, call, done, [&](call_context& context, backstage& house) {
        if (max == 0) return gatepost_status{GATEPOST_INVALID};  // would look like the end
        const auto body = find_body(context, handle);
        if (!body) return gatepost_status{GATEPOST_NOT_FOUND};
        return answer_with(
            context, house, {done, user, operation},
            body->in_memory() ? where::here : where::on_disk,
            [body, offset, max](const auto&) { return read_window(*body, offset, max); });
    });
}

void body_close(const gatepost_host* host, gatepost_handle handle) {
    try {
        const auto all = state_of<instance_bodies>(plugin::instance_of(host));
        const auto entry = all->calls.find(handle);
        if (entry == all->calls.end()) return;
        entry->second->open.erase(handle);
        all->calls.erase(entry);
    } catch (const std::exception&) {
        return;  // it ends with its call
    }
}

}  // namespace

const gatepost_body body_table{sizeof(gatepost_body), 0, body_open, body_read, body_close};

open_body::open_body(std::unique_ptr<mail::byte_source> source, bool in_memory)
    : source_(std::move(source)), size_(source_->size()), in_memory_(in_memory) {}

result<size_t> open_body::read(uint64_t at, std::span<char> out) {
    const uint64_t left = at < size_ ? size_ - at : 0;
    const auto most =
        static_cast<size_t>(std::min<uint64_t>({out.size(), left, limits::body_window_bytes}));
    if (most == 0) return size_t{0};
    note_window(most);
    const std::lock_guard lock(mutex_);
    auto got = source_->read(at, out.first(most));
    if (got && *got != most)
        return error{error_kind::io, "the content of the message ended before its length"};
    return got;
}

size_t open_body::largest_window() {
    return largest_window_made.load(std::memory_order_relaxed);
}

std::shared_ptr<open_body> find_body(call_context& context, gatepost_handle handle) {
    const auto bodies = state_of<call_bodies>(context);
    const auto entry = bodies->open.find(handle);
    return entry == bodies->open.end() ? nullptr : entry->second;
}

}  // namespace gatepost::services
