// body, timer, cache and report of the fake host.
#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "check/host_core.hpp"

namespace gatepost::check {
namespace {

std::string json_escaped(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        const auto value = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (value < 0x20) {
            constexpr std::string_view digits = "0123456789abcdef";
            out += "\\u00";
            out += digits[value >> 4];
            out += digits[value & 15];
        } else {
            out += c;
        }
    }
    return out;
}

std::string dot_stuffed(std::string_view bytes) {
    std::string out;
    bool line_start = true;
    for (const char c : bytes) {
        if (line_start && c == '.') out += '.';
        out += c;
        line_start = c == '\n';
    }
    return out;
}

answer opened(fake_host::core& host, gatepost_call call, std::string bytes) {
    answer out;
    out.handle = ++host.last_id;
    out.length = bytes.size();
    host.bodies[out.handle] = {call, std::move(bytes)};
    return out;
}

answer open_part(fake_host::core& host, gatepost_call call, const gatepost_body_request& request) {
    const message& mail = host.calls.at(call).mail;
    if (request.part == 0 || request.part > mail.parts.size())
        return {GATEPOST_NOT_FOUND, "no such part"};
    const std::string& bytes = mail.parts[request.part - 1].content;
    switch (request.form) {
        case GATEPOST_FORM_IDENTITY: return opened(host, call, bytes);
        case GATEPOST_FORM_BASE64: return opened(host, call, text::base64_encode(bytes));
        case GATEPOST_FORM_JSON:
            if (!text::is_utf8(bytes)) return {GATEPOST_FAILED, "the part is not UTF-8"};
            return opened(host, call, json_escaped(bytes));
        default: return {GATEPOST_INVALID, "no form of a part"};
    }
}

answer open_whole(fake_host::core& host, gatepost_call call, const gatepost_body_request& request) {
    const std::string bytes = whole_of(host.calls.at(call).mail);
    switch (request.form) {
        case GATEPOST_FORM_IDENTITY: return opened(host, call, bytes);
        case GATEPOST_FORM_BASE64: return opened(host, call, text::base64_encode(bytes));
        case GATEPOST_FORM_DOT_STUFFED: return opened(host, call, dot_stuffed(bytes));
        default: return {GATEPOST_INVALID, "no form of the whole"};
    }
}

gatepost_status body_open(const gatepost_host* table, gatepost_call call,
                          const gatepost_body_request* request, gatepost_done done, void* user,
                          gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    if (request == nullptr || request->size < sizeof(gatepost_body_request))
        return host.breach("body/1 open", "the request has no size");
    if (request->required != 0) return GATEPOST_UNSUPPORTED;
    return host.begin({table, call, done, user, operation},
                      {.what = "body/1 open", .work = [&host, call, request]() -> answer {
                           const gatepost_body_request known = taken(request);
                           if (!host.calls.at(call).has_message)
                               return {GATEPOST_NOT_FOUND, "the call has no message"};
                           return known.what == GATEPOST_BODY_PART ? open_part(host, call, known)
                                                                   : open_whole(host, call, known);
                       }});
}

answer read_window(fake_host::core& host, gatepost_call call, gatepost_handle body, uint64_t offset,
                   uint64_t max) {
    const auto found = host.bodies.find(body);
    if (found == host.bodies.end() || found->second.call != call)
        return {GATEPOST_NOT_FOUND, "no such body"};
    const std::string& bytes = found->second.bytes;
    answer out;
    if (offset < bytes.size()) {
        out.data = bytes.substr(offset, std::min<uint64_t>(max, limits::body_window_bytes));
    }
    call_record& record = host.calls.at(call).record;
    record.body_bytes += out.data.size();
    record.largest_read = std::max<uint64_t>(record.largest_read, out.data.size());
    return out;
}

gatepost_status body_read(const gatepost_host* table, gatepost_call call, gatepost_handle body,
                          uint64_t offset, uint64_t max, gatepost_done done, void* user,
                          gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    return host.begin({table, call, done, user, operation},
                      {.what = "body/1 read",
                       .work = [=, &host] { return read_window(host, call, body, offset, max); }});
}

void body_close(const gatepost_host* table, gatepost_handle body) {
    core_of(table).bodies.erase(body);
}

gatepost_status timer_sleep(const gatepost_host* table, gatepost_call call, uint64_t nanoseconds,
                            gatepost_done done, void* user, gatepost_operation* operation) {
    // Whoever sleeps for ever is woken by the deadline.
    const uint64_t delay = std::min<uint64_t>(nanoseconds, uint64_t{1} << 62);
    return core_of(table).begin(
        {table, call, done, user, operation},
        {.what = "timer/1 sleep", .delay = delay, .work = [] { return answer{}; }});
}

gatepost_status cache_get(const gatepost_host* table, gatepost_call call, gatepost_string key,
                          gatepost_done done, void* user, gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    return host.begin({table, call, done, user, operation},
                      {.what = "cache/1 get", .work = [&host, key]() -> answer {
                           const auto found = host.cache.find(std::string(text_of(key)));
                           if (found == host.cache.end())
                               return {GATEPOST_NOT_FOUND, "no such key"};
                           answer out;
                           out.data = found->second;
                           return out;
                       }});
}

gatepost_status cache_put(const gatepost_host* table, gatepost_call call, gatepost_string key,
                          gatepost_string value, uint64_t, gatepost_done done, void* user,
                          gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    return host.begin({table, call, done, user, operation},
                      {.what = "cache/1 put", .work = [&host, key, value]() -> answer {
                           if (key.size + value.size > limits::cache_bytes)
                               return {GATEPOST_LIMIT, "too large for the cache"};
                           if (value.size == 0)
                               host.cache.erase(std::string(text_of(key)));
                           else
                               host.cache[std::string(text_of(key))] = text_of(value);
                           return {};
                       }});
}

void report_stage(const gatepost_host* table, gatepost_call call, const gatepost_stage* given) {
    call_state* state = core_of(table).open_call(call, "report/1 stage");
    if (state == nullptr) return;
    const gatepost_stage known = taken(given);
    state->record.stages.push_back({std::string(text_of(known.id)),
                                    std::string(text_of(known.title)),
                                    std::string(text_of(known.text)),
                                    std::string(text_of(known.advice)), known.state, known.code});
}

void report_quota(const gatepost_host* table, gatepost_call call, const gatepost_quota* given) {
    call_state* state = core_of(table).open_call(call, "report/1 quota");
    if (state != nullptr) state->record.quotas.emplace_back(text_of(taken(given).name));
}

}  // namespace

const void* lend_body(fake_host::core& host) {
    return host.lend(gatepost_body{0, 0, body_open, body_read, body_close},
                     offsetof(gatepost_body, close));
}
const void* lend_timer(fake_host::core& host) {
    return host.lend(gatepost_timer{0, 0, timer_sleep});
}
const void* lend_cache(fake_host::core& host) {
    return host.lend(gatepost_cache{0, 0, cache_get, cache_put});
}
const void* lend_report(fake_host::core& host) {
    return host.lend(gatepost_report{0, 0, report_stage, report_quota},
                     offsetof(gatepost_report, quota));
}

}  // namespace gatepost::check
